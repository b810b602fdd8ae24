"""When holdings are taken for all of an account, and its recorded cash for what it is, worked out by hand.

All values are recorded on 2020-09-04 and in dollars, unless the example says otherwise.
"""

import dataclasses
from fractions import Fraction
from itertools import pairwise

import pytest

from portfolio import figures
from portfolio.tests.household import (
    ECB_RATES,
    TEN_OF_1000,
    account,
    beside,
    day,
    household,
    security,
)
from portfolio.valuation import Name

BOTH_DAYS = ("2020-09-04", "2020-09-08")


def worth(found, on, name=Name.NET_WORTH):
    return found.on(day(on)).figure(name)


def told(figure):
    """Return the value, and what is missing."""
    return figure.value, [missing.kind.value for missing in figure.missing]


def shares(symbol, price, *told_of):
    """A security at ``price`` throughout, and what is held of it since when."""
    return security(symbol, closes=[(on, price) for on in BOTH_DAYS]), list(told_of)


# ---- A part that nobody itemised ----


def test_what_is_in_no_holding_is_missing_by_name_and_size():
    figure = worth(beside("100000", "5000", TEN_OF_1000), "2020-09-04")

    assert told(figure) == (15000, ["holding"])
    assert [missing.name for missing in figure.missing] == ["TFSA"]
    assert [(leaf.label, leaf.amount) for leaf in figure.left_out] == [("securities, not itemised", 85000)]


def test_what_the_market_does_later_changes_nothing_about_it():
    found = beside("15000", "5000", TEN_OF_1000)

    assert [told(worth(found, on)) for on in BOTH_DAYS] == [(15000, []), (10000, [])]


@pytest.mark.parametrize(
    ("value", "missing"),
    [
        ("15526.31", []),  # a twentieth of what is in securities is 526.31…
        ("15526.32", ["holding"]),
        ("14523.81", []),  # a twentieth of 9523.81 is 476.19
        ("14523.80", ["cash_outdated"]),
    ],
)
def test_a_small_difference_is_the_brokers_price(value, missing):
    assert told(worth(beside(value, "5000", TEN_OF_1000), "2020-09-04")) == (15000, missing)


def test_a_large_part_of_few_securities_is_small_beside_the_cash():
    held = shares("AAPL", "1", ("2020-09-04", "1"))

    assert told(worth(beside("1010", "1000", held), "2020-09-04")) == (1001, [])
    assert told(worth(beside("1012", "1000", held), "2020-09-04")) == (1001, ["holding"])


def test_holdings_that_were_told_of_later_are_compared_on_the_day_of_the_value():
    later = (security(closes=[("2020-09-04", "1000"), ("2020-09-14", "1700")]), [("2020-09-12", "10")])

    assert told(worth(beside("10000", "0", later), "2020-09-14")) == (17000, [])
    assert told(worth(beside("20000", "0", later), "2020-09-14")) == (17000, ["holding"])


def test_quantities_of_after_a_split_are_compared_with_a_value_of_before_it():
    apple = security(closes=[("2020-08-28", "499.23"), ("2020-09-04", "120.96")], splits=[("2020-08-31", "4")])
    found = beside("4992.30", "0", (apple, [("2020-09-02", "40")]), on="2020-08-28")

    assert told(worth(found, "2020-09-04")) == (40 * Fraction("120.96"), [])


def test_holdings_are_compared_in_the_currency_of_the_account():
    held = (security(closes=[("2020-09-04", "1000")]), [("2020-09-04", "10")])
    found = household(
        account("TFSA", values=[("2020-09-04", "13095.76", "0")], held=[held]), rates=ECB_RATES, currency="EUR"
    )  # 10000 USD x 1.5508 / 1.1842

    assert worth(found, "2020-09-04").is_complete


def test_on_credit_a_little_of_the_securities_is_much_of_the_value():
    held = shares("AAPL", "9501", ("2020-09-04", "100"))

    figure = worth(beside("10000", "-990000", held), "2020-09-04")

    assert told(figure) == (-39900, ["holding"])  # 950100 - 990000
    assert [leaf.amount for leaf in figure.left_out] == [49900]


# ---- Cash that is no longer what was recorded ----


def test_what_was_bought_from_recorded_cash_makes_the_cash_outdated():
    found = beside("100000", "100000", shares("AAPL", "1000", ("2020-09-08", "50")))

    before, after = (worth(found, on) for on in BOTH_DAYS)

    assert told(before) == (100000, [])
    assert told(after) == (150000, ["cash_outdated"])
    assert after.missing[0].name == "TFSA"
    assert after.missing[0].reason == (
        "The holdings of TFSA are more than was recorded on 2020-09-04 as being in securities. "
        "Record a new value of it, with the cash that it has now."
    )
    assert [(leaf.label, leaf.missing is not None) for leaf in after.left_out] == [
        ("cash paid or received since", True)
    ]


def test_outdated_cash_is_cash_and_not_invested():
    found = beside("100000", "100000", shares("AAPL", "1000", ("2020-09-08", "50")))

    assert told(worth(found, "2020-09-08", Name.CASH)) == (100000, ["cash_outdated"])
    assert told(worth(found, "2020-09-08", Name.INVESTED)) == (50000, [])


