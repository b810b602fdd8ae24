"""What an account consists of on a day: all the leaves that there are. Pure. docs/valuation.md tells the rules."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date

from finances import money
from portfolio import reconciliation, timeline
from portfolio.exchange import RateHistory
from portfolio.inputs import Account, Position, RecordedValue
from portfolio.leaves import Leaf, Part, holding_leaf, missing_value, recorded_leaf
from portfolio.reconciliation import Difference
from portfolio.timeline import Segment

type LeavesOn = Callable[[date], list[Leaf]]


def leaves(account: Account, on: date, rates: RateHistory) -> list[Leaf]:
    """Return what ``account`` consists of on the day ``on``: its cash and its holdings, or else its recorded value."""
    return reader(account, rates)(on)


def difference(account: Account, on: date, rates: RateHistory) -> Difference | None:
    """Return by how much the last recorded value differs from the holdings, when there are holdings on the day ``on``.

    None when the two cannot be compared.
    """
    started = [position for position in account.positions if position.segments and position.segments[0].since <= on]
    if not any(timeline.find(position.segments, on) for position in started):
        return None
    return reconciliation.difference(account, account.recorded(on), started, rates)


def reader(account: Account, rates: RateHistory) -> LeavesOn:
    """Return `leaves` of one account, for many days: what has not changed since the last one is the same object."""
    first_on = account.first_on
    positions = sorted((position for position in account.positions if position.segments), key=started_on)
    starts = [started_on(position) for position in positions]
    holdings = [holding_reader(account, position) for position in positions]
    latest: tuple[RecordedValue | None, int, list[Leaf]] | None = None

    def leaves_on(on: date) -> list[Leaf]:
        nonlocal latest
        if first_on is not None and on < first_on:
            return []
        held = [leaf for read in holdings if (leaf := read(on)) is not None]
        recorded = account.recorded(on)
        count = bisect_right(starts, on) if held else 0
        if latest is None or latest[0] is not recorded or latest[1] != count:
            made = beside_holdings(account, recorded, positions[:count], rates) if held else alone(account, recorded)
            latest = (recorded, count, made)
        return latest[2] + held

    return leaves_on


def turns(account: Account) -> set[date]:
    """Return all days from which on an account may consist of other leaves, but for new closes of what it holds."""
    days = {segment.since for position in account.positions for segment in position.segments}
    return days | set(account.days) | ({account.first_on} if account.first_on is not None else set())


def started_on(position: Position) -> date:
    """Return the day since which something was held."""
    return position.segments[0].since


def beside_holdings(
    account: Account, recorded: RecordedValue | None, started: Sequence[Position], rates: RateHistory
) -> list[Leaf]:
    """Return the last recorded cash of an account that has holdings, and what of its value these do not explain."""
    if recorded is None or recorded.cash is None:
        return [missing_value(account, Part.CASH, recorded)]
    cash = recorded_leaf(account, Part.CASH, recorded, recorded.cash)
    gap = reconciliation.difference(account, recorded, started, rates)
    return [cash] if gap is None or not gap.is_material else [cash, reconciliation.not_itemised(account, recorded, gap)]


def alone(account: Account, recorded: RecordedValue | None) -> list[Leaf]:
    """Return the last recorded value of an account without holdings; of one for investments, apart from its cash."""
    if recorded is None:
        return [missing_value(account, Part.UNDIVIDED if account.is_investment else Part.BALANCE, None)]
    if not account.is_investment:
        return [recorded_leaf(account, Part.BALANCE, recorded, recorded.value)]
    if recorded.cash is None:
        return [recorded_leaf(account, Part.UNDIVIDED, recorded, recorded.value)]
    invested = money.difference(recorded.value, recorded.cash)
    return [
        recorded_leaf(account, Part.CASH, recorded, recorded.cash),
        recorded_leaf(account, Part.UNITEMISED, recorded, invested),
    ]


def holding_reader(account: Account, position: Position) -> Callable[[date], Leaf | None]:
    """Return a function that gives the leaf of a position on a day, None while nothing is held."""
    security, told = position.security, position.segments
    latest: tuple[Segment, int, Leaf] | None = None

    def leaf_on(on: date) -> Leaf | None:
        nonlocal latest
        segment = timeline.find(told, on)
        if segment is None:
            return None
        place = security.close_place(on)
        if latest is None or latest[1] != place or latest[0] is not segment:
            close = security.closes[place] if place >= 0 else None
            latest = (segment, place, holding_leaf(account, position, segment, close))
        return latest[2]

    return leaf_on
