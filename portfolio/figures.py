"""Sums of leaves in one currency, each saying whether it is complete. Pure, and exact: nothing is rounded here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portfolio.exchange import DayRates
from portfolio.leaves import Leaf, Missing, MissingKind

ZERO, NOTHING = Fraction(0), Decimal(0)
UNLIKE = Missing(
    MissingKind.COMPARISON,
    "change",
    "What is missing on one of the two days is not what is missing on the other, so that the difference says nothing.",
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum in ``currency``, and what had to be left out of it.

    ``value`` is None when nothing could be counted. ``missing`` names the inputs that are not there, ``left_out`` the
    leaves that are therefore not in the value; ``counted_count`` leaves are. ``oldest_input_on`` is the day of the
    oldest recorded value, close or rate that is in it.
    """

    value: Fraction | None
    currency: str
    missing: tuple[Missing, ...] = ()
    left_out: tuple[Leaf, ...] = ()
    counted_count: int = 0
    oldest_input_on: date | None = None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def why_left_out(leaf: Leaf, rates: DayRates) -> Missing | None:
    """Return what is missing to count ``leaf``, None when it counts."""
    if leaf.missing is not None:
        return leaf.missing
    if leaf.numerator and rates.known(leaf.currency) is None:
        return rates.missing(leaf.currency)
    return None


def total(leaves: Iterable[Leaf], rates: DayRates) -> Figure:
    """Return the sum of ``leaves`` in the currency of ``rates``. Zero is zero in every currency, and needs no rate.

    Amounts of one currency and denominator are summed as whole numbers and converted together, which in exact
    arithmetic is the same as converting each.
    """
    sums: dict[tuple[str, int], int] = {}
    counted, left_out = [], []
    for leaf in leaves:
        if why_left_out(leaf, rates) is not None:
            left_out.append(leaf)
            continue
        counted.append(leaf)
        if leaf.numerator:
            key = (leaf.currency, leaf.denominator)
            sums[key] = sums.get(key, 0) + leaf.numerator
    value, days = ZERO, [leaf.on for leaf in counted if leaf.on is not None]
    for (code, denominator), numerator in sums.items():
        way = rates.known(code)
        if way is not None:
            value += Fraction(numerator * way.ratio.numerator, denominator * way.ratio.denominator)
            days += [way.rate_on] if way.is_converted else []
    return Figure(
        value=value if counted or not left_out else None,
        currency=rates.quote,
        missing=unique(why_left_out(leaf, rates) for leaf in left_out),
        left_out=tuple(left_out),
        counted_count=len(counted),
        oldest_input_on=min(days, default=None),
    )


def unique(missing: Iterable[Missing | None]) -> tuple[Missing, ...]:
    """Return each thing that is ``missing`` once, in order."""
    return tuple(dict.fromkeys(one for one in missing if one is not None))


def net(assets: Figure, liabilities: Figure) -> Figure:
    """Return what is owned minus what is owed: the sum of all leaves of both."""
    counted_count = assets.counted_count + liabilities.counted_count
    left_out = assets.left_out + liabilities.left_out
    value = (assets.value or ZERO) - (liabilities.value or ZERO)
    return _of_two(assets, liabilities, value=value if counted_count or not left_out else None)


def change(*, since: Figure, until: Figure) -> Figure:
    """Return by how much a figure has grown: None when an end is not known, or has left out what the other has not."""
    is_alike = sorted(map(likeness, since.left_out)) == sorted(map(likeness, until.left_out))
    is_known = is_alike and since.value is not None and until.value is not None
    found = _of_two(until, since, value=(until.value or ZERO) - (since.value or ZERO) if is_known else None)
    missing = found.missing if is_alike else (*found.missing, UNLIKE)
    left_out = {leaf.slot: leaf for leaf in (*since.left_out, *until.left_out)}
    return replace(found, missing=missing, left_out=tuple(left_out.values()))


def likeness(leaf: Leaf) -> tuple[str, Fraction, Decimal]:
    """Return what is the same of a leaf that is left out on two days, when the rest of the two can be compared.

    An amount that moves from what is left out to what counts, or back, is no change; nor is a purchase of what has no
    price.
    """
    quantity = leaf.segment.quantity if leaf.segment is not None else None
    return leaf.slot, leaf.amount, quantity or NOTHING


def _of_two(one: Figure, other: Figure, *, value: Fraction | None) -> Figure:
    days = [figure.oldest_input_on for figure in (one, other) if figure.oldest_input_on is not None]
    return Figure(
        value=value,
        currency=one.currency,
        missing=unique(one.missing + other.missing) if one.missing and other.missing else one.missing or other.missing,
        left_out=one.left_out + other.left_out,
        counted_count=one.counted_count + other.counted_count,
        oldest_input_on=min(days, default=None),
    )
