"""Which day of somebody's time zone an instant is on. Pure."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from portfolio.days import ONE_DAY

FIRST_INSTANT, LAST_INSTANT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` is over, when the clocks of ``zone`` first show the next day."""
    if day == date.max:
        return LAST_INSTANT
    try:
        return datetime.combine(day + ONE_DAY, time(), zone).astimezone(UTC)
    except OverflowError:  # beyond the first or the last instant that there is
        return FIRST_INSTANT if day.year == 1 else LAST_INSTANT


def day_of(at: datetime, zone: ZoneInfo) -> date:
    """Return the day that ``at`` is on in ``zone``.

    Where clocks are set back over midnight, an evening comes twice; its second pass belongs to the day that has begun.
    """
    try:
        local = at.astimezone(zone)
    except OverflowError:
        return at.date()
    day = local.date()
    return day + ONE_DAY if local.fold and day < date.max and at >= end_of(day, zone) else day
