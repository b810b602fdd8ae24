"""What a holding cost and what it is worth: exact arithmetic. The portfolio's leaves are pinned to it by a test."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from finances import money
from securities.intervals import instant_of

# How far back a close may lie and still count for a day: a weekend, a row of holidays, a short halt; not more.
MAX_PRICE_AGE_DAYS = 10
PERCENT_PLACES = 4
UNSPLIT = Fraction(1)


def price_window(on: date) -> dict[str, datetime]:
    """Return from when to when a daily close counts for the day ``on``: since ``oldest`` and ``before``."""
    return {
        "oldest": instant_of(on - timedelta(days=MAX_PRICE_AGE_DAYS)),
        "before": instant_of(on + timedelta(days=1)),
    }


@dataclass(frozen=True, slots=True)
class MarketFigures:
    """The figures of a holding in its currency, exact but for the percentage; None where there is no price."""

    cost_basis: Decimal
    market_value: Decimal | None
    gain_loss: Decimal | None
    gain_loss_percent: Decimal | None


def after_splits(quantity: Decimal, ratio: Fraction) -> Decimal:
    """Return what ``quantity`` units have become, each being ``ratio`` now: exactly, or to 50 digits (of a third)."""
    units = money.product(quantity, Decimal(ratio.numerator))
    return units if ratio.denominator == 1 else money.from_fraction(Fraction(units) / ratio.denominator)


def figures(
    *, quantity: Decimal, average_cost: Decimal, price: Decimal | None, ratio: Fraction = UNSPLIT
) -> MarketFigures:
    """Compute the figures of ``quantity`` units that cost ``average_cost`` each, at ``price`` for one.

    ``ratio`` is what one of these units has become by splits up to the day of the price; what they cost stays the
    same. The percentage is of the cost, rounded half to even to four places; None when it cost nothing.
    """
    cost_basis = money.product(quantity, average_cost)
    if price is None:
        return MarketFigures(cost_basis, None, None, None)
    market_value = after_splits(money.product(quantity, price), ratio)
    gain_loss = money.difference(market_value, cost_basis)
    percent = money.percentage(gain_loss, of=cost_basis, decimal_places=PERCENT_PLACES) if cost_basis else None
    return MarketFigures(cost_basis, market_value, gain_loss, percent)
