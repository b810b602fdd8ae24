"""The ranges of days that inputs are read of. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from portfolio.days import ONE_DAY

type Window = tuple[date, date]  # the first and the last day


def earlier(day: date, reach: timedelta) -> date:
    """Return the day that lies ``reach`` before ``day``, or the first that there is."""
    return day - min(reach, day - date.min)


def before(days: Iterable[date], *, reach: timedelta) -> list[Window]:
    """Return the window of each of ``days``, in which inputs lie that count for ``reach`` after their own day."""
    return [(earlier(day, reach), day) for day in days]


def joined(windows: Iterable[Window]) -> list[Window]:
    """Return the same days in as few windows as there can be."""
    found: list[Window] = []
    for first, last in sorted(windows):
        if found and earlier(first, ONE_DAY) <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
