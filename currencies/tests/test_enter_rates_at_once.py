"""Two people enter the same rates at the same moment, in opposite orders."""

from datetime import date
from decimal import Decimal

import pytest

from currencies import services
from currencies.models import Currency, CurrencyRate
from tests.at_once import at_once

FRIDAY = date(2026, 10, 30)


@pytest.mark.django_db(transaction=True)
def test_neither_waits_for_the_other_for_ever():
    dollar = Currency.objects.get(pk="USD")
    codes = list(Currency.objects.active().exclude(pk="USD").values_list("code", flat=True))

    def enter(ordered, rate):
        return lambda: services.enter_rates(base=dollar, on=FRIDAY, rates=dict.fromkeys(ordered, Decimal(rate)))

    for rate in range(1, 9, 2):
        results = at_once(enter(codes, rate), enter(codes[::-1], rate + 1))

        assert [result.synced_count for result in results] == [len(codes)] * 2
    assert CurrencyRate.objects.filter(source="manual").values("rate").distinct().count() == 1
