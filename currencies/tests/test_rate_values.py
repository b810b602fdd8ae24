"""Which published figures are rates."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currencies.providers import rate_values
from finances import money


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1.1172", "1.1172"),
        ("136", "136"),
        ("372274", "372274"),
        ("3.05e-1", "0.305"),
        ("1E+3", "1000"),
        ("999999999999.999999999999", "999999999999.999999999999"),
        ("0.000000000001", "0.000000000001"),
        ("1.10000000000000000", "1.1"),
    ],
)
def test_a_rate_keeps_its_digits(text, rate):
    assert rate_values.read_rate(text) == Decimal(rate)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0", "zero"),
        ("0.000", "zero"),
        ("-0", "zero"),
        ("0e5", "zero"),
        ("-1.2", "negative"),
        ("NaN", "not a number"),
        ("Infinity", "not a number"),
        ("1_000", "not a number"),
        ("1,5", "not a number"),
        ("٣", "not a number"),
        ("", "not a number"),
        ("-", "not a number"),
        ("0x10", "not a number"),
        ("9" * 65, "not a number"),
        ("1000000000000", "too large"),
        ("1e400", "too large"),
        ("1e999999", "too large"),
        ("0.0000000000001", "more than 12 digits"),
        ("1e-400", "more than 12 digits"),
        ("1e-999999", "more than 12 digits"),
    ],
)
def test_what_is_no_rate_is_told_why(text, reason):
    with pytest.raises(ValueError, match=reason):
        rate_values.read_rate(text)


@given(st.decimals(min_value="0.000000000001", max_value="999999999999", places=12))
def test_every_rate_that_the_column_holds_comes_back_exactly(rate):
    assert rate_values.read_rate(money.plain(rate)) == rate


@given(st.text(max_size=80))
def test_any_text_is_a_rate_or_a_reason(text):
    try:
        outcome = rate_values.read_rate(text)
    except ValueError as exc:
        outcome = str(exc)

    assert outcome.startswith("the rate") if isinstance(outcome, str) else 0 < outcome < 10**12


@pytest.mark.parametrize("code", ["", "US", "USDOLL", "usd", "US1", "ÜSD", "USD\n"])
def test_a_code_that_is_none_is_refused(code):
    with pytest.raises(ValueError, match="not one of a currency"):
        rate_values.read_code(code)
