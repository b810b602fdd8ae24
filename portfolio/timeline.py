"""How much of a security was held when, from what was recorded of a holding. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from accounts import told as tellings
from accounts.told import Telling, Told


class Version(NamedTuple):
    """What somebody recorded of a holding on the day ``recorded_on``: that it is ``quantity`` as of a day, or is gone.

    ``quantity`` is None for a holding that was deleted. ``told`` says when exactly it was, where that matters, and
    ``confirms`` that the quantity was sent again with its day.
    """

    recorded_on: date
    as_of: date
    quantity: Decimal | None
    told: Told | None = None
    confirms: bool = False


class Segment(NamedTuple):
    """From the day ``since`` on, ``quantity`` units are held, in units of that day; None: no longer.

    ``told`` says when the quantity was told, where that matters.
    """

    since: date
    quantity: Decimal | None
    told: Told | None = None


def segments(versions: Iterable[Version]) -> tuple[Segment, ...]:
    """Return what was held when, oldest first, from ``versions`` in the order in which they were recorded.

    Each says how much it is from its as-of day on, and replaces what was said of these days before; what it corrects
    was never said. A holding that was deleted counts until the day before; one deleted on the very day it was recorded
    was a mistake, and never counts.
    """
    told: list[Segment] = []
    before: list[Segment] = []  # what was told before the latest version
    latest: Version | None = None  # None while nothing is held
    for version in told_apart(meant(when_told(versions))):
        if version.quantity is None:
            if latest is not None:
                told = replaced(told, Segment(version.recorded_on, None))
            latest = None
            continue
        before = before if latest is not None and corrects(version, latest) else told
        told = replaced(before, Segment(version.as_of, version.quantity, version.told))
        latest = version
    return tuple(told)


def when_told(versions: Iterable[Version]) -> Iterator[Version]:
    """Yield ``versions`` with when the quantity of each was told: one that stayed was told before."""
    known = list(versions)
    if any(version.told is None for version in known):
        yield from known
        return
    told = tellings.when(Telling(each.quantity, each.told, each.confirms) for each in known if each.told is not None)
    for version, when in zip(known, told, strict=True):
        yield version._replace(told=when)


def meant(versions: Iterable[Version]) -> Iterator[Version]:
    """Yield of the ``versions`` that were recorded on one day the last, and those before it that tell of earlier days.

    So purchases of the past can be entered in one sitting, the oldest first. What was said of the same days or of later
    ones was not meant, nor was what was deleted on that day.
    """
    for _, group in groupby(versions, key=lambda version: version.recorded_on):
        *others, last = group
        kept = [last]
        for version in reversed(others):
            if None in {last.quantity, version.quantity}:
                break
            if version.as_of < kept[-1].as_of:
                kept.append(version)
        yield from reversed(kept)


def told_apart(versions: Iterable[Version]) -> Iterator[Version]:
    """Yield of ``versions`` in a row that say the same the first: saved again, or with another cost, it tells nothing.

    So what was told of a holding stays as old as it is, which decides what a later as-of day means.
    """
    for _, group in groupby(versions, key=lambda version: (version.as_of, version.quantity)):
        first, *others = group
        yield first._replace(told=others[-1].told) if others else first


def corrects(version: Version, latest: Version) -> bool:
    """Tell whether ``version`` says of the holding ``latest`` only that it was held from another day on.

    When the other day is after ``latest`` was recorded, it was held on both days, and ``version`` confirms it.
    """
    return version.quantity == latest.quantity and version.as_of <= latest.recorded_on


def replaced(told: list[Segment], segment: Segment) -> list[Segment]:
    """Return ``told`` with ``segment`` in place of all that was said of its days."""
    return [*(earlier for earlier in told if earlier.since < segment.since), segment]


def find(told: tuple[Segment, ...], on: date) -> Segment | None:
    """Return the segment that the day ``on`` is in, if something was held."""
    place = bisect_right(told, on, key=lambda segment: segment.since) - 1
    if place < 0 or told[place].quantity is None:
        return None
    return told[place]
