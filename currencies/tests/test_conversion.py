"""Conversion, computed by hand from rates that the ECB published (units per euro)."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currencies import conversion
from currencies.conversion import Derivation, PublishedRate, RateNotFoundError

FRIDAY = date(2015, 8, 7)
SUNDAY = date(2015, 8, 9)


def published(base, quote, rate, on=FRIDAY, source="ecb"):
    return PublishedRate(base, quote, on, Decimal(rate), source)


def convert(amount, base, quote, rates, on=FRIDAY):
    return conversion.convert(Decimal(amount), base=base, quote=quote, on=on, rates=rates)


def test_an_amount_of_the_same_currency_stays_what_it_is():
    converted = convert("12.34", "CAD", "CAD", [])

    assert (converted.result, converted.rate, converted.derivation) == (Decimal("12.34"), 1, Derivation.IDENTITY)
    assert converted.rate_on == FRIDAY


def test_a_published_rate_is_used_as_it_is():
    converted = convert("100", "EUR", "USD", [published("EUR", "USD", "1.5990")])

    assert converted.result == Decimal("159.9")
    assert converted.derivation is Derivation.DIRECT


def test_the_inverse_of_a_published_rate_divides_exactly():
    converted = convert("15.99", "USD", "EUR", [published("EUR", "USD", "1.5990")])

    assert converted.result == Decimal(10)
    assert converted.derivation is Derivation.INVERSE


def test_two_rates_of_one_base_cross():
    rates = [published("EUR", "CAD", "1.4313"), published("EUR", "JPY", "136.43")]

    converted = convert("1000", "CAD", "JPY", rates)

    assert converted.ratio == Fraction("136.43") / Fraction("1.4313")
    assert (converted.derivation, converted.via) == (Derivation.CROSS, "EUR")


def test_a_direct_rate_comes_before_its_inverse_and_before_a_cross():
    cross = [published("EUR", "CAD", "2"), published("EUR", "USD", "4")]
    inverse = [published("USD", "CAD", "0.6"), *cross]
    direct = [published("CAD", "USD", "1.5"), *inverse]

    ratios = [convert("1", "CAD", "USD", rates).ratio for rates in (cross, inverse, direct)]

    assert ratios == [2, Fraction("10") / 6, Fraction("1.5")]


def test_a_cross_goes_through_the_euro_before_the_dollar_before_others():
    def pair(pivot, rate):
        return [published(pivot, "CAD", "1"), published(pivot, "JPY", rate)]

    others = pair("GBP", "3")
    dollar = [*pair("USD", "2"), *others]
    euro = [*pair("EUR", "5"), *dollar]

    pivots = [convert("1", "CAD", "JPY", rates).via for rates in (others, dollar, euro)]

    assert pivots == ["GBP", "USD", "EUR"]


def test_a_newer_inverse_comes_before_an_older_direct_rate():
    rates = [published("CAD", "USD", "1.5", on=FRIDAY - timedelta(days=6)), published("USD", "CAD", "0.5")]

    converted = convert("1", "CAD", "USD", rates)

    assert (converted.ratio, converted.derivation, converted.rate_on) == (2, Derivation.INVERSE, FRIDAY)


def test_a_newer_cross_comes_before_an_older_direct_rate_and_through_an_older_euro():
    older = FRIDAY - timedelta(days=1)
    direct = [published("CAD", "JPY", "7", on=FRIDAY - timedelta(days=2))]
    euro = [published("EUR", "CAD", "1", on=older), published("EUR", "JPY", "5")]
    dollar = [published("USD", "CAD", "1"), published("USD", "JPY", "2")]

    rates_used = [convert("1", "CAD", "JPY", rates) for rates in (direct + euro, direct + euro + dollar)]

    assert [(rate.ratio, rate.via, rate.rate_on) for rate in rates_used] == [(5, "EUR", older), (2, "USD", FRIDAY)]


def test_nothing_is_crossed_through_a_currency_that_the_euro_replaced():
    day = date(2024, 4, 30)
    rates = [published("HRK", "CAD", "1", on=day), published("HRK", "JPY", "2", on=day)]

    with pytest.raises(RateNotFoundError):
        convert("1", "CAD", "JPY", rates, on=day)


def test_a_sunday_takes_fridays_rate_and_says_so():
    rates = [published("EUR", "CAD", "1.4313"), published("EUR", "CAD", "9", on=FRIDAY - timedelta(days=1))]

    converted = convert("1", "EUR", "CAD", rates, on=SUNDAY)

    assert converted.ratio == Fraction("1.4313")
    assert (converted.rate_on, converted.on) == (FRIDAY, SUNDAY)


def test_a_cross_of_two_days_is_as_old_as_its_older_leg():
    rates = [published("EUR", "CAD", "1.4313", on=FRIDAY - timedelta(days=3)), published("EUR", "JPY", "136.43")]

    converted = convert("1", "CAD", "JPY", rates)

    assert converted.rate_on == FRIDAY - timedelta(days=3)
    assert [leg.on for leg in converted.legs] == [FRIDAY - timedelta(days=3), FRIDAY]


@pytest.mark.parametrize(("age", "found"), [(7, True), (8, False)])
def test_a_rate_counts_for_seven_days_and_not_for_eight(age, found):
    rates = [published("EUR", "CAD", "1.4313", on=FRIDAY - timedelta(days=age))]

    if found:
        assert convert("1", "EUR", "CAD", rates).rate_on == FRIDAY - timedelta(days=age)
    else:
        with pytest.raises(RateNotFoundError, match="from EUR to CAD on 2015-08-07"):
            convert("1", "EUR", "CAD", rates)


def test_a_rate_of_tomorrow_is_never_used():
    rates = [published("EUR", "CAD", "1.4313", on=FRIDAY + timedelta(days=1))]

    with pytest.raises(RateNotFoundError):
        convert("1", "EUR", "CAD", rates)


def test_a_currency_that_the_euro_replaced_keeps_its_fixed_rate():
    converted = convert("7.5345", "HRK", "EUR", [], on=date(2024, 5, 1))

    assert (converted.result, converted.derivation) == (Decimal(1), Derivation.FIXED)
    assert converted.legs[0].source == "EU Council"


def test_the_fixed_rate_counts_from_its_first_day_only():
    rates = [published("EUR", "HRK", "7.5365", on=date(2022, 12, 30))]

    before = convert("1", "EUR", "HRK", rates, on=date(2022, 12, 31))
    after = convert("1", "EUR", "HRK", rates, on=date(2023, 1, 1))

    assert (before.ratio, before.derivation) == (Fraction("7.5365"), Derivation.DIRECT)
    assert (after.ratio, after.derivation) == (Fraction("7.5345"), Derivation.FIXED)


def test_a_fixed_rate_can_be_a_leg_of_a_cross():
    rates = [published("EUR", "USD", "1.0718", on=date(2024, 4, 30))]

    converted = convert("7.5345", "HRK", "USD", rates, on=date(2024, 5, 1))

    assert converted.result == Decimal("1.0718")
    assert [leg.derivation for leg in converted.legs] == [Derivation.FIXED, Derivation.DIRECT]


def test_what_a_source_still_publishes_for_a_replaced_currency_does_not_count():
    rates = [
        published("USD", "HRK", "7", on=date(2024, 4, 30)),
        published("EUR", "USD", "1.0718", on=date(2024, 4, 30)),
    ]

    converted = convert("1.0718", "USD", "HRK", rates, on=date(2024, 5, 1))

    assert converted.result == Decimal("7.5345")
    assert [leg.derivation for leg in converted.legs] == [Derivation.INVERSE, Derivation.FIXED]


def test_a_replaced_currency_reaches_whatever_the_euro_reaches():
    day = date(2024, 4, 30)
    rates = [published("EUR", "USD", "1.25", on=day), published("USD", "ALL", "80", on=day)]

    converted = convert("7.5345", "HRK", "ALL", rates, on=day)

    assert converted.result == Decimal(100)
    assert converted.via == "EUR, USD"


def test_two_replaced_currencies_cross_without_any_published_rate():
    converted = convert("1.95583", "DEM", "FRF", [], on=date(2001, 1, 1))

    assert converted.result == Decimal("6.55957")


POSITIVE = st.decimals(min_value="0.000001", max_value="1000000", places=6)
AMOUNTS = st.decimals(min_value="-1000000000000", max_value="1000000000000", places=2)


@given(rate=POSITIVE, amount=AMOUNTS)
def test_there_and_back_again_is_exact(rate, amount):
    rates = [published("EUR", "CAD", rate)]

    there = convert("1", "EUR", "CAD", rates).ratio
    back = convert("1", "CAD", "EUR", rates).ratio

    assert Fraction(amount) * there * back == Fraction(amount)


@given(first=POSITIVE, second=POSITIVE)
def test_a_cross_is_the_product_of_its_legs(first, second):
    rates = [published("EUR", "CAD", first), published("EUR", "JPY", second)]

    converted = convert("1", "CAD", "JPY", rates)

    assert converted.ratio == converted.legs[0].ratio * converted.legs[1].ratio == Fraction(second) / Fraction(first)


@given(offsets=st.lists(st.integers(min_value=-20, max_value=20), min_size=1, unique=True))
def test_the_rate_used_is_the_last_one_on_or_before_the_day(offsets):
    rates = [published("EUR", "CAD", "1", on=FRIDAY + timedelta(days=offset)) for offset in offsets]
    usable = [offset for offset in offsets if -7 <= offset <= 0]

    if usable:
        assert convert("1", "EUR", "CAD", rates).rate_on == FRIDAY + timedelta(days=max(usable))
    else:
        with pytest.raises(RateNotFoundError):
            convert("1", "EUR", "CAD", rates)
