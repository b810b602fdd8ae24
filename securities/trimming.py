"""Forgetting bars of minutes and hours, of which there are millions and which no figure is computed from."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import OuterRef, Subquery

from finances.exceptions import InvalidValueError
from securities.intervals import Interval
from securities.models import Security, SecurityPrice

# A sync takes up again where the stored bars end, and compares what overlaps: that much stays.
LEAST_KEPT = timedelta(days=7)


class Trimmed(NamedTuple):
    """How many bars were deleted, of how many securities."""

    bars: int
    securities: int


def trim(
    *, interval: Interval, kept: timedelta, now: datetime, dry_run: bool = False, on_done: Callable[[int], None]
) -> Trimmed:
    """Delete the bars of an ``interval`` within a day that began longer than ``kept`` before ``now``.

    One security is done after another, each as a whole; ``on_done`` hears how many bars went. A dry run only counts.

    Raises:
        InvalidValueError: as ``require_spare`` does.
    """
    require_spare(interval, kept)
    before, counts = now - kept, []
    for key in with_older(interval, before):
        rows = SecurityPrice.objects.filter(security_id=key, interval=interval, timestamp__lt=before)
        counts.append(rows.count() if dry_run else rows.delete()[0])
        on_done(counts[-1])
    return Trimmed(sum(counts), len(counts))


def require_spare(interval: Interval, kept: timedelta) -> None:
    """Refuse to delete what figures or syncs need.

    Raises:
        InvalidValueError: it is an interval of days, from which figures are computed, or too little would be kept.
    """
    if not interval.is_intraday:
        raise InvalidValueError(
            "Only bars of 1m and 1h can go: figures are computed from daily ones.", field="interval"
        )
    if kept < LEAST_KEPT:
        raise InvalidValueError(f"At least {LEAST_KEPT.days} days are kept, or syncs would go wrong.", field="kept")


def with_older(interval: Interval, before: datetime) -> list[UUID]:
    """Return the keys of the securities that have bars from before a moment, by a look at the oldest of each."""
    bars = SecurityPrice.objects.filter(security=OuterRef("pk"), interval=interval).order_by("timestamp")
    oldest = Subquery(bars.values("timestamp")[:1])
    found = Security.objects.alias(oldest=oldest).filter(oldest__lt=before)
    return list(found.order_by("symbol").values_list("pk", flat=True))
