"""Stored securities in the order in which they are found, and by which indexes."""

import pytest
from django.db import connection

from securities import search_indexes, searching
from securities.tests.factories import SecurityFactory


def symbols(text, limit=10):
    return [security.symbol for security in searching.stored(text, limit=limit)]


def store(**names):
    for symbol, name in names.items():
        SecurityFactory(symbol=symbol, name=name)


def test_the_very_symbol_comes_first_then_its_beginnings_then_names_each_by_name(db):
    store(GOLDX="zinc", GOLDA="Copper", GOLD="Zebra", NAME2="Marigold", NAME1="a gold mine", OTHER="Silver")

    found = symbols("gold")

    assert found == ["GOLD", "GOLDA", "GOLDX", "NAME1", "NAME2"]
    assert symbols("gold", limit=4) == found[:4]
    assert symbols("gold", limit=1) == ["GOLD"]


def test_what_is_among_the_first_names_is_the_same_as_what_is_found_in_all(db, monkeypatch):
    store(A="Alder Bank", B="Birch Bank", C="Cedar Bank", D="Delta", E="Ember Bank")
    whole = {limit: symbols("bank", limit=limit) for limit in range(1, 6)}

    monkeypatch.setattr(searching, "EARLY_NAMES", 3)

    assert {limit: symbols("bank", limit=limit) for limit in range(1, 6)} == whole
    assert whole[5] == ["A", "B", "C", "E"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("élan", ["E"]), ("ÉLAN", ["E"]), ("%", ["P"]), ("4.25%", ["P"]), ("_", ["U"]), ("é", ["E"]), ("&", ["A"]),
        ("n & m", ["A"]), ("\\", []), ("a_a", []), ("lan ", ["E"]), ("ß", []), ("💶", []),
    ],
)  # fmt: skip
def test_every_letter_means_itself_in_any_case(db, text, found):
    store(E="Élan Vital", P="Bond 4.25% 2031", U="Under_score", A="Nuts N & M")

    assert symbols(text) == found


def test_names_that_differ_in_case_only_are_sorted_by_symbol_and_letters_by_their_bytes(db):
    store(B="alpha fund", A="ALPHA FUND", D="Zeta Fund", C="Élan Fund")

    assert symbols("fund") == ["A", "B", "D", "C"]


def test_a_changed_name_is_found_at_once(db):
    security = SecurityFactory(symbol="X", name="Before")

    security.name = "Afterwards"
    security.save(update_fields=["name"])

    assert (symbols("afterw"), symbols("before")) == (["X"], [])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has other indexes")
def test_the_indexes_are_those_that_doctor_looks_for(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'securities_security'")
        there = {name for (name,) in cursor.fetchall()}

    assert search_indexes.CREATE.keys() <= there
