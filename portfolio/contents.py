"""What an account consists of on a day: all the leaves that there are. Pure. docs/valuation.md tells the rules."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import date
from functools import cached_property
from itertools import accumulate

from finances import money
from portfolio import timeline
from portfolio.exchange import RateHistory
from portfolio.inputs import Account, Position, RecordedValue
from portfolio.leaves import (
    Leaf,
    Missing,
    MissingKind,
    Part,
    holding_leaf,
    missing_value,
    recorded_leaf,
    unconfirmed_leaf,
)
from portfolio.reconciliation import Comparison, Difference, Reconciliation
from portfolio.timeline import Segment


def leaves(account: Account, on: date, rates: RateHistory) -> list[Leaf]:
    """Return what ``account`` consists of on the day ``on``: its cash and its holdings, or else its recorded value."""
    return Reader(account, rates).leaves(on)


class Reader:
    """Tells what an account consists of, for many days: what has not changed since the last one is the same object."""

    def __init__(self, account: Account, rates: RateHistory) -> None:
        """Note when something is held at all."""
        self._account, self._rates, self._first_on = account, rates, account.first_on
        positions = sorted((position for position in account.positions if position.segments), key=started_on)
        self._holdings = [holding_reader(account, position) for position in positions]
        steps = sorted(step for position in positions for step in steps_of(position))
        self._days = [day for day, _ in steps]
        self._held_counts = [0, *accumulate(by for _, by in steps)]
        self._latest: tuple[RecordedValue | None, int, list[Leaf]] | None = None

    @cached_property
    def _reconciliation(self) -> Reconciliation:
        return Reconciliation(self._account, self._rates)

    def leaves(self, on: date) -> list[Leaf]:
        """Return all leaves of the day ``on``."""
        if not self._held_counts[bisect_right(self._days, on)]:
            return self.rest(on)
        return self.rest(on) + [leaf for read in self._holdings for leaf in read(on)]

    def rest(self, on: date) -> list[Leaf]:
        """Return the leaves of the day ``on`` that are no holdings."""
        if self._first_on is not None and on < self._first_on:
            return []
        recorded, place = self._account.recorded(on), bisect_right(self._days, on)
        if self._latest is None or self._latest[0] is not recorded or self._latest[1] != place:
            self._latest = (recorded, place, self._rest(recorded, on))
        return self._latest[2]

    def _rest(self, recorded: RecordedValue | None, on: date) -> list[Leaf]:
        account, comparison = self._account, self.comparison(on)
        if not self._held_counts[bisect_right(self._days, on)]:
            return alone(account, recorded)
        if recorded is None or recorded.cash is None or comparison is None:
            return [missing_value(account, Part.CASH, recorded)]
        cash = recorded_leaf(account, Part.CASH, recorded, recorded.cash)
        found = [cash, outdated_cash(account, recorded, comparison)] if comparison.is_cash_outdated else [cash]
        gap = comparison.gap
        return [*found, not_itemised(account, recorded, gap)] if gap is not None and comparison.is_short else found

    def comparison(self, on: date) -> Comparison | None:
        """Compare the last recorded value with the holdings; None without any, and without recorded cash."""
        recorded = self._account.recorded(on)
        is_held = self._held_counts[bisect_right(self._days, on)]
        if not is_held or recorded is None or recorded.cash is None:
            return None
        return self._reconciliation.compare(recorded, on)


def difference(account: Account, on: date, rates: RateHistory) -> Difference | None:
    """Return by how much the last recorded value differs from the holdings, when there are holdings on the day ``on``.

    None when the two cannot be compared.
    """
    comparison = Reader(account, rates).comparison(on)
    return None if comparison is None else comparison.gap


def turns(account: Account) -> set[date]:
    """Return all days from which on an account may consist of other leaves, but for new closes of what it holds."""
    days = {segment.since for position in account.positions for segment in position.segments}
    return days | set(account.days) | ({account.first_on} if account.first_on is not None else set())


def started_on(position: Position) -> date:
    """Return the day since which something was held."""
    return position.segments[0].since


def steps_of(position: Position) -> list[tuple[date, int]]:
    """Return by how much the number of holdings grows on which days, because of a position."""
    is_held = [False, *(segment.quantity is not None for segment in position.segments)]
    return [
        (segment.since, int(is_now) - int(was))
        for segment, was, is_now in zip(position.segments, is_held, is_held[1:], strict=False)
    ]


def outdated_cash(account: Account, recorded: RecordedValue, comparison: Comparison) -> Leaf:
    """Return the leaf of what was paid or received for securities since the cash was recorded: nobody knows how much.

    Its slot is another one after each trade, so that days are compared only when they miss the same trades.
    """
    if comparison.is_traded:
        reason = f"Securities of {account.name} were bought or sold after its cash was recorded on {recorded.on}."
    else:
        reason = f"The holdings of {account.name} are more than was recorded on {recorded.on} as being in securities."
    missing = Missing(
        MissingKind.CASH_OUTDATED, account.name, f"{reason} Record a new value of it, with the cash that it has now."
    )
    slot = f"{account.id}/{Part.CASH_SINCE}/{recorded.on}/{comparison.changed_on}"
    return Leaf(slot, account, Part.CASH_SINCE, account.currency, 0, 1, None, missing, recorded)


def not_itemised(account: Account, recorded: RecordedValue, gap: Difference) -> Leaf:
    """Return the leaf of what was recorded but is in none of the holdings: its amount is known, and does not count."""
    reason = f"A part of the value of {account.name} that was recorded on {gap.on} is in none of its holdings."
    missing = Missing(MissingKind.HOLDING, account.name, reason)
    return Leaf(
        f"{account.id}/{Part.UNITEMISED}", account, Part.UNITEMISED, account.currency, gap.amount.numerator,
        gap.amount.denominator, None, missing, recorded,
    )  # fmt: skip


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


def holding_reader(account: Account, position: Position) -> Callable[[date], list[Leaf]]:
    """Return a function that gives the leaves of a position on a day, none while nothing is held."""
    security, told = position.security, position.segments
    latest: tuple[Segment, int, list[Leaf]] | None = None

    def leaves_on(on: date) -> list[Leaf]:
        nonlocal latest
        segment = timeline.find(told, on)
        if segment is None:
            return []
        place = security.close_place(on)
        if latest is None or latest[1] != place or latest[0] is not segment:
            close = security.closes[place] if place >= 0 else None
            found = [holding_leaf(account, position, segment, close), unconfirmed_leaf(account, position, segment)]
            latest = (segment, place, [leaf for leaf in found if leaf is not None])
        return latest[2]

    return leaves_on
