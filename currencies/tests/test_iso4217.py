"""Facts from ISO 4217's list one of 2026-01-01 and from CLDR."""

import pytest

from currencies import iso4217
from currencies.models import Currency


def test_all_active_codes_of_the_list_of_2026_are_there():
    active = iso4217.active_currencies()

    assert len(active) == 178
    assert len({facts.code for facts in active}) == 178


@pytest.mark.parametrize(
    ("code", "decimal_places"), [("JPY", 0), ("USD", 2), ("CAD", 2), ("KWD", 3), ("CLF", 4), ("XAU", 4)]
)
def test_minor_units_are_those_of_iso(code, decimal_places):
    places = {facts.code: facts.decimal_places for facts in iso4217.active_currencies()}

    assert places[code] == decimal_places


def test_names_and_symbols_are_the_ones_people_know():
    known = {facts.code: facts for facts in iso4217.active_currencies()}

    assert known["GBP"] == ("GBP", "British Pound", "£", 2)
    assert known["CAD"] == ("CAD", "Canadian Dollar", "CA$", 2)
    assert known["XAD"].name == "Arab Accounting Dinar"


def test_no_ended_currency_is_active():
    active = {facts.code for facts in iso4217.active_currencies()}

    assert not active & set(iso4217.ENDED_CODES)


@pytest.mark.django_db
def test_the_first_migration_brings_them_all():
    assert Currency.objects.active().count() == 178
    assert Currency.objects.get(code="HRK").is_active is False
