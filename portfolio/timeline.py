"""How much of a security was held when, from what was recorded of a holding. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple


class Version(NamedTuple):
    """What somebody recorded of a holding on the day ``recorded_on``: that it is ``quantity`` as of a day, or is gone.

    ``quantity`` is None for a holding that was deleted.
    """

    recorded_on: date
    as_of: date
    quantity: Decimal | None


class Segment(NamedTuple):
    """From the day ``since`` on, ``quantity`` units are held, in units of that day; None: no longer."""

    since: date
    quantity: Decimal | None


def segments(versions: Iterable[Version]) -> tuple[Segment, ...]:
    """Return what was held when, oldest first, from ``versions`` in the order in which they were recorded.

    Each says how much it is from its as-of day on, and replaces what was said of these days before: to change the
    quantity alone corrects it, to change the as-of day with it tells of a purchase or a sale. A holding that was
    deleted counts until the day before; one deleted on the very day it was recorded was a mistake, and never counts.
    """
    told: list[Segment] = []
    before: list[Segment] = []
    recorded_on: date | None = None
    for version in versions:
        if version.quantity is not None:
            if recorded_on is None:
                recorded_on, before = version.recorded_on, list(told)
            told = replaced(told, Segment(version.as_of, version.quantity))
        else:
            is_mistake = recorded_on == version.recorded_on
            told = before if is_mistake else replaced(told, Segment(version.recorded_on, None))
            recorded_on = None
    return tuple(told)


def replaced(told: list[Segment], segment: Segment) -> list[Segment]:
    """Return ``told`` with ``segment`` in place of all that was said of its days."""
    return [*(earlier for earlier in told if earlier.since < segment.since), segment]


def find(told: tuple[Segment, ...], on: date) -> Segment | None:
    """Return the segment that the day ``on`` is in, if something was held."""
    place = bisect_right(told, on, key=lambda segment: segment.since) - 1
    if place < 0 or told[place].quantity is None:
        return None
    return told[place]
