"""Figures as they are shown: rounded to the minor unit of their currency, here and nowhere before."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from finances import money
from portfolio.explanation import Explanation, Input, Node
from portfolio.figures import Figure
from portfolio.leaves import Leaf, Missing
from portfolio.reconciliation import Difference
from portfolio.series import Point
from portfolio.services import Change, Dashboard, NetWorth, Valuation
from portfolio.valuation import Day, Dimension, Name, Slice

# Of what a figure leaves out, so that an answer with hundreds of figures stays one that can be read.
MAX_LEFT_OUT = 20
MAX_MISSING = 50
MAX_MISSING_IN_SERIES, MAX_MISSING_OF_POINT = 200, 20
SHARE_PLACES = 4
PERCENT_PLACES = 2


def rounded(value: Fraction | None, places: int) -> Decimal | None:
    """Round ``value`` to the minor unit; what is not known stays unknown."""
    return None if value is None else money.rounded_fraction(value, decimal_places=places)


def figure(shown: Figure, *, name: str, places: int) -> dict[str, Any]:
    """Show a figure; ``name`` is what `explain` knows it by."""
    return {
        "figure": name,
        "value": rounded(shown.value, places),
        "currency_code": shown.currency,
        **completeness(shown),
    }


def completeness(shown: Figure) -> dict[str, Any]:
    """Show whether a figure is complete, and else what is missing and what was left out."""
    return {
        "complete": shown.is_complete,
        **all_missing(shown.missing),
        "left_out": [left_out(leaf) for leaf in shown.left_out[:MAX_LEFT_OUT]],
        "left_out_count": len(shown.left_out),
        "oldest_input_on": shown.oldest_input_on,
    }


def all_missing(shown: Sequence[Missing]) -> dict[str, Any]:
    """Show what is not there: the first of it, and how much it is."""
    return {"missing": [missing(one) for one in shown[:MAX_MISSING]], "missing_count": len(shown)}


def missing(shown: Missing) -> dict[str, str]:
    """Show what is not there."""
    return {"kind": shown.kind.value, "name": shown.name, "reason": shown.reason}


def left_out(leaf: Leaf) -> dict[str, Any]:
    """Show what is not in a figure, with its amount where that is known."""
    return {
        "account_id": leaf.account.id,
        "account_name": leaf.account.name,
        "name": leaf.label,
        "amount": None if leaf.missing is not None and not leaf.numerator else money.from_fraction(leaf.amount),
        "currency_code": leaf.currency or None,
    }


def slices(parts: Sequence[Slice], *, prefix: str, places: int) -> list[dict[str, Any]]:
    """Show the parts of a whole with their shares in what is known of it, which add up to exactly 1."""
    is_all = all(part.figure.is_complete for part in parts)
    known = [part.figure.value for part in parts if part.figure.value is not None]
    nothing: list[Decimal | None] = [None] * len(known)
    shares = iter(money.shares(known, decimal_places=SHARE_PLACES) or nothing)
    return [
        {
            "key": part.key[0],
            "name": part.key[1],
            "share": next(shares) if part.figure.value is not None else None,
            "share_complete": is_all,
            **figure(part.figure, name=f"{prefix}:{part.key[0]}", places=places),
        }
        for part in parts
    ]


def dashboard(shown: Dashboard, *, places: int) -> dict[str, Any]:
    """Show a household at a glance."""
    assets = shown.household[Name.ASSETS]
    return {
        "on": shown.day.on,
        "currency_code": shown.day.rates.quote,
        **{name.value: figure(each, name=name, places=places) for name, each in shown.household.items()},
        "changes": [change(each, places=places) for each in shown.changes],
        **{f"by_{by}": slices(parts, prefix=by, places=places) for by, parts in shown.divided.items()},
        "top_holdings": [holding(part, assets, places=places) for part in shown.top_holdings],
        "freshness": freshness(shown.day),
    }


def change(shown: Change, *, places: int) -> dict[str, Any]:
    """Show by how much net worth has changed, also as a percentage of what it was."""
    was, grown = shown.then.value, shown.figure.value
    percent = None if not was or grown is None else grown / abs(was) * 100
    return {
        "period": shown.period.value,
        "since": shown.since,
        "then": rounded(was, places),
        "percent": rounded(percent, PERCENT_PLACES),
        **figure(shown.figure, name=f"change:{shown.period}", places=places),
    }


def holding(part: Slice, assets: Figure, *, places: int) -> dict[str, Any]:
    """Show one of the largest holdings, with its share in all assets."""
    value = part.figure.value
    share = value / assets.value if assets.value and value is not None else None
    shown = figure(part.figure, name=f"{Dimension.SECURITY}:{part.key[0]}", places=places)
    return {
        "key": part.key[0],
        "name": part.key[1],
        "share": rounded(share, SHARE_PLACES),
        "share_complete": assets.is_complete,
        **shown,
    }


def freshness(day: Day) -> dict[str, Any]:
    """Show of which days the closes, rates and recorded values are that a day is made from."""
    counted = [leaf for leaf in day.leaves if leaf.missing is None]
    ways = [way for leaf in counted if leaf.numerator and (way := day.rates.way(leaf.currency)) and way.legs]
    return {
        "prices": span(leaf.close.on for leaf in counted if leaf.close is not None),
        "rates": span(way.rate_on for way in ways),
        "values": span(leaf.recorded.on for leaf in counted if leaf.recorded is not None),
    }


def span(found: Iterable[date]) -> dict[str, date | None]:
    """Show the first and the last of some days."""
    ordered = sorted(found)
    return {"oldest_on": ordered[0] if ordered else None, "newest_on": ordered[-1] if ordered else None}


def allocation(day: Day, by: Dimension, side: Name, *, places: int) -> dict[str, Any]:
    """Show the assets or the liabilities, divided by something."""
    prefix = by.value if side is Name.ASSETS else f"{side}:{by}"
    return {
        "on": day.on,
        "by": by.value,
        "of": side.value,
        "total": figure(day.figure(side), name=side, places=places),
        "parts": slices(day.divided(by, side=side), prefix=prefix, places=places),
    }


def valuation(shown: Valuation, *, places: int) -> dict[str, Any]:
    """Show what an account is worth, and of what."""
    account = shown.account
    return {
        "account_id": account.id,
        "account_name": account.name,
        "is_asset": not account.is_liability,
        "on": shown.day.on,
        **figure(shown.figure, name=f"{Dimension.ACCOUNT}:{account.id}", places=places),
        "parts": [
            {
                "name": leaf.label,
                "part": leaf.part.value,
                "amount": left_out(leaf)["amount"],
                "amount_currency_code": leaf.currency or None,
                "value": rounded(shown.day.total([leaf]).value, places),
                "as_of": leaf.on,
            }
            for leaf in shown.leaves
        ],
        "unreconciled": unreconciled(shown.unreconciled, account.currency),
    }


def unreconciled(shown: Difference | None, currency: str) -> dict[str, Any] | None:
    """Show by how much a recorded value differs from the holdings, in the account's currency, not rounded."""
    if shown is None:
        return None
    amount = money.from_fraction(shown.amount)
    return {"amount": amount, "currency_code": currency, "on": shown.on, "is_material": shown.is_material}


