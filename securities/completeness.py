"""How much of a price series is there, measured by what an exchange trades. No I/O, no clock."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from securities.intervals import Interval, instant_of

COMPLETE, PARTIAL = 0.8, 0.4
# Bars of a trading day: a session of six and a half hours, or round the clock.
SESSION = {Interval.MINUTE: 390, Interval.HOUR: 7}
ROUND_THE_CLOCK = {Interval.MINUTE: 1440, Interval.HOUR: 24}
SATURDAY = 5
DAY = timedelta(days=1)


class Completeness(StrEnum):
    """How many of the expected points there are: at least 80 %, at least 40 %, some, none."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    SPARSE = "sparse"
    EMPTY = "empty"


class Calendar(StrEnum):
    """When something is traded; public holidays are within the tolerance."""

    SESSIONS = "sessions"  # on weekdays, by day
    WEEKDAYS = "weekdays"  # on weekdays, round the clock: currencies
    ALWAYS = "always"  # cryptocurrencies


def assess(*, count: int, interval: Interval, start: datetime, end: datetime, calendar: Calendar) -> Completeness:
    """Compare ``count`` points with those that could be expected from ``start`` to ``end``, both included."""
    if count == 0:
        return Completeness.EMPTY
    expected = expected_points(interval, start=start, end=end, calendar=calendar)
    if count >= COMPLETE * expected:
        return Completeness.COMPLETE
    return Completeness.PARTIAL if count >= PARTIAL * expected else Completeness.SPARSE


def expected_points(interval: Interval, *, start: datetime, end: datetime, calendar: Calendar) -> float:
    """Estimate how many bars an exchange makes from ``start`` to ``end``; a part of a session counts as a part."""
    if end < start:
        return 0
    if interval is Interval.WEEK:
        return int((end - start) / timedelta(days=7))
    if interval is Interval.MONTH:
        return (end.year - start.year) * 12 + end.month - start.month + (start == month_of(start))
    if interval is Interval.DAY:
        return trading_days(start, end, calendar)
    per_day = (SESSION if calendar is Calendar.SESSIONS else ROUND_THE_CLOCK)[interval]
    return trading_time(start, end, calendar) / DAY * per_day


def month_of(moment: datetime) -> datetime:
    """Return the first instant of the month."""
    return datetime(moment.year, moment.month, 1, tzinfo=UTC)


def trading_days(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Count the trading days whose midnight lies from ``start`` to ``end``."""
    first = instant_of(start.date())
    first = first if first >= start else first + DAY
    days = (instant_of(end.date()) - first).days + 1
    if days <= 0:
        return 0
    if calendar is Calendar.ALWAYS:
        return days
    weeks, rest = divmod(days, 7)
    return weeks * 5 + sum((first + DAY * offset).weekday() < SATURDAY for offset in range(rest))


def trading_time(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Return how much of the time from ``start`` to ``end`` lies on trading days."""
    if calendar is Calendar.ALWAYS:
        return end - start
    midnight = instant_of(start.date())
    whole = trading_days(midnight, end, calendar) * DAY
    before_start = start - midnight if start.weekday() < SATURDAY else timedelta(0)
    after_end = instant_of(end.date()) + DAY - end if end.weekday() < SATURDAY else timedelta(0)
    return max(whole - before_start - after_end, timedelta(0))
