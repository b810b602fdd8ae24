"""The ranges of days that inputs are read of. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

from portfolio.days import ONE_DAY

type Window = tuple[date, date]  # the first and the last day
# Each is a condition of a query, of which SQLite takes less than a thousand.
MAX_WINDOWS = 100


def earlier(day: date, reach: timedelta) -> date:
    """Return the day that lies ``reach`` before ``day``, or the first that there is."""
    return day - min(reach, day - date.min)


def before(days: Iterable[date], *, reach: timedelta) -> list[Window]:
    """Return the window of each of ``days``, in which inputs lie that count for ``reach`` after their own day."""
    return [(earlier(day, reach), day) for day in days]


def joined(windows: Iterable[Window]) -> list[Window]:
    """Return the same days in as few windows as there can be, and at most `MAX_WINDOWS`: then with some days between.

    What is read of other days does no harm. The shortest gaps are closed, so that it is little.
    """
    found: list[Window] = []
    for first, last in sorted(windows):
        if found and earlier(first, ONE_DAY) <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    gaps = sorted(range(1, len(found)), key=lambda place: found[place][0] - found[place - 1][1], reverse=True)
    bounds = [0, *sorted(gaps[: MAX_WINDOWS - 1]), len(found)] if found else []
    return [(found[start][0], found[end - 1][1]) for start, end in pairwise(bounds)]
