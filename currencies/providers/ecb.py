"""The European Central Bank's reference rates, from its own addresses: some 30 currencies against the euro."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus

from django.conf import settings

from currencies.providers import ecb_files
from currencies.providers.protocol import Capability, PublishedTable
from finances import http

DAILY = "eurofxref.zip"
LAST_90_DAYS = "eurofxref-hist-90d.xml"
WHOLE_HISTORY = "eurofxref-hist.zip"


def _examine(status: int, body: bytes) -> None:
    """Refuse a page in the place of a file, and a file that is not whole, before it is cached."""
    if status == HTTPStatus.OK:
        _read(body)


def _read(body: bytes) -> list[PublishedTable]:
    return ecb_files.read_zip(body) if body.startswith(b"PK") else ecb_files.read_xml(body)


POLICY = http.Policy(
    name="ecb",
    title="The European Central Bank",
    # Published about 16:00 Frankfurt time on working days.
    ttl={
        re.compile(r"/eurofxref\.zip$"): timedelta(hours=1),
        re.compile(r"/eurofxref-hist-90d\.xml$"): timedelta(hours=6),
        re.compile(r"/eurofxref-hist\.zip$"): timedelta(hours=24),
    },
    examine=_examine,
)


class Ecb:
    """The ECB itself. It publishes against the euro only, on its working days."""

    name = "ecb"
    source = ecb_files.SOURCE
    attribution = ecb_files.ATTRIBUTION
    capabilities = frozenset({Capability.LATEST, Capability.HISTORY, Capability.RANGE})
    days_a_batch = 250
    is_ready = True

    def latest(self, *, base: str) -> PublishedTable:
        """Return the newest table, against the euro whatever ``base`` is."""
        return self._fetch(DAILY)[0]

    def history(self, *, base: str, since: date, until: date) -> Iterator[PublishedTable]:
        """Yield the tables of the range, against the euro whatever ``base`` is."""
        tables = self._fetch(LAST_90_DAYS)
        if since < tables[-1].on:
            tables = self._fetch(WHOLE_HISTORY)
        yield from ecb_files.between(tables, since, until)

    def _fetch(self, name: str) -> list[PublishedTable]:
        answer = http.get(POLICY, f"{settings.ECB_RATES_URL}/{name}")
        return [replace(table, is_stale=answer.is_stale) for table in _read(answer.body)]
