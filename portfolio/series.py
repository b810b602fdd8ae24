"""Net worth over time: columns of what each account consists of, a point at a time. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from portfolio import figures
from portfolio.columns import Calendar, Columns
from portfolio.contents import Reader, turns
from portfolio.exchange import DayRates
from portfolio.figures import Figure
from portfolio.inputs import Account
from portfolio.valuation import Household


@dataclass(frozen=True, slots=True)
class Point:
    """What a household was worth on a day; ``by_account`` in the order of its accounts, empty unless wanted."""

    on: date
    net_worth: Figure
    assets: Figure
    liabilities: Figure
    by_account: tuple[Figure, ...] = ()


def series(household: Household, days: Iterable[date], *, by_account: bool = False) -> Iterator[Point]:
    """Yield what ``household`` was worth on each of ``days``, which ascend."""
    calendar = Calendar(list(days))
    assets, liabilities = Columns(calendar), Columns(calendar)
    own = [Columns(calendar) for _ in household.accounts] if by_account else []
    readers = [Reader(account, household.rates) for account in household.accounts]
    for place, account in enumerate(household.accounts):
        side = liabilities if account.is_liability else assets
        fill([side, *own[place : place + 1]], calendar, account, readers[place])
    columns = [assets, liabilities, *own]
    for each in columns:
        each.close()
    for place, day in enumerate(calendar.days):
        rates = household.rates.on(day)
        found = [each.figure(place, rates) for each in columns]
        known = [each for each in found if each is not None]
        owned, owed, *parts = known if len(known) == len(found) else one_by_one(household, readers, rates, by_account)
        yield Point(day, figures.net(owned, owed), owned, owed, tuple(parts))


def fill(columns: Sequence[Columns], calendar: Calendar, account: Account, reader: Reader) -> None:
    """Add to ``columns`` what is in an ``account`` on the days of the calendar."""
    if not calendar.days:
        return
    size = len(calendar.days)
    starts = sorted({0, *(place for day in turns(account) if (place := calendar.place(day)) < size)})
    for first, end in zip(starts, [*starts[1:], size], strict=True):
        for leaf in reader.rest(calendar.days[first]):
            for each in columns:
                each.hold(leaf, first, end)
    for position in account.positions:
        places = [*(calendar.place(segment.since) for segment in position.segments), size]
        for segment, first, end in zip(position.segments, places, places[1:], strict=False):
            for each in columns if segment.quantity is not None and first < end else ():
                each.hold_position(account, position, segment, first, end)


def one_by_one(household: Household, readers: Sequence[Reader], rates: DayRates, by_account: bool) -> list[Figure]:
    """Return the figures of a day on which a rate is missing, and which leaf is left out needs to be known."""
    leaves = [reader.leaves(rates.on) for reader in readers]
    sides = [
        [
            leaf
            for account, own in zip(household.accounts, leaves, strict=True)
            if account.is_liability is is_liability
            for leaf in own
        ]
        for is_liability in (False, True)
    ]
    return [figures.total(each, rates) for each in (*sides, *(leaves if by_account else ()))]
