"""What was held when, read from the history of what was recorded."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts.models import Account, Holding
from accounts.tests.factories import HoldingFactory
from portfolio import services
from portfolio.positions import positions_of
from portfolio.valuation import Name
from securities.models import Security

pytestmark = pytest.mark.django_db
TORONTO = ZoneInfo("America/Toronto")


def on(text):
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=UTC), tick=False)


def told(user):
    accounts = list(Account.objects.for_user(user).values_list("pk", flat=True))
    found = positions_of(user=user, account_ids=accounts, zone=TORONTO)
    return [
        [(str(each.since), None if each.quantity is None else int(each.quantity)) for each in position.segments]
        for position in found
    ]


def as_of(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def held(user, quantity=10):
    return HoldingFactory(account__user=user, quantity=quantity, timestamp=as_of("2026-01-10T12:00"))


def test_a_purchase_and_a_sale_leave_the_days_before(user):
    with on("2026-01-10T12:00"):
        holding = held(user)
    with on("2026-02-01T12:00"):
        holding.quantity, holding.timestamp = 15, as_of("2026-02-01T12:00")
        holding.save()
    with on("2026-03-01T03:00"):  # still February in Toronto
        holding.delete()

    assert told(user) == [[("2026-01-10", 10), ("2026-02-01", 15), ("2026-02-28", None)]]


def test_purchases_of_the_past_that_are_entered_in_one_sitting_are_all_there(user):
    with on("2026-11-27T12:00"):
        holding = held(user)
        holding.quantity, holding.timestamp = 20, as_of("2026-06-15T12:00")
        holding.save()
        holding.average_cost = 7
        holding.save()

    assert told(user) == [[("2026-01-10", 10), ("2026-06-15", 20)]]


def test_an_edit_of_the_cost_leaves_the_past_as_it_was(user):
    with on("2026-01-10T12:00"):
        holding = held(user)
    with on("2026-01-20T12:00"):
        holding.average_cost = 7
        holding.save()
    with on("2026-01-21T12:00"):
        holding.timestamp = as_of("2026-01-15T12:00")
        holding.save()

    assert told(user) == [[("2026-01-10", 10), ("2026-01-15", 10)]]


def test_changes_in_bulk_are_changes_like_others(user):
    with on("2026-01-10T12:00"):
        held(user)
    with on("2026-02-01T12:00"):
        Holding.objects.update(quantity=15, timestamp=as_of("2026-02-01T12:00"))
    with on("2026-03-01T12:00"):
        Holding.objects.all().delete()

    assert told(user) == [[("2026-01-10", 10), ("2026-02-01", 15), ("2026-03-01", None)]]


def test_a_restored_holding_is_held_again(user):
    with on("2026-01-10T12:00"):
        holding = held(user)
        account = holding.account_id
    with on("2026-02-01T12:00"):
        Holding.objects.get().delete()
    with on("2026-03-01T12:00"):
        Holding.history.filter(history_type="+").get().instance.save()

    assert Holding.objects.get().account_id == account
    assert told(user) == [[("2026-01-10", 10)]]


def again(holding, as_of_day):
    return HoldingFactory(
        account=holding.account, security=holding.security, quantity=holding.quantity, timestamp=as_of(as_of_day)
    )


def test_what_is_deleted_and_added_again_on_one_day_was_never_away_nor_there_twice(user):
    with on("2026-01-10T12:00"):
        holding = held(user)
    with on("2026-02-01T12:00"):
        holding.delete()
        again(holding, "2026-01-10T12:00")

    assert told(user) == [[("2026-01-10", 10)]]


def test_what_is_added_again_later_counts_once_on_each_day(user):
    with on("2026-01-10T12:00"):
        holding = held(user)
    with on("2026-02-01T12:00"):
        holding.delete()
    with on("2026-03-01T12:00"):
        added = again(holding, "2026-02-15T12:00")

    assert told(user) == [[("2026-01-10", 10), ("2026-02-01", None), ("2026-02-15", 10)]]
    [position] = positions_of(user=user, account_ids=[added.account_id], zone=TORONTO)
    assert position.id == str(added.pk)


def test_the_row_itself_has_the_last_word(user):
    held(user)
    Holding.history.all().delete()

    assert told(user) == [[("2026-01-10", 10)]]


def test_what_went_without_a_record_was_never_held(user):
    holding = held(user)
    Holding.objects.filter(pk=holding.pk)._raw_delete("default")

    assert told(user) == []


def test_what_a_stranger_holds_is_not_held(user, stranger):
    held(stranger)

    assert told(user) == []


def test_what_was_only_ever_a_mistake_is_no_position(user):
    with on("2026-01-10T12:00"):
        held(user).delete()

    assert told(user) == []


def test_a_security_that_was_deleted_is_missing_from_the_days_on_which_it_was_held(user):
    with on("2026-01-10T12:00"):
        holding = held(user)
    with on("2026-03-01T12:00"):
        holding.delete()
    Security.objects.filter(pk=holding.security_id).delete()

    days = [services.day_of(user=user, on=date(2026, month, 1), currency="CAD") for month in (2, 4)]

    missing = [day.figure(Name.NET_WORTH).missing for day in days]
    assert [(each.kind, each.name) for each in missing[0]] == [
        ("value", holding.account.name), ("price", f"The security {holding.security_id}"),
    ]  # fmt: skip
    assert [each.kind for each in missing[1]] == ["value"]
