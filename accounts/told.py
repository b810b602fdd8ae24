"""When the quantity of a holding was told, and whether that says which shares it counts. Pure. See docs/adr/0018.

A quantity is in units of its as-of day. Who tells one after a split, of a day before it, is asked which shares it
counts; as long as the split is not known here, nobody can ask.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

# The reason of a record: the quantity and its day were sent again, as they were stored.
CONFIRMED = "The quantity was told again, with its day."


class Told(NamedTuple):
    """When a quantity was told: the instant, and the day that it was where the owner is."""

    on: date
    at: datetime


class Telling(NamedTuple):
    """What was recorded of a holding: how many units there are, None when it is gone; ``confirms`` what was known."""

    quantity: Decimal | None
    told: Told
    confirms: bool = False


class KnownSplit(Protocol):
    """A split on its ex-date, and since when it is stored; None: always."""

    @property
    def on(self) -> date: ...

    @property
    def known_since(self) -> datetime | None: ...


class StoredSplit(NamedTuple):
    """A split as it is stored."""

    on: date
    known_since: datetime


def when(tellings: Iterable[Telling]) -> Iterator[Told]:
    """Yield of each of ``tellings``, in their order, when its quantity was told: another cost or day tells none."""
    latest: Telling | None = None
    for telling in tellings:
        if latest is not None and not telling.confirms and latest.quantity == telling.quantity:
            yield latest.told
            continue
        latest = telling
        yield latest.told


def unconfirmed[S: KnownSplit](splits: Iterable[S], *, as_of: date, told: Told | None) -> list[S]:
    """Return the ``splits`` of which nobody knows whether the quantity of the day ``as_of`` is of before or after them.

    They were between that day and the day it was ``told``, and were not known when it was.
    """
    if told is None:
        return []
    return [
        split
        for split in splits
        if as_of < split.on <= told.on and split.known_since is not None and split.known_since > told.at
    ]


def reason(symbol: str, splits: Sequence[KnownSplit], *, as_of: date) -> str:
    """Say why a quantity does not count as it is, and what to do."""
    days = ", ".join(sorted({str(split.on) for split in splits}))
    last = max(split.on for split in splits)
    return (
        f"The quantity of {symbol} as of {as_of} was told after its split of {days}, which was not known here yet. "
        f"Record the quantity again, with its day: {last}, and the average cost, if it counts the shares after the "
        f"split, {as_of} if those before."
    )
