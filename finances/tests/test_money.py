from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finances import money


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234567890123.45", "1234567890123.45"),
        ("1.50000000", "1.5"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1E-8", "0.00000001"),
        ("-0.00", "0"),
        ("-0.10", "-0.1"),
    ],
)
def test_a_decimal_is_written_with_its_digits_and_no_more(value, text):
    assert money.plain(Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_not_written(value):
    with pytest.raises(ValueError, match="not a number"):
        money.plain(Decimal(value))


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_what_is_written_reads_back_equal(value):
    assert Decimal(money.plain(value)) == value


@pytest.mark.parametrize(
    ("value", "decimal_places", "expected"),
    [("0.125", 2, "0.12"), ("0.135", 2, "0.14"), ("-0.125", 2, "-0.12"), ("2.5", 0, "2"), ("3.5", 0, "4")],
)
def test_rounding_is_half_to_even(value, decimal_places, expected):
    assert money.rounded(Decimal(value), decimal_places=decimal_places) == Decimal(expected)


def test_a_large_amount_is_rounded_without_losing_digits():
    value = Decimal("123456789012345678901234.125")

    assert money.rounded(value, decimal_places=2) == Decimal("123456789012345678901234.12")


@given(st.fractions(max_denominator=10**6))
def test_a_fraction_becomes_a_decimal_of_fifty_digits(value):
    error = abs(Fraction(money.from_fraction(value)) - value)

    assert error <= abs(value) / 10**49


def test_a_fraction_is_rounded_once():
    barely_no_tie = Fraction("0.015") - Fraction(1, 10**60)  # to 50 digits it would be one

    assert money.rounded_fraction(barely_no_tie, decimal_places=2) == Decimal("0.01")
    assert money.significant_fraction(barely_no_tie, digits=1) == Decimal("0.01")


def test_significant_digits_count_from_the_first_one():
    assert money.significant(Decimal("0.000123456789"), digits=3) == Decimal("0.000123")


@pytest.mark.parametrize(
    ("value", "places", "units"), [("12.5", 2, 1250), ("-0.01", 2, -1), ("7", 0, 7), ("1E+2", 1, 1000)]
)
def test_a_decimal_in_units(value, places, units):
    assert money.scaled(Decimal(value), decimal_places=places) == units


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10))
def test_digits_in_units_are_those_of_the_decimal(value):
    assert money.scaled_digits(money.plain(value), decimal_places=10) == money.scaled(value, decimal_places=10)


def test_zeros_that_say_nothing_are_no_digits():
    assert money.scaled_digits("1.500", decimal_places=1) == 15


@pytest.mark.parametrize("scale", [money.scaled, lambda value, **places: money.scaled_digits(str(value), **places)])
def test_more_digits_than_units_have_are_refused(scale):
    with pytest.raises(ValueError, match="decimal places"):
        scale(Decimal("0.125"), decimal_places=2)


@pytest.mark.parametrize(
    ("value", "rounded"), [((1, 8), "0.12"), ((3, 8), "0.38"), ((-1, 8), "-0.12"), ((2, 3), "0.67")]
)
def test_a_fraction_is_rounded_once_half_to_even(value, rounded):
    assert money.rounded_fraction(Fraction(*value), decimal_places=2) == Decimal(rounded)


@pytest.mark.parametrize(
    ("value", "text"), [((5, 2), "2.5"), ((1, 16), "0.0625"), ((-1, 3), "-1/3"), ((7, 1), "7"), ((-1, 50), "-0.02")]
)
def test_a_fraction_is_written_with_nothing_lost(value, text):
    assert money.exact_text(Fraction(*value)) == text


def test_the_largest_remainders_are_rounded_up():
    # 1/3 each: the unit that is left goes to the first
    assert money.shares([Fraction(1)] * 3, decimal_places=2) == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]
    # 5.2, 2.6 and 2.2 tenths: 5 + 2 + 2 leave one for the second
    assert [str(share) for share in money.shares([Fraction(52), Fraction(26), Fraction(22)], decimal_places=1)] == [
        "0.5", "0.3", "0.2",
    ]  # fmt: skip


def test_nothing_has_no_shares():
    assert money.shares([Fraction(1), Fraction(-1)], decimal_places=2) is None


@pytest.mark.parametrize("value", [Fraction(7**6000, 3**5000), Fraction(-(10**6000) + 1, 8), Fraction(10**5000)])
def test_an_exact_text_may_have_thousands_of_digits(value):
    numerator, _, denominator = money.exact_text(value).partition("/")

    assert Fraction(Decimal(numerator)) / int(Decimal(denominator or "1")) == value
