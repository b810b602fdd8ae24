"""What a holding cost and what it is worth: exact arithmetic on decimals."""

from dataclasses import dataclass
from decimal import Decimal

from finances import money

PERCENT_PLACES = 4


@dataclass(frozen=True, slots=True)
class MarketFigures:
    """The figures of a holding in its currency, exact but for the percentage; None where there is no price."""

    cost_basis: Decimal
    market_value: Decimal | None
    gain_loss: Decimal | None
    gain_loss_percent: Decimal | None


def figures(*, quantity: Decimal, average_cost: Decimal, price: Decimal | None) -> MarketFigures:
    """Compute the figures of ``quantity`` units that cost ``average_cost`` each, at ``price`` for one.

    The percentage is of the cost, rounded half to even to four places; None when it cost nothing.
    """
    cost_basis = money.product(quantity, average_cost)
    if price is None:
        return MarketFigures(cost_basis, None, None, None)
    market_value = money.product(quantity, price)
    gain_loss = money.difference(market_value, cost_basis)
    percent = money.percentage(gain_loss, of=cost_basis, decimal_places=PERCENT_PLACES) if cost_basis else None
    return MarketFigures(cost_basis, market_value, gain_loss, percent)
