"""How long the bars of a price series are."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum


class Interval(StrEnum):
    """The length of a bar, by the name that the API and the providers use."""

    MINUTE = "1m"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1wk"
    MONTH = "1mo"

    @property
    def is_intraday(self) -> bool:
        """Whether a day has several bars; their time stamps are true instants, those of others name a day."""
        return self in {Interval.MINUTE, Interval.HOUR}

    @property
    def length(self) -> timedelta:
        """Return how long a bar lasts, of a month about."""
        return LENGTHS[self]

    def first_day(self, day: date) -> date:
        """Return the first day of the bar in which ``day`` is: of a week its Monday."""
        if self is Interval.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Interval.MONTH else day


LENGTHS = {
    Interval.MINUTE: timedelta(minutes=1),
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
    Interval.WEEK: timedelta(days=7),
    Interval.MONTH: timedelta(days=30),
}


def instant_of(day: date) -> datetime:
    """Return the time stamp of the bar of ``day``, a day of the exchange: its midnight as if in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
