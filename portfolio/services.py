"""What somebody is worth, asked of the database. Nothing here asks the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from portfolio import contents, days, explanation, figures, loading
from portfolio.days import Period, Spacing
from portfolio.explanation import Explanation
from portfolio.figures import Figure
from portfolio.inputs import Account
from portfolio.leaves import Leaf
from portfolio.loading import Wanted
from portfolio.reconciliation import Difference
from portfolio.series import Point, series
from portfolio.valuation import Day, Dimension, Name, Slice

TOP_COUNT = 10
DASHBOARD_DIMENSIONS = (Dimension.ACCOUNT_TYPE, Dimension.INSTITUTION, Dimension.CURRENCY, Dimension.ASSET_CLASS)


@dataclass(frozen=True, slots=True)
class Change:
    """By how much net worth has changed since the day ``since``, where it was ``then``."""

    period: Period
    since: date
    then: Figure
    figure: Figure


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A household at a glance."""

    day: Day
    household: dict[Name, Figure]
    changes: list[Change]
    divided: dict[Dimension, list[Slice]]
    top_holdings: list[Slice]


def dashboard(*, user: Any, on: date, currency: str) -> Dashboard:
    """Return what ``user`` is worth on the day ``on``, since when it changed how, and what it consists of."""
    starts = {period: start for period in Period if (start := period.start(on)) is not None}
    wanted = Wanted(tuple(sorted({on, *starts.values()})))
    found = loading.household(user=user, wanted=wanted, currency=currency)
    day = found.on(on)
    named = {name: day.figure(name) for name in Name}
    changes = []
    for period, start in starts.items():
        then = found.on(start).figure(Name.NET_WORTH)
        changes.append(Change(period, start, then, figures.change(since=then, until=named[Name.NET_WORTH])))
    held = [part for part in day.divided(Dimension.SECURITY) if part.leaves[0].position is not None]
    divided = {by: day.divided(by) for by in DASHBOARD_DIMENSIONS}
    return Dashboard(day, named, changes, divided, held[:TOP_COUNT])


@dataclass(frozen=True, slots=True)
class NetWorth:
    """A series of net worth, a point at a time; ``accounts`` in the order of each point's ``by_account``."""

    accounts: tuple[Account, ...]
    points: Iterator[Point]


def net_worth(
    *, user: Any, start: date, end: date, spacing: Spacing, currency: str, by_account: bool = False
) -> NetWorth:
    """Return what ``user`` was worth on the last day of each interval from ``start`` to ``end``.

    Raises:
        TooMuchWorkError: that is more than is computed at once.
    """
    count = days.count(start=start, end=end, spacing=spacing)
    wanted = Wanted((start, end), is_range=True, points=count)
    found = loading.household(user=user, wanted=wanted, currency=currency)
    points = series(found, days.points(start=start, end=end, spacing=spacing), by_account=by_account)
    return NetWorth(found.accounts, points)


def day_of(*, user: Any, on: date, currency: str) -> Day:
    """Return all that ``user`` has and owes on the day ``on``."""
    return loading.household(user=user, wanted=Wanted((on,)), currency=currency).on(on)


@dataclass(frozen=True, slots=True)
class Valuation:
    """What one account is worth, and of what; by how much that differs from what was recorded, where it may."""

    account: Account
    day: Day
    figure: Figure
    leaves: list[Leaf]
    unreconciled: Difference | None


def valuation(*, user: Any, account_id: Any, on: date, currency: str) -> Valuation:
    """Return what an account of ``user`` is worth on the day ``on``.

    Raises:
        NotFoundError: the user has no such account.
    """
    found = loading.household(user=user, wanted=Wanted((on,)), currency=currency, account_id=account_id)
    day = found.on(on)
    leaves = day.of_account(str(account_id))
    account = found.accounts[0]
    return Valuation(account, day, day.total(leaves), leaves, contents.difference(account, on, found.rates))


def explain(*, user: Any, name: str, on: date, currency: str) -> Explanation:
    """Return the tree behind the figure ``name`` of the day ``on``.

    Raises:
        FigureNotFoundError: there is no such figure.
    """
    wanted = Wanted(tuple(explanation.days_needed(name, on)))
    found = loading.household(user=user, wanted=wanted, currency=currency)
    return explanation.explain(found, name=name, on=on)
