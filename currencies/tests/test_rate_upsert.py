"""Many rates into the table at once."""

import itertools
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from currencies import rate_upsert
from currencies.models import CurrencyRate
from currencies.rate_upsert import Row

FRIDAY = date(2026, 10, 30)
pytestmark = pytest.mark.django_db


def stored():
    return {
        (rate.base_id, rate.target_id, rate.date): (rate.rate, rate.source) for rate in CurrencyRate.objects.order_by()
    }


def upsert(*rows):
    with transaction.atomic():
        return rate_upsert.upsert(rows)


def test_new_rates_are_inserted_with_all_their_digits():
    rate = Decimal("123456789012.123456789012")

    changed = upsert(Row("EUR", "USD", FRIDAY, rate, "ecb"), Row("EUR", "JPY", FRIDAY, Decimal("175.68"), "ecb"))

    assert changed == 2
    assert stored() == {
        ("EUR", "USD", FRIDAY): (rate, "ecb"),
        ("EUR", "JPY", FRIDAY): (Decimal("175.68"), "ecb"),
    }


def test_the_same_rates_again_change_nothing():
    row = Row("EUR", "USD", FRIDAY, Decimal("1.1172"), "ecb")
    upsert(row)
    before = CurrencyRate.objects.get()

    changed = upsert(row._replace(rate=Decimal("1.11720")))

    assert changed == 0
    assert CurrencyRate.objects.get().updated_at == before.updated_at


@pytest.mark.parametrize("change", [{"rate": Decimal("1.1173")}, {"source": "another"}])
def test_a_rate_that_is_different_now_is_updated(change):
    row = Row("EUR", "USD", FRIDAY, Decimal("1.1172"), "test")
    upsert(row)
    before = CurrencyRate.objects.get()

    changed = upsert(row._replace(**change))

    after = CurrencyRate.objects.get()
    assert changed == 1
    assert (after.rate, after.source) == (change.get("rate", row.rate), change.get("source", row.source))
    assert after.created_at == before.created_at
    assert after.updated_at > before.updated_at


def test_a_rate_entered_by_hand_stays():
    upsert(Row("EUR", "USD", FRIDAY, Decimal("1.2"), "manual"))

    changed = upsert(Row("EUR", "USD", FRIDAY, Decimal("1.1172"), "ecb"))

    assert changed == 0
    assert stored() == {("EUR", "USD", FRIDAY): (Decimal("1.2"), "manual")}


BY_PRECEDENCE = ["manual", "ecb", "exchangerate-api.com", "open.er-api.com", "unranked"]


@pytest.mark.parametrize(("better", "worse"), list(itertools.pairwise(BY_PRECEDENCE)))
def test_the_better_source_holds_a_rate_whoever_writes_last(better, worse):
    one = Row("EUR", "USD", FRIDAY, Decimal("1.1172"), better)
    other = one._replace(rate=Decimal("1.2"), source=worse)
    upsert(other)

    changed = [upsert(row) for row in (one, other, one)]

    assert changed == [1, 0, 0]
    assert stored() == {("EUR", "USD", FRIDAY): (Decimal("1.1172"), better)}


def test_nothing_is_nothing():
    assert upsert() == 0


def test_a_currency_that_does_not_exist_stores_nothing():
    with transaction.atomic():
        rate_upsert.upsert([Row("EUR", "ZZZ", FRIDAY, Decimal(1), "test")])
        with pytest.raises(IntegrityError):
            connection.check_constraints()
        transaction.set_rollback(True)

    assert stored() == {}


def test_several_calls_fit_in_one_transaction():
    with transaction.atomic():
        rate_upsert.upsert([Row("EUR", "USD", FRIDAY, Decimal("1.1172"), "ecb")])
        rate_upsert.upsert([Row("EUR", "CAD", FRIDAY, Decimal("1.5606"), "ecb")])

    assert len(stored()) == 2
