"""Which days lack published rates. Pure: no database, no clock."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from currencies.conversion import MAX_RATE_AGE

ONE_DAY = timedelta(days=1)
LOOKED_BACK = timedelta(days=60)  # for days that were missed
SATURDAY = 6  # of ISO's weekdays


class Hole(NamedTuple):
    """Days in a row for which no rate counts, ``first`` to ``last``; the rates before them are of the day ``after``."""

    after: date
    first: date
    last: date


def working_days(*, after: date, before: date) -> Iterator[date]:
    """Yield the days from Monday to Friday between two others; holidays are not known here."""
    days = (after + number * ONE_DAY for number in range(1, (before - after).days))
    return (day for day in days if day.isoweekday() < SATURDAY)


def is_any_missed(days: Collection[date], *, after: date, until: date) -> bool:
    """Tell whether a working day after ``after`` is not among ``days``.

    The last one up to ``until`` does not count: whoever is asked for the newest rates brings it.
    """
    working = list(working_days(after=after, before=until + ONE_DAY))
    return any(day not in days for day in working[:-1])


def holes(days: Iterable[date], *, since: date) -> list[Hole]:
    """Return where two of ``days`` lie so far apart that a working day since ``since`` between them has no rate."""
    found = []
    for older, newer in pairwise(sorted(days)):
        first = max(older + MAX_RATE_AGE + ONE_DAY, since)
        if any(working_days(after=first - ONE_DAY, before=newer)):
            found.append(Hole(older, first, newer - ONE_DAY))
    return found
