"""Exact decimals on every database, in the rates' column of 24 digits, 12 of them behind the point."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Avg, F, Max, Min

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
