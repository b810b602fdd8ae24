from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import market_figures
from accounts.models import AMOUNT_DIGITS, AMOUNT_PLACES, COST_PLACES


def figures(quantity, average_cost, price):
    return market_figures.figures(
        quantity=Decimal(quantity), average_cost=Decimal(average_cost), price=None if price is None else Decimal(price)
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("12.5", "80.08", "100.1"), ("1001", "1251.25", "250.25", "25")),
        (("3", "10", "5"), ("30", "15", "-15", "-50")),
        (("3", "1", "2"), ("3", "6", "3", "100")),
        (("1", "3", "4"), ("3", "4", "1", "33.3333")),  # a third
        (("1", "600", "600.0003"), ("600", "600.0003", "0.0003", "0")),  # 0.00005 percent, half to even
        (("1", "0", "4"), ("0", "4", "4", None)),
        (("0.00000001", "0.0000000001", "0.0000000003"), ("1E-18", "3E-18", "2E-18", "200")),
    ],
)
def test_worked_examples(given, expected):
    result = figures(*given)

    values = (result.cost_basis, result.market_value, result.gain_loss, result.gain_loss_percent)
    assert values == tuple(None if text is None else Decimal(text) for text in expected)


def test_without_a_price_only_the_cost_is_known():
    result = figures("2", "3", None)

    assert result == market_figures.MarketFigures(Decimal(6), None, None, None)


AMOUNT = st.decimals(min_value="0.00000001", max_value="9" * (AMOUNT_DIGITS - AMOUNT_PLACES), places=AMOUNT_PLACES)
PRICE = st.decimals(min_value="0.0000000001", max_value="9" * (AMOUNT_DIGITS - COST_PLACES), places=COST_PLACES)


@given(AMOUNT, PRICE, PRICE)
def test_figures_of_whatever_the_columns_hold_are_exact(quantity, average_cost, price):
    result = market_figures.figures(quantity=quantity, average_cost=average_cost, price=price)

    with localcontext(prec=500):
        assert result.cost_basis == quantity * average_cost
        assert result.market_value == quantity * price
        assert result.gain_loss == quantity * price - quantity * average_cost
        assert abs(result.gain_loss_percent * quantity * average_cost / 100 - result.gain_loss) <= (
            quantity * average_cost * Decimal("0.00005") / 100
        )
