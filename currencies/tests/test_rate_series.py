"""The series of a pair; rates are invented unless said."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from currencies import rate_series, rates
from currencies.conversion import RateNotFoundError
from currencies.models import CurrencyRate
from currencies.tests.factories import CurrencyRateFactory

MONDAY = date(2026, 10, 26)


def store(*pairs, on=MONDAY):
    for pair, rate in pairs:
        CurrencyRateFactory(base_id=pair[:3], target_id=pair[3:], date=on, rate=rate)


def points(base, quote, *, start=None, end=None, limit=10_000, offset=0):
    page = rate_series.page(base=base, quote=quote, start=start, end=end, limit=limit, offset=offset)
    return {point["date"]: point["rate"] for point in page.points}


@pytest.mark.django_db
def test_rates_of_the_dollar_cross_as_well_as_the_euros():
    store(("USDCAD", "1.25"), ("USDJPY", "150"))

    assert points("CAD", "JPY") == {MONDAY: 120}


@pytest.mark.django_db
def test_days_on_which_one_leg_is_missing_are_left_out():
    store(("EURCAD", "1.25"), ("EURUSD", "2.5"))
    store(("EURCAD", "1.25"), on=MONDAY + timedelta(days=1))

    assert points("CAD", "USD") == {MONDAY: 2}


@pytest.mark.django_db
def test_a_replaced_currency_goes_on_as_the_euro():
    before, after = date(2022, 12, 30), date(2023, 1, 2)
    store(("EURHRK", "7.5365"), ("EURUSD", "1.0666"), on=before)  # source: ECB
    store(("EURUSD", "1.0683"), ("USDHRK", "9"), on=after)  # what some source still publishes

    assert points("EUR", "HRK") == {before: Decimal("7.5365"), after: Decimal("7.5345")}
    assert points("HRK", "USD") == {before: Decimal("0.141524580375506"), after: Decimal("0.141787776229345")}


@pytest.mark.django_db
def test_a_page_loads_its_own_days(django_assert_max_num_queries):
    for number in range(20):
        store(("EURCAD", "1.25"), ("EURJPY", 150 + number), on=MONDAY + timedelta(days=number))

    with django_assert_max_num_queries(6):
        page = rate_series.page(base="CAD", quote="JPY", start=None, end=None, limit=1, offset=7)

    assert page.count == 20
    assert page.points == [{"date": MONDAY + timedelta(days=7), "rate": Decimal("125.6")}]


CODES = ("EUR", "USD", "CAD", "HRK", "BGN", "JPY")
DAYS = [date(2022, 12, 29) + timedelta(days=number) for number in range(8)]  # HRK ends on 2023-01-01
KEYS = st.tuples(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(DAYS)).filter(
    lambda key: key[0] != key[1]
)
RATES = st.decimals(min_value="0.001", max_value="1000", places=3)


class WhateverIsStored(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(stored=st.dictionaries(KEYS, RATES, max_size=40))
    def test_series_and_table_agree_with_conversion(self, stored):
        CurrencyRate.objects.all().delete()
        CurrencyRate.objects.bulk_create(
            CurrencyRate(base_id=base, target_id=quote, date=day, rate=rate, source="ecb")
            for (base, quote, day), rate in stored.items()
        )

        for base, quote in (("CAD", "JPY"), ("EUR", "USD"), ("HRK", "JPY"), ("USD", "HRK"), ("HRK", "EUR")):
            assert points(base, quote) == fresh(base, quote), (base, quote)
        for code, rate in table("HRK", DAYS[-1]).items():
            assert converted("HRK", code, DAYS[-1]) in {rate, None}


def converted(base, quote, day):
    try:
        return rates.convert(Decimal(1), base=base, quote=quote, on=day).rate
    except RateNotFoundError:
        return None


def fresh(base, quote):
    """Convert on each day, and keep the days with a rate of that very day, for fixed ones a day of the euro's."""
    kept = {}
    for day in DAYS:
        try:
            conversion = rates.convert(Decimal(1), base=base, quote=quote, on=day)
        except RateNotFoundError:
            continue
        has_euro = CurrencyRate.objects.filter(date=day).involving("EUR").exists()
        if conversion.rate_on == day and (conversion.derivation != "fixed" or has_euro):
            kept[day] = conversion.rate
    return kept


def table(base, day):
    try:
        return rates.table(base=base, on=day).rates
    except RateNotFoundError:
        return {}
