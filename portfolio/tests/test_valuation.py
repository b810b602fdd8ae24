"""What is valued how, worked out by hand."""

import dataclasses
from decimal import Decimal
from fractions import Fraction

import pytest

from accounts import market_figures
from portfolio import figures
from portfolio.tests.household import ECB_RATES, TEN_OF_1000, account, beside, day, example, household, rate, security
from portfolio.valuation import Dimension, Name

SUNDAY = day("2020-09-06")


def worth(found, on, name=Name.NET_WORTH):
    return found.on(day(on)).figure(name)


def reasons(figure):
    return [(missing.kind.value, missing.name) for missing in figure.missing]


# ---- Recorded values ----


def test_a_recorded_value_is_carried_forward_until_there_is_another():
    found = household(account(values=[("2026-01-10", "100"), ("2026-02-01", "250.5")]))

    assert [worth(found, on).value for on in ("2026-01-10", "2026-01-31", "2026-02-01", "9999-12-31")] == [
        100, 100, Fraction("250.5"), Fraction("250.5"),
    ]  # fmt: skip


def test_an_account_without_any_record_is_missing_and_not_zero():
    found = household(account(values=[("2026-01-10", "100")]), account("New"))

    figure = worth(found, "2026-02-01")

    assert (figure.value, figure.is_complete, reasons(figure)) == (100, False, [("value", "New")])
    assert [leaf.account.name for leaf in figure.left_out] == ["New"]


def test_before_its_first_record_an_account_was_not_there():
    found = household(account(values=[("2026-01-10", "100")]), account("New", values=[("2026-03-01", "7")]))

    figures = [worth(found, on) for on in ("2026-01-09", "2026-02-28", "2026-03-01")]

    assert [(figure.value, figure.is_complete) for figure in figures] == [(0, True), (100, True), (107, True)]


def test_an_account_was_there_from_the_as_of_day_of_its_first_holding_on():
    found = invested(
        (security(closes=[("2020-09-04", "10")]), [("2020-09-03", "1")]), values=[("2020-09-10", "0", "0")]
    )

    assert worth(found, "2020-09-02").is_complete
    assert reasons(worth(found, "2020-09-04")) == [("value", "TFSA")]  # cash was not recorded yet


def test_without_any_value_nothing_is_known():
    figure = worth(household(account()), "2026-02-01")

    assert (figure.value, figure.is_complete, figure.oldest_input_on) == (None, False, None)


def test_without_accounts_the_sum_is_zero_and_complete():
    figure = worth(household(), "2026-02-01")

    assert (figure.value, figure.is_complete) == (0, True)


def test_liabilities_subtract_and_an_overdraft_is_a_negative_asset():
    found = household(
        account(values=[("2026-01-10", "-20")]), account("Card", values=[("2026-01-10", "30")], owed=True)
    )

    assert worth(found, "2026-01-10").value == -50
    assert worth(found, "2026-01-10", Name.ASSETS).value == -20
    assert worth(found, "2026-01-10", Name.LIABILITIES).value == 30


def test_a_liability_that_is_not_known_leaves_net_worth_partial():
    found = household(account(values=[("2026-01-10", "20")]), account("Card", owed=True))

    figure = worth(found, "2026-01-10")

    assert (figure.value, reasons(figure)) == (20, [("value", "Card")])


def test_a_household_of_one_unknown_debt_is_not_worth_zero():
    figure = worth(household(account("Card", owed=True)), "2026-01-10")

    assert (figure.value, figure.is_complete) == (None, False)


# ---- Holdings ----


def invested(*held, values=(("2020-08-01", "0", "0"),), rates=ECB_RATES, currency="USD"):
    return household(account("TFSA", values=list(values), held=list(held)), rates=rates, currency=currency)


@pytest.mark.parametrize(("on", "value"), [("2020-09-14", 100), ("2020-09-15", None)])
def test_a_close_counts_for_ten_days(on, value):
    found = invested((security(closes=[("2020-09-04", "10")]), [("2020-01-01", "10")]))

    leaf = found.on(day(on)).total([leaf for leaf in found.on(day(on)).leaves if leaf.position])

    assert (leaf.value, leaf.is_complete) == (value, value is not None)
    assert reasons(leaf) == ([] if value else [("price", "AAPL")])


def test_a_later_close_is_never_used():
    found = invested((security(closes=[("2020-09-04", "10")]), [("2020-01-01", "10")]))

    assert reasons(worth(found, "2020-09-03")) == [("price", "AAPL")]


