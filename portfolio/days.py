"""The days that figures are asked for: periods to look back, and the points of a series. Pure."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

ONE_DAY = timedelta(days=1)


class Period(StrEnum):
    """How far back a figure is compared."""

    DAY = "1d"
    MONTH = "1m"
    YEAR_TO_DATE = "ytd"
    YEAR = "1y"

    def start(self, on: date) -> date | None:
        """Return the day that the day ``on`` is compared with; None when it lies before all days.

        A month or a year before a day that this month does not have is the month's last day. The year to date is
        compared with the last day of the year before.
        """
        if self is Period.DAY:
            return on - ONE_DAY if on > date.min else None
        if self is Period.YEAR_TO_DATE:
            return date(on.year - 1, 12, 31) if on.year > 1 else None
        months = on.year * 12 + on.month - 1 - (1 if self is Period.MONTH else 12)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1])) if year >= 1 else None


class Spacing(StrEnum):
    """How close the points of a series are."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def end(self, day: date) -> date:
        """Return the last day of the week (Sunday) or month that ``day`` is in, or ``day`` itself."""
        if self is Spacing.MONTH:
            return day.replace(day=calendar.monthrange(day.year, day.month)[1])
        if self is Spacing.WEEK:
            return day + min(timedelta(days=6 - day.weekday()), date.max - day)
        return day


def points(*, start: date, end: date, spacing: Spacing) -> Iterator[date]:
    """Yield the last day of each week or month from ``start`` to ``end``, and ``end`` itself."""
    day = start
    while day <= end:
        point = min(spacing.end(day), end)
        yield point
        if point == date.max:
            return
        day = point + ONE_DAY


def count(*, start: date, end: date, spacing: Spacing) -> int:
    """Return how many points there are."""
    if end < start:
        return 0
    if spacing is Spacing.MONTH:
        return (end.year - start.year) * 12 + end.month - start.month + 1
    if spacing is Spacing.WEEK:
        return ((end - start).days + start.weekday()) // 7 + 1
    return (end - start).days + 1
