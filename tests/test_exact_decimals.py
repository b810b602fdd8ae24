"""Exact decimals on every database, in the rates' column of 24 digits, 12 of them behind the point."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, transaction
from django.db.models import Avg, Case, F, Max, Min, OuterRef, Subquery, When
from django.db.models.functions import Coalesce

from currencies.models import CurrencyRate
from currencies.tests.factories import CurrencyRateFactory

pytestmark = pytest.mark.django_db
FIRST_DAY = date(2026, 1, 1)


def store(*digits):
    for offset, rate in enumerate(digits):
        CurrencyRateFactory(rate=rate, date=FIRST_DAY + timedelta(days=offset))


@pytest.mark.parametrize(
    "digits",
    ["123456789012.123456789012", "999999999999.999999999999", "0.000000000001", "123456789012.45", "1.5", "10"],
)
def test_every_digit_comes_back(digits):
    store(digits)

    assert CurrencyRate.objects.get().rate == Decimal(digits)
    assert CurrencyRate.objects.filter(rate=Decimal(digits)).exists()


def test_values_are_ordered_and_compared_as_numbers():
    store("9", "10", "0.5", "100.25")

    ordered = list(CurrencyRate.objects.order_by("rate").values_list("rate", flat=True))
    above = CurrencyRate.objects.filter(rate__gt=9).count()
    between = CurrencyRate.objects.filter(rate__range=(Decimal("0.5"), Decimal(10))).count()

    assert ordered == [Decimal(digits) for digits in ["0.5", "9", "10", "100.25"]]
    assert (above, between) == (2, 3)


def test_the_smallest_the_largest_and_the_mean_are_found():
    store("9", "10", "2")

    found = CurrencyRate.objects.aggregate(low=Min("rate"), high=Max("rate"), mean=Avg("rate"))

    assert (found["low"], found["high"]) == (Decimal(2), Decimal(10))
    assert found["mean"] == Decimal(7)


def test_arithmetic_in_sql_gives_decimals():
    store("1.5")

    assert CurrencyRate.objects.annotate(twice=F("rate") * 2).get().twice == Decimal(3)


@pytest.mark.parametrize("digits", ["0", "-10", "-0.000000000001"])
def test_check_constraints_compare_numbers(digits):
    with pytest.raises(IntegrityError), transaction.atomic():
        store(digits)


EXPRESSIONS = {
    "column": F("rate"),
    "coalesce": Coalesce(F("rate"), F("rate")),
    "case": Case(When(source="ecb", then=F("rate")), default=F("rate")),
    "subquery": Subquery(CurrencyRate.objects.filter(pk=OuterRef("pk")).values("rate")[:1]),
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expressions_compare_and_order_as_numbers_too(expression):
    store("9", "123456789012.123456789012", "10", "0.5")
    rows = CurrencyRate.objects.annotate(shown=expression)

    ordered = list(rows.order_by("shown").values_list("shown", flat=True))
    above_nine = rows.filter(shown__gt=9).count()
    up_to_ten = rows.filter(shown__lte=Decimal(10)).count()
    between = rows.filter(shown__range=(1, 10)).count()
    equal = rows.filter(shown=Decimal("10.00")).count()

    assert ordered == [Decimal(digits) for digits in ["0.5", "9", "10", "123456789012.123456789012"]]
    assert (above_nine, up_to_ten, between, equal) == (2, 3, 2, 1)


@pytest.mark.parametrize(
    ("digits", "stored"),
    [("0.0000000000025", "0.000000000002"), ("0.0000000000035", "0.000000000004"), ("1.0000000000005", "1")],
)
def test_more_digits_than_the_column_has_are_rounded_half_to_even_everywhere(digits, stored):
    store(digits)

    assert CurrencyRate.objects.get().rate == Decimal(stored)


@pytest.mark.parametrize("digits", ["1000000000000", "12345678901234567890.5", "999999999999.9999999999999"])
def test_more_whole_digits_than_the_column_has_are_refused_everywhere(digits):
    with pytest.raises(DataError), transaction.atomic():
        store(digits)