@pytest.mark.parametrize(
    ("as_of", "on", "value"),
    [
        ("2020-08-28", "2020-08-28", "4992.30"),  # before the split: 10 x 499.23
        ("2020-08-28", "2020-09-04", "4838.40"),  # after it: 40 x 120.96
        ("2020-08-30", "2020-08-31", "4992.30"),  # the split's day, with the close before it
        ("2020-08-31", "2020-08-31", "1248.075"),  # 10 new shares at the old close: 10 x 499.23 / 4
        ("2020-08-31", "2020-09-04", "1209.60"),  # a quantity of the split's own day is after it
    ],
)
def test_splits_apply_from_the_as_of_day_to_the_day_of_the_close(as_of, on, value):
    apple = security(closes=[("2020-08-28", "499.23"), ("2020-09-04", "120.96")], splits=[("2020-08-31", "4")])

    assert worth(invested((apple, [(as_of, "10")])), on).value == Fraction(value)


def test_a_consolidation_of_three_into_one_is_exact():
    shares = security(closes=[("2020-09-04", "9")], splits=[("2020-09-01", "0.333333333333")])

    assert worth(invested((shares, [("2020-08-01", "10")])), "2020-09-04").value == 30


def test_before_anything_was_held_the_recorded_value_counts():
    held = (security(closes=[("2020-09-04", "10")]), [("2020-09-03", "10")])
    found = invested(held, values=[("2020-08-01", "500", "20")], currency="CAD")

    assert worth(found, "2020-09-02").value == 500
    assert worth(found, "2020-09-04").value == 20 + 100 * Fraction(15508, 11842)


def test_a_recorded_value_is_cash_and_securities_that_are_not_itemised():
    found = household(account(values=[("2020-08-01", "500", "20")], invests=True)).on(SUNDAY)

    assert found.figure(Name.CASH).value == 20
    assert found.figure(Name.INVESTED).value == 480
    assert [(part.key[0], part.figure.value) for part in found.divided(Dimension.ASSET_CLASS)] == [
        ("unitemised", 480), ("cash", 20),
    ]  # fmt: skip


def test_a_value_that_does_not_say_what_is_cash_is_in_neither():
    found = household(account(values=[("2020-08-01", "500")], invests=True)).on(SUNDAY)

    assert found.figure(Name.ASSETS).value == 500
    for name in (Name.CASH, Name.INVESTED):
        assert (found.figure(name).value, reasons(found.figure(name))) == (None, [("value", "Chequing")])


def test_holdings_without_recorded_cash_are_counted_and_the_cash_is_missing():
    figure = worth(invested((security(closes=[("2020-09-04", "10")]), [("2020-01-01", "10")]), values=[]), "2020-09-04")

    assert (figure.value, reasons(figure)) == (100, [("value", "TFSA")])


def test_a_price_of_which_the_currency_is_not_known_says_nothing():
    held = (security(closes=[("2020-09-04", "10")], currency=None), [("2020-01-01", "10")])

    figure = worth(invested(held), "2020-09-04")

    assert (figure.value, reasons(figure)) == (0, [("currency", "AAPL")])
    assert figure.left_out[0].currency == ""


def test_a_deleted_security_is_missing_by_name():
    gone = dataclasses.replace(security("The security X", currency=None), is_gone=True)

    figure = worth(invested((gone, [("2020-08-01", "10")])), "2020-09-04")

    assert reasons(figure) == [("price", "The security X")]
    assert "deleted" in figure.missing[0].reason


# ---- Changes ----


def changed(*accounts, since="2026-01-10", until="2026-01-11", **options):
    found = household(*accounts, **options)
    return figures.change(since=worth(found, since), until=worth(found, until))


def test_a_change_between_days_that_miss_different_things_is_not_known():
    figure = changed(
        account(values=[("2026-01-10", "5")]),
        account("Gold", values=[("2026-01-10", "0"), ("2026-01-11", "3")], currency="XAU"),
    )

    assert (figure.value, reasons(figure)) == (None, [("rate", "XAU/CAD"), ("comparison", "change")])


def test_a_change_between_days_that_miss_the_same_is_that_of_the_rest():
    figure = changed(account(values=[("2026-01-10", "5"), ("2026-01-11", "7")]), account("New"))

    assert (figure.value, reasons(figure), len(figure.left_out)) == (2, [("value", "New")], 1)


