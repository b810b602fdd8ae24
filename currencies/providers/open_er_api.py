"""open.er-api.com: some 160 currencies against any base, once a day, without a key."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from django.conf import settings

from currencies.providers.er_service import ErService
from currencies.providers.protocol import Capability, PublishedTable
from finances import http
from finances.exceptions import ProviderOutOfRangeError

SERVICE = ErService("open.er-api.com", source="open.er-api.com", rates_key="rates")
POLICY = http.Policy(
    name="open-er-api",
    title=SERVICE.title,
    # Published once a day; asking every hour finds the new table soon, and is what its terms allow.
    ttl={re.compile(r"/v6/latest/[A-Z]+$"): timedelta(hours=1)},
    examine=SERVICE.examine,
    gap=timedelta(seconds=2),
    max_bytes=1024 * 1024,
)


class OpenErApi:
    """The keyless service. Its terms ask for a link back."""

    name = "open-er-api"
    source = SERVICE.source
    attribution = "Rates By Exchange Rate API (https://www.exchangerate-api.com)"
    capabilities = frozenset({Capability.LATEST})
    days_a_batch = 1
    is_ready = True

    def latest(self, *, base: str) -> PublishedTable:
        """Return the newest table against ``base``."""
        answer = http.get(POLICY, f"{settings.OPEN_ER_API_URL}/latest/{base}")
        return SERVICE.read_latest(answer.body, base=base, is_stale=answer.is_stale)

    def history(self, *, base: str, since: date, until: date) -> Iterator[PublishedTable]:
        """Refuse: only today's rates are free.

        Raises:
            ProviderOutOfRangeError: always.
        """
        raise ProviderOutOfRangeError(f"{SERVICE.title} gives no past rates.")
