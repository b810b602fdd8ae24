"""Whatever writes a split, its security's steps of adjustment and version follow: of where it was, and where it is."""

import pytest
import time_machine

from securities.models import SecurityAction
from securities.tests.factories import SecurityActionFactory, SecurityFactory

pytestmark = pytest.mark.django_db
HALVED = [["2026-03-03", "0.5", "0.5"]]


@pytest.fixture
def acme():
    return SecurityFactory(symbol="ACME")


@pytest.fixture
def other():
    return SecurityFactory(symbol="OTHER")


@pytest.fixture
def split(acme):
    return SecurityActionFactory(security=acme, kind="split", date="2026-03-03", value="2")


def followed(*securities):
    for security in securities:
        security.refresh_from_db()
    return [security.adjustments for security in securities]


def test_a_stored_split_is_followed(acme, split):
    assert followed(acme) == [HALVED]


def test_a_split_that_is_moved_leaves_the_other_security_as_it_was(acme, other, split):
    split.security = other
    split.save()

    assert followed(acme, other) == [[], HALVED]


def test_splits_that_are_moved_in_bulk_do_so_too(acme, other, split):
    SecurityAction.objects.update(security=other)

    assert followed(acme, other) == [[], HALVED]


def test_a_split_that_is_changed_in_bulk_is_followed(acme, split):
    before = acme.prices_version

    SecurityAction.objects.update(value="4")

    assert followed(acme) == [[["2026-03-03", "0.25", "0.25"]]]
    assert acme.prices_version > before


def test_a_split_that_is_deleted_is_forgotten(acme, split):
    split.delete()

    assert followed(acme) == [[]]


def test_splits_that_are_deleted_in_bulk_are_forgotten(acme, split):
    SecurityAction.objects.all().delete()

    assert followed(acme) == [[]]


def test_splits_that_are_stored_in_bulk_are_followed(acme, other):
    SecurityAction.objects.bulk_create(
        [SecurityAction(security=each, kind="split", date="2026-03-03", value=2) for each in (acme, other)]
    )

    assert followed(acme, other) == [HALVED, HALVED]


def test_changing_many_rows_sends_no_list_of_their_keys(acme, split, django_assert_max_num_queries):
    with django_assert_max_num_queries(12) as queries:
        SecurityAction.objects.update(value="4")

    changes = [
        query["sql"] for query in queries if query["sql"].startswith("UPDATE") and "securityaction" in query["sql"]
    ]
    assert len(changes) == 1
    assert " IN " not in changes[0]


def test_a_split_of_a_day_to_come_changes_no_price_before_its_day(acme):
    with time_machine.travel("2026-03-02T12:00:00Z"):
        split = SecurityActionFactory(security=acme, kind="split", date="2026-03-03", value="2")
        before = followed(acme)
    with time_machine.travel("2026-03-03T12:00:00Z"):
        split.save()

    assert (before, followed(acme)) == ([[]], [HALVED])
