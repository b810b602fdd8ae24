"""exchangerate-api.com, version 6: some 160 currencies against any base, with an API key."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from django.conf import settings

from currencies.providers.er_service import ErService
from currencies.providers.protocol import Capability, PublishedTable
from finances import http
from finances.exceptions import ProviderError

SERVICE = ErService("exchangerate-api.com", source="exchangerate-api.com", rates_key="conversion_rates")
POLICY = http.Policy(
    name="exchangerate-api",
    title=SERVICE.title,
    # Free plans publish once a day, paid ones every hour or more often; a past day does not change.
    ttl={re.compile(r"/v6/latest/[A-Z]+$"): timedelta(hours=1), re.compile(r"/v6/history/"): timedelta(days=30)},
    examine=SERVICE.examine,
    max_bytes=1024 * 1024,
)
KEY_FORM = re.compile(r"[!-~]+")  # what an HTTP header can carry
ONE_DAY = timedelta(days=1)


class ExchangerateApi:
    """The keyed service. The key travels in a header, so that it is in no address, log or cache key."""

    name = "exchangerate-api"
    source = SERVICE.source
    attribution = "Rates by exchangerate-api.com (https://www.exchangerate-api.com)"
    capabilities = frozenset({Capability.LATEST, Capability.HISTORY})
    days_a_batch = 10

    @property
    def is_ready(self) -> bool:
        """Whether there is a key."""
        return bool(settings.EXCHANGERATE_API_KEY.strip())

    def latest(self, *, base: str) -> PublishedTable:
        """Return the newest table against ``base``."""
        answer = self._get(f"latest/{base}")
        return SERVICE.read_latest(answer.body, base=base, is_stale=answer.is_stale)

    def history(self, *, base: str, since: date, until: date) -> Iterator[PublishedTable]:
        """Yield one table a day, newest first; each costs one request of a paid plan."""
        for days_back in range((until - since).days + 1):
            on = until - days_back * ONE_DAY
            answer = self._get(f"history/{base}/{on.year}/{on.month}/{on.day}")
            yield SERVICE.read_history(answer.body, base=base, on=on)

    def _get(self, path: str) -> http.Answer:
        key = settings.EXCHANGERATE_API_KEY.strip()
        if not key:
            raise ProviderError(f"{SERVICE.title} needs an API key; set EXCHANGERATE_API_KEY.")
        if not KEY_FORM.fullmatch(key):
            raise ProviderError(f"{SERVICE.title} needs an API key without spaces and special characters.")
        url = f"{settings.EXCHANGERATE_API_URL}/{path}"
        return http.get(POLICY, url, secret_headers={"Authorization": f"Bearer {key}"})
