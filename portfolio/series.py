"""Net worth over time: the leaves of each day, of which only those that changed are summed anew. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from operator import is_

from portfolio import figures
from portfolio.contents import LeavesOn, reader
from portfolio.exchange import RateHistory
from portfolio.figures import Figure, Tally
from portfolio.inputs import Account
from portfolio.leaves import Leaf
from portfolio.valuation import Household


@dataclass(frozen=True, slots=True)
class Point:
    """What a household was worth on a day; ``by_account`` in the order of its accounts, empty unless wanted."""

    on: date
    net_worth: Figure
    assets: Figure
    liabilities: Figure
    by_account: tuple[Figure, ...] = ()


class Follower:
    """Follows one account from day to day, and keeps the tallies that its leaves are in."""

    def __init__(self, account: Account, rates: RateHistory, tallies: tuple[Tally, ...]) -> None:
        """Keep ``tallies`` up to date with what is in ``account``."""
        self._read: LeavesOn = reader(account, rates)
        self._tallies = tallies
        self._latest: list[Leaf] = []

    def go_to(self, day: date) -> None:
        """Bring the tallies to ``day``."""
        found, latest = self._read(day), self._latest
        if len(found) == len(latest) and all(map(is_, found, latest)):
            return
        gone = set(map(id, latest)).difference(map(id, found))
        new = set(map(id, found)).difference(map(id, latest))
        before = [leaf for leaf in latest if id(leaf) in gone]
        after = [leaf for leaf in found if id(leaf) in new]
        for tally in self._tallies:
            tally.exchange(before, after)
        self._latest = found


def series(household: Household, days: Iterable[date], *, by_account: bool = False) -> Iterator[Point]:
    """Yield what ``household`` was worth on each of ``days``, which ascend."""
    assets, liabilities = Tally(), Tally()
    own = [Tally() for _ in household.accounts] if by_account else []
    followers = []
    for place, account in enumerate(household.accounts):
        side = liabilities if account.is_liability else assets
        tallies = (side, own[place]) if by_account else (side,)
        followers.append(Follower(account, household.rates, tallies))
    for day in days:
        for follower in followers:
            follower.go_to(day)
        rates = household.rates.on(day)
        owned, owed = assets.figure(rates), liabilities.figure(rates)
        yield Point(day, figures.net(owned, owed), owned, owed, tuple(tally.figure(rates) for tally in own))
