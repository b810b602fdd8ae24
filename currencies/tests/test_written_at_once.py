"""Currencies that several people write at once."""

import threading
import time

import pytest
import tablib
from django.db import transaction

from currencies.admin_tables import CurrencyTable
from currencies.models import Currency
from finances.models import SharedGeneration
from tests.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def marks():
    return set(SharedGeneration.objects.filter(name="currencies_currency").values_list("mark", flat=True))


@pytest.mark.parametrize("is_bulk", [True, False])
def test_who_writes_several_and_who_writes_one_of_them_do_not_wait_for_each_other(is_bulk):
    is_begun = threading.Event()
    Currency.objects.get(code="CAD").save()
    before = marks()
    assert len(before) == 1

    def write(code):
        if is_bulk:
            Currency.objects.filter(code=code).update(name="Another")
        else:
            Currency.objects.get(code=code).save()

    def several():
        with transaction.atomic():
            write("CAD")
            is_begun.set()
            time.sleep(0.5)
            write("USD")

    def one():
        is_begun.wait(10)
        write("USD")

    at_once(several, one)

    assert not marks() & before


def test_of_two_imports_in_other_orders_one_waits_for_the_other():
    codes = list(Currency.objects.values_list("code", flat=True)[:40])

    def load(symbol, order):
        rows = [(code, symbol) for code in order]
        result = CurrencyTable().import_data(tablib.Dataset(*rows, headers=["code", "symbol"]), dry_run=False)
        return result.has_errors(), result.totals["update"]

    results = at_once(lambda: load("x", codes), lambda: load("y", codes[::-1]))

    assert results == [(False, len(codes))] * 2
    assert set(Currency.objects.filter(code__in=codes).values_list("symbol", flat=True)) in ({"x"}, {"y"})


def test_a_currency_that_was_not_read_before_it_is_stored_renews_the_marks_of_all():
    stored = Currency.objects.get(code="USD")
    stored.save()
    before = marks()

    Currency(code="USD", name="Buck", symbol="$", decimal_places=2, created_at=stored.created_at).save()

    assert not marks() & before


def test_currencies_are_not_stored_over_those_that_are_there():
    with pytest.raises(TypeError):
        Currency.objects.bulk_create(
            [Currency(code="USD", name="Buck")], update_conflicts=True, unique_fields=["code"], update_fields=["name"]
        )