def test_what_is_itemised_of_what_was_left_out_is_no_change():
    ten = (security(closes=[("2020-09-04", "1000")]), [("2020-09-04", "10")])
    sixty = (security("MSFT", closes=[("2020-09-04", "600")]), [("2020-09-08", "100")])
    found = beside("100000", "5000", ten, sixty)

    days = [worth(found, on) for on in ("2020-09-07", "2020-09-08")]
    figure = figures.change(since=days[0], until=days[1])

    assert [(each.value, each.left_out[0].amount) for each in days] == [(15000, 85000), (75000, 25000)]
    assert (figure.value, reasons(figure)) == (None, [("holding", "TFSA"), ("comparison", "change")])
    assert [leaf.amount for leaf in figure.left_out] == [25000]


def test_what_is_left_out_on_both_days_in_the_same_amount_is_compared():
    found = beside("100000", "5000", TEN_OF_1000)

    figure = figures.change(since=worth(found, "2020-09-07"), until=worth(found, "2020-09-08"))

    assert (figure.value, reasons(figure)) == (-5000, [("holding", "TFSA")])  # 10 shares at 500 instead of 1000


def test_a_purchase_of_what_has_no_price_is_no_change():
    held = (security("NONE"), [("2020-09-01", "10"), ("2020-09-08", "20")])
    found = household(
        account("TFSA", currency="USD", values=[("2020-09-04", "1000", "1000"), ("2020-09-08", "700", "700")],
                held=[held]),
        currency="USD",
    )  # fmt: skip

    figure = figures.change(since=worth(found, "2020-09-07"), until=worth(found, "2020-09-08"))

    assert (figure.value, reasons(figure)) == (None, [("price", "NONE"), ("comparison", "change")])


# ---- Currencies ----


def test_a_missing_rate_leaves_the_amount_out_and_names_it():
    found = example(account("Gold", values=[("2020-09-01", "3")], currency="XAU"))

    figure = worth(found, "2020-09-06")

    assert figure.value == Fraction(452596886, 29605)  # that of the example
    assert reasons(figure) == [("rate", "XAU/CAD")]
    assert [(leaf.amount, leaf.currency) for leaf in figure.left_out] == [(3, "XAU")]


@pytest.mark.parametrize(("on", "is_complete"), [("2020-09-11", True), ("2020-09-12", False)])
def test_a_rate_counts_for_seven_days(on, is_complete):
    found = household(account(values=[("2020-01-01", "3")], currency="EUR"), rates=ECB_RATES)

    assert worth(found, on).is_complete is is_complete


def test_zero_of_a_currency_without_rates_is_zero():
    figure = worth(example(account("Gold", values=[("2020-09-01", "0")], currency="XAU")), "2020-09-06")

    assert (figure.value, figure.is_complete) == (Fraction(452596886, 29605), True)


def test_what_cancels_out_still_needs_a_rate():
    found = household(
        account("One", values=[("2020-09-01", "5")], currency="XAU"),
        account("Other", values=[("2020-09-01", "-5")], currency="XAU"),
    )

    assert reasons(worth(found, "2020-09-06")) == [("rate", "XAU/CAD")]


def test_what_cancels_out_within_one_account_still_needs_a_rate():
    found = household(
        account(values=[("2020-09-01", "0", "0.00000001")], currency="XAU", invests=True), rates=ECB_RATES
    )  # so that there is as much less in securities

    assert reasons(worth(found, "2020-09-06")) == [("rate", "XAU/CAD")]


def test_a_security_is_converted_directly_and_not_by_way_of_its_account():
    odd = [rate("USD", "EUR", "2020-09-04", "2"), rate("EUR", "CAD", "2020-09-04", "3"),
           rate("USD", "CAD", "2020-09-04", "5")]  # fmt: skip
    found = household(
        account(
            "Broker", currency="EUR", values=[("2020-09-04", "0", "0")],
            held=[(security(closes=[("2020-09-04", "1")]), [("2020-09-01", "1")])],
        ),
        rates=odd,
    )  # fmt: skip

    assert worth(found, "2020-09-04").value == 5


@pytest.mark.parametrize("ratio", ["4", "0.05", "1.5"])
def test_a_holding_is_worth_what_its_figures_in_the_list_of_holdings_say(ratio):
    held = security(closes=[("2020-09-04", "120.96")], splits=[("2020-08-31", ratio)])
    found = household(account(held=[(held, [("2020-08-03", "10.00000001")])]), rates=ECB_RATES, currency="USD")

    [leaf] = [leaf for leaf in found.on(SUNDAY).leaves if leaf.position is not None]

    listed = market_figures.figures(
        quantity=Decimal("10.00000001"), average_cost=Decimal(1), price=Decimal("120.96"), ratio=Fraction(ratio)
    )
    assert leaf.amount == Fraction(listed.market_value)
