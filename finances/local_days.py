"""Days of somebody's time zone, and instants. Pure, but for `today_in`. See docs/adr/0018."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

ONE_DAY = timedelta(days=1)
NOON = time(12)
UTC_ZONE = ZoneInfo("UTC")
FIRST_INSTANT, LAST_INSTANT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def noon_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant that ``day`` stands for where no time is said: its noon in ``zone``, in UTC.

    A day that ``zone`` left out, as some islands did when they crossed the date line, is the next one's noon.
    """
    return _in_utc(datetime.combine(day, NOON, zone))


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of ``day`` in ``zone``: that at which the day before is over."""
    return end_of(day - ONE_DAY, zone) if day > date.min else FIRST_INSTANT


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` is over, when the clocks of ``zone`` first show the next day."""
    return _in_utc(datetime.combine(day + ONE_DAY, time(), zone)) if day < date.max else LAST_INSTANT


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


def moved(at: datetime, was: ZoneInfo, becomes: ZoneInfo) -> datetime:
    """Return noon in ``becomes`` of the day whose noon in ``was`` is ``at``; of another time, ``at`` itself."""
    day = day_of(at, was)
    return noon_of(day, becomes) if at == noon_of(day, was) else at


def instant_at(local: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant, in UTC, at which clocks in ``zone`` first show ``local``; None when they never do.

    ``local`` has no time zone. Clocks that are set forward pass over an hour, or over a day.
    """
    at = _in_utc(local.replace(tzinfo=zone, fold=0))
    try:
        return at if at.astimezone(zone).replace(tzinfo=None) == local else None
    except OverflowError:
        return at


def today_in(zone: ZoneInfo) -> date:
    """Return the day that it is in ``zone``; for those who may ask the clock."""
    return day_of(timezone.now(), zone)


def named_day(text: str) -> date | None:
    """Return the day that ``text`` names by ISO 8601; None when it names none, or an instant."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _in_utc(local: datetime) -> datetime:
    try:
        return local.astimezone(UTC)
    except OverflowError:  # beyond the first or the last instant that there is
        return FIRST_INSTANT if local.year == 1 else LAST_INSTANT
