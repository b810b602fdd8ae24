"""What is stored of one series, as syncs, imports and quotes compare it with what comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max, Min, Q

from securities import ingest, quality
from securities.bars import Bar
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security, SecurityPrice
from securities.quality import Drift, Known


@dataclass(frozen=True, slots=True)
class Span:
    """What is stored of one interval: the first and the last instant, and that of the last bar that is whole.

    A quote alone leaves a bar without an open; what a sync has seen to ends before it.
    """

    first: datetime
    last: datetime
    last_whole: datetime


def span(security: Security, interval: Interval) -> Span | None:
    """Return the first and the last stored instant of an interval; one query."""
    found = SecurityPrice.objects.filter(security=security, interval=interval).aggregate(
        first=Min("timestamp"), last=Max("timestamp"), whole=Max("timestamp", filter=~Q(open=None))
    )
    if found["first"] is None:
        return None
    return Span(found["first"], found["last"], found["whole"] or found["last"])


def known_close(security: Security, interval: Interval, *, before: datetime) -> Known | None:
    """Return the last stored close before an instant; one query."""
    row = (
        SecurityPrice.objects.filter(security=security, interval=interval, timestamp__lt=before)
        .order_by("-timestamp")
        .values_list("timestamp", "close")
        .first()
    )
    return Known(row[0].date(), row[1]) if row else None


def beside(security: Security, interval: Interval, prepared: Intake) -> dict[datetime, Bar]:
    """Return what is stored from the first to the last of the bars in ``prepared``; one query, or none for no bars."""
    return ingest.stored_bars(security, interval, prepared.closes) if prepared.bars else {}


def around(security: Security, interval: Interval, at: datetime, *, count: int) -> list[Bar]:
    """Return ``count`` stored bars on either side of an instant, oldest first; two queries."""
    rows = SecurityPrice.objects.filter(security=security, interval=interval).order_by()
    before = rows.filter(timestamp__lt=at).order_by("-timestamp").values_list(*ingest.COLUMNS)[:count]
    after = rows.filter(timestamp__gte=at).order_by("timestamp").values_list(*ingest.COLUMNS)[:count]
    return [Bar(*row) for row in [*reversed(before), *after]]


def before(security: Security, interval: Interval, at: datetime) -> list[Bar]:
    """Return all stored bars from before an instant, oldest first; one query."""
    rows = SecurityPrice.objects.filter(security=security, interval=interval, timestamp__lt=at).order_by("timestamp")
    return [Bar(*row) for row in rows.values_list(*ingest.COLUMNS)]


def comparable(security: Security, interval: Interval, bars: Mapping[datetime, Bar]) -> dict[datetime, Decimal]:
    """Return the closes of stored ``bars`` without those that are only closes so far, by quotes (docs/adr/0015)."""
    may_be_quotes = interval is Interval.DAY and security.last_synced_at is not None
    return {at: bar.close for at, bar in bars.items() if not (may_be_quotes and bar.open is None)}


def drift(security: Security, interval: Interval, prepared: Intake) -> Drift | None:
    """Compare what is about to be stored with what is there; one query."""
    closes = comparable(security, interval, beside(security, interval, prepared))
    return quality.drift(closes, prepared.closes)
