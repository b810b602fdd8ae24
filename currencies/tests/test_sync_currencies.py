"""``manage.py sync_currencies``."""

import pytest
from django.core.management import call_command

from currencies.models import Currency

pytestmark = pytest.mark.django_db


def test_after_the_migrations_there_is_nothing_to_do(capsys):
    call_command("sync_currencies")

    assert capsys.readouterr().out == "The currencies are those of ISO 4217.\n"


def test_what_is_missing_is_added_and_what_ended_is_marked(capsys):
    Currency.objects.filter(code="XCG").delete()
    Currency.objects.filter(code="HRK").update(is_active=True)

    call_command("sync_currencies")

    assert capsys.readouterr().out == "Added: XCG. No longer in use: HRK.\n"
    assert Currency.objects.get(code="XCG").is_active
    assert not Currency.objects.get(code="HRK").is_active


def test_names_and_currencies_of_ones_own_stay():
    Currency.objects.filter(code="CAD").update(name="Loonie", is_active=False)
    Currency.objects.create(code="BTC", name="Bitcoin", decimal_places=8)

    call_command("sync_currencies")

    assert Currency.objects.filter(code="CAD", name="Loonie", is_active=False).exists()
    assert Currency.objects.get(code="BTC").is_active


def test_a_dry_run_changes_nothing():
    Currency.objects.filter(code="XCG").delete()

    call_command("sync_currencies", "--dry-run")

    assert not Currency.objects.filter(code="XCG").exists()