def net_worth(shown: NetWorth, *, currency: str, interval: str, places: int) -> dict[str, Any]:
    """Show a series. What is missing is listed once, and the points name it by its place in that list."""
    listed = MissingInSeries()
    columns: list[list[Decimal | None]] = [[] for _ in shown.accounts]
    points = []
    for point in shown.points:
        points.append(_point(point, listed, places))
        for column, each in zip(columns, point.by_account, strict=False):
            column.append(rounded(each.value, places))
    accounts = [
        {"account_id": account.id, "name": account.name, "is_asset": not account.is_liability, "values": column}
        for account, column in zip(shown.accounts, columns, strict=True)
        if column
    ]
    return {
        "currency_code": currency,
        "interval": interval,
        "missing": listed.shown(),
        "missing_count": listed.count,
        "points": points,
        "accounts": accounts,
    }


class MissingInSeries:
    """What is missing in a series: each once, with the first and the last point that lacks it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._spans: dict[Missing, tuple[int, date, date]] = {}  # the place, and the days
        self._latest: tuple[Missing, ...] = ()
        self._places: list[int] = []
        self._on: date | None = None

    @property
    def count(self) -> int:
        """Return how much is missing on any day."""
        return len(self._spans)

    def places(self, missing: tuple[Missing, ...], on: date) -> list[int]:
        """Return the places in the list of what is ``missing`` on the next day: the first of them."""
        if missing is not self._latest:
            self._end()
            for one in missing:
                place, first, _ = self._spans.get(one, (len(self._spans), on, on))
                self._spans[one] = (place, first, on)
            listed = (self._spans[one][0] for one in missing)
            self._places = [place for place in listed if place < MAX_MISSING_IN_SERIES][:MAX_MISSING_OF_POINT]
            self._latest = missing
        self._on = on
        return self._places

    def shown(self) -> list[dict[str, Any]]:
        """Show the first of what is missing."""
        self._end()
        listed = list(self._spans.items())[:MAX_MISSING_IN_SERIES]
        return [{**missing(one), "first_on": first, "last_on": last} for one, (_, first, last) in listed]

    def _end(self) -> None:
        """Note that what was missing so far was so until the day before."""
        for one in self._latest:
            place, first, last = self._spans[one]
            self._spans[one] = (place, first, self._on or last)


def _point(point: Point, listed: MissingInSeries, places: int) -> dict[str, Any]:
    total = point.net_worth
    return {
        "date": point.on,
        "net_worth": rounded(total.value, places),
        "assets": rounded(point.assets.value, places),
        "liabilities": rounded(point.liabilities.value, places),
        "complete": total.is_complete,
        "missing": listed.places(total.missing, point.on),
        "missing_count": len(total.missing),
        "oldest_input_on": total.oldest_input_on,
    }


def explanation(shown: Explanation, *, places: int) -> dict[str, Any]:
    """Show a figure with the tree behind it."""
    return {
        "on": shown.on,
        **figure(shown.figure, name=shown.name, places=places),
        "exact": exact(shown.figure.value),
        "tree": node(shown.tree, places=places),
    }


def exact(value: Fraction | None) -> str | None:
    """Show a value with nothing lost."""
    return None if value is None else money.exact_text(value)


def node(shown: Node, *, places: int) -> dict[str, Any]:
    """Show a node of the tree with all below it."""
    return {
        "name": shown.name,
        "formula": shown.formula,
        "value": rounded(shown.value, places),
        "exact": exact(shown.value),
        "currency_code": shown.currency,
        **all_missing(shown.missing),
        "inputs": [input_of(one) for one in shown.inputs],
        "children": [node(child, places=places) for child in shown.children],
    }


def input_of(shown: Input) -> dict[str, Any]:
    """Show a number that somebody recorded or published."""
    return {
        "kind": shown.kind,
        "id": shown.id,
        "name": shown.name,
        "on": shown.on,
        "value": shown.value,
        "currency_code": shown.currency,
        "source": shown.source,
    }