def test_a_new_value_with_its_cash_ends_it():
    values = [("2020-09-04", "100000", "100000"), ("2020-09-08", "100000", "50000")]
    held = shares("AAPL", "1000", ("2020-09-08", "50"))
    found = household(account("TFSA", currency="USD", values=values, held=[held]), currency="USD")

    assert told(worth(found, "2020-09-08")) == (100000, [])


def test_what_was_sold_since_makes_the_cash_outdated_until_the_last_is_gone():
    ten = [shares(f"S{number}", "100", ("2020-09-04", "100"), ("2020-09-07", None)) for number in range(9)]
    last = shares("S9", "100", ("2020-09-04", "100"), ("2020-09-08", None))
    found = beside("100000", "0", *ten, last)

    days = [worth(found, on) for on in ("2020-09-06", "2020-09-07", "2020-09-08")]

    assert [told(figure) for figure in days] == [(100000, []), (10000, ["cash_outdated"]), (100000, [])]
    assert days[1].missing[0].reason == (
        "Securities of TFSA were bought or sold after its cash was recorded on 2020-09-04. "
        "Record a new value of it, with the cash that it has now."
    )


def test_more_of_the_same_is_a_purchase_and_hides_nothing():
    found = beside("100000", "0", shares("AAPL", "1000", ("2020-09-04", "50"), ("2020-09-08", "100")))

    assert [told(worth(found, on)) for on in BOTH_DAYS] == [
        (50000, ["holding"]), (100000, ["cash_outdated", "holding"]),
    ]  # fmt: skip


def test_more_of_something_else_than_was_left_is_a_purchase():
    half = shares("AAPL", "1000", ("2020-09-04", "50"))
    found = beside("100000", "0", half, shares("MSFT", "600", ("2020-09-08", "100")))

    assert [told(worth(found, on)) for on in BOTH_DAYS] == [(50000, ["holding"]), (110000, ["cash_outdated"])]


def test_as_much_of_something_else_as_was_left_is_worth_what_was_recorded_bought_or_itemised():
    half = shares("AAPL", "1000", ("2020-09-04", "50"))
    found = beside("130000", "30000", half, shares("MSFT", "500", ("2020-09-08", "100")))

    assert [told(worth(found, on)) for on in BOTH_DAYS] == [(80000, ["holding"]), (130000, [])]


def test_small_trades_add_up():
    held = shares("AAPL", "1000", ("2020-09-04", "100"), ("2020-09-06", "103"), ("2020-09-08", "100"))
    found = beside("100000", "0", held)

    days = [told(worth(found, on)) for on in ("2020-09-06", "2020-09-08")]

    assert days == [(103000, []), (100000, ["cash_outdated"])]  # 3000, and 6000 of 100000


def test_a_split_is_no_trade():
    held = (
        security(closes=[("2020-08-28", "400"), ("2020-09-04", "100")], splits=[("2020-08-31", "4")]),
        [("2020-08-01", "10"), ("2020-08-31", "40")],
    )

    assert told(worth(beside("4000", "0", held, on="2020-08-28"), "2020-09-04")) == (4000, [])


def test_to_confirm_a_quantity_is_no_trade():
    found = beside("10000", "0", shares("AAPL", "1000", ("2020-09-04", "10"), ("2020-09-08", "10")))

    assert told(worth(found, "2020-09-08")) == (10000, [])


def test_days_that_miss_other_trades_are_not_compared():
    held = shares("AAPL", "1000", ("2020-09-05", "50"), ("2020-09-07", "80"))
    found = beside("100000", "100000", held)
    days = [worth(found, f"2020-09-0{number}") for number in (5, 6, 7, 8)]

    changes = [figures.change(since=since, until=until).value for since, until in pairwise(days)]

    assert changes == [0, None, 0]


# ---- What cannot be priced on the day of the value ----


def test_what_has_no_price_on_that_day_may_be_the_rest():
    held = (security(closes=[("2020-09-08", "10")]), [("2020-09-04", "10")])

    assert told(worth(beside("100", "0", held), "2020-09-08")) == (100, [])


def test_what_has_no_rate_on_that_day_may_be_the_rest():
    held = (security(closes=[("2020-09-04", "10")], currency="XAU"), [("2020-09-04", "10")])

    assert told(worth(beside("100", "0", held), "2020-09-04")) == (0, ["rate"])


def test_what_has_no_price_cannot_make_too_much_of_the_others_less():
    unpriced = (security("MSFT", closes=[("2020-09-08", "10")]), [("2020-09-04", "10")])

    assert told(worth(beside("5000", "0", TEN_OF_1000, unpriced), "2020-09-08")) == (5100, ["cash_outdated"])


def test_what_was_traded_without_a_price_is_neither_here_nor_there():
    unpriced = (security(closes=[("2020-09-08", "10")]), [("2020-09-04", "10"), ("2020-09-08", "20")])

    assert told(worth(beside("100", "0", unpriced), "2020-09-08")) == (200, [])


def test_a_deleted_security_is_the_only_thing_that_is_missing():
    gone = dataclasses.replace(security("The security X", currency=None), is_gone=True)

    assert told(worth(beside("5000", "0", (gone, [("2020-09-04", "10")])), "2020-09-08")) == (0, ["price"])
