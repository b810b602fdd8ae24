"""Currencies that several people write at once."""

import threading
import time

import pytest
from django.db import transaction

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
