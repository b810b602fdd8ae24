"""Splits and dividends are Apple's: 4:1 on 2020-08-31, 7:1 on 2014-06-09; prices of the days as Nasdaq has them."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from securities import adjustment
from securities.adjustment import Step
from securities.bars import Bar
from securities.tests.shelf import at, bars, dividend, split

SPLITS = [split("2014-06-09", 7), split("2020-08-31", 4)]


def close_of(day, close, volume=100):
    return Bar(at(day), None, None, None, Decimal(close), volume)


@pytest.mark.parametrize(
    ("value", "ratio"),
    [
        ("4", Fraction(4)),
        ("1.5", Fraction(3, 2)),
        ("0.333333", Fraction(1, 3)),
        ("0.0001", Fraction(1, 10_000)),
        ("1.281", Fraction(1281, 1000)),
        ("0.00001234", Fraction(617, 50_000_000)),
        ("0.333333333333", Fraction(1, 3)),
        ("0.66667", Fraction(2, 3)),
        ("1.003456789012", Fraction("1.003456789012")),
        ("1.0000015", Fraction("1.0000015")),
        ("1.0035", Fraction("1.0035")),
    ],
)
def test_a_ratio_is_the_one_of_small_whole_numbers(value, ratio):
    assert adjustment.exact_ratio(Decimal(value)) == ratio


def test_a_split_counts_from_its_own_day_on():
    later = adjustment.LaterSplits(SPLITS)

    assert later.after(date(2014, 6, 8)) == 28
    assert later.after(date(2014, 6, 9)) == 4
    assert later.after(date(2020, 8, 30)) == 4
    assert later.after(date(2020, 8, 31)) == 1


def test_adjusted_prices_go_back_to_what_was_traded():
    # Yahoo's close of 2014-06-06 in 2026 is 23.05607; 645.57 was traded.
    adjusted = [close_of("2014-06-06", "23.05607", 349_938_400), close_of("2020-08-31", "129.04", 225_702_700)]

    traded = adjustment.bars_as_traded(adjusted, splits=SPLITS)

    assert traded == [close_of("2014-06-06", "645.57", 12_497_800), close_of("2020-08-31", "129.04", 225_702_700)]


def test_a_dividend_goes_back_to_what_was_paid_for_a_share_of_then():
    # Yahoo's dividend of 2014-05-08 is 0.1175; 3.29 dollars were paid.
    paid = adjustment.actions_as_traded([dividend("2014-05-08", "0.1175"), *SPLITS], splits=SPLITS)

    assert paid == [dividend("2014-05-08", "3.29"), *SPLITS]


def test_steps_multiply_backwards():
    closes = {date(2020, 8, 7): (date(2020, 8, 6), Decimal("455.61"))}

    steps = adjustment.steps([dividend("2020-08-07", "0.82"), *SPLITS], closes_before=closes)

    whole = Decimal("0.99820021509624459516")  # 1 - 0.82 / 455.61
    assert [(step.before, step.split) for step in steps] == [
        (date(2014, 6, 9), Decimal("0.035714285714285714286")),
        (date(2020, 8, 7), Decimal("0.25")),
        (date(2020, 8, 31), Decimal("0.25")),
    ]
    assert steps[1].total == pytest.approx(whole / 4, rel=Decimal("1e-18"))
    assert steps[2].total == Decimal("0.25")


def test_a_dividend_on_the_day_of_a_split_is_of_the_new_shares():
    closes = {date(2026, 3, 4): (date(2026, 3, 3), Decimal(400))}

    (step,) = adjustment.steps([dividend("2026-03-04", 1), split("2026-03-04", 4)], closes_before=closes)

    assert step == Step(date(2026, 3, 4), Decimal("0.25"), Decimal("0.2475"))  # 1 of 100 is a hundredth


@pytest.mark.parametrize("amount", ["100", "250"])
def test_a_dividend_of_the_whole_price_changes_nothing(amount):
    closes = {date(2026, 3, 4): (date(2026, 3, 3), Decimal(100))}

    assert adjustment.steps([dividend("2026-03-04", amount)], closes_before=closes) == []


def test_the_three_modes():
    steps = [
        Step(date(2026, 3, 3), Decimal("0.25"), Decimal("0.2475")),
        Step(date(2026, 3, 4), Decimal(1), Decimal("0.99")),
    ]
    series = [close_of("2026-03-02", 400, 10), close_of("2026-03-03", 100, 40), close_of("2026-03-04", 99, 44)]

    shown = {mode: adjustment.adjusted(series, steps=steps, mode=mode) for mode in ("none", "splits", "all")}

    assert [bar.bar.close for bar in shown["none"]] == [400, 100, 99]
    assert [bar.bar.close for bar in shown["splits"]] == [100, 100, 99]
    assert [bar.bar.close for bar in shown["all"]] == [99, 99, 99]
    assert [bar.bar.volume for bar in shown["splits"]] == [40, 40, 44]
    assert {bar.adjusted_close for mode in shown.values() for bar in mode} == {Decimal(99)}


@given(
    closes=st.lists(st.decimals("0.01", "99999", places=2), min_size=5, max_size=5),
    ratio=st.sampled_from(["2", "3", "7", "20", "1.5", "0.1", "0.05"]),
)
def test_taking_a_split_out_and_putting_it_back_changes_nothing_that_a_float_knows(closes, ratio):
    traded = bars(closes)
    out = adjustment.adjusted(
        traded, steps=adjustment.steps([split("2026-03-04", ratio)], closes_before={}), mode="splits"
    )

    back = adjustment.bars_as_traded([bar.bar for bar in out], splits=[split("2026-03-04", ratio)])

    for before, after in zip(traded, back, strict=True):
        assert after.close == pytest.approx(before.close, rel=Decimal("1e-6"), abs=Decimal("0.00002"))


def test_prices_below_one_keep_their_digits():
    assert adjustment.derived(Decimal("0.0000081234"), Decimal("0.5")) == Decimal("0.0000040617")
    assert adjustment.derived(Decimal("1.0000081234"), Decimal("0.5")) == Decimal("0.500004")
