from copy import copy
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory

URL = "/api/v1/accounts"


def test_who_changed_what_when_is_told_newest_first(api, user, time_machine):
    created = api.post(URL, {"name": "Old", "account_type": "savings"}).json()
    path = f"{URL}/{created['id']}"
    now = datetime.now(UTC).replace(microsecond=0)
    time_machine.move_to(now, tick=False)
    api.patch(path, {"name": "New", "interest_rate": 2.5})

    changed, first = api.get(f"{path}/history").json()

    assert (changed["change"], changed["changed_by"]) == ("changed", str(user.pk))
    assert changed["changed_at"] == f"{now:%Y-%m-%dT%H:%M:%SZ}"
    assert changed["changed_fields"] == ["name", "interest_rate"]
    assert (changed["before"]["name"], changed["before"]["interest_rate"]) == ("Old", None)
    assert (changed["after"]["name"], changed["after"]["interest_rate"]) == ("New", 2.5)
    assert (first["change"], first["before"]) == ("created", None)
    assert first["after"]["currency_code"] == "CAD"


def test_amounts_keep_all_their_digits(api, user):
    value = AccountValueFactory(account__user=user, value="123456789012345.67")

    response = api.get(f"{URL}/{value.account_id}/values/{value.pk}/history")

    assert '"value":123456789012345.67' in response.text


def test_what_was_deleted_is_still_told(api, user):
    holding = HoldingFactory(account__user=user)
    value = AccountValueFactory(account=holding.account, cash_balance="1")
    root = f"{URL}/{holding.account_id}"

    api.delete(root)

    for path in (root, f"{root}/values/{value.pk}", f"{root}/holdings/{holding.pk}", f"/api/v1/holdings/{holding.pk}"):
        assert api.get(path).status_code == 404
        newest = api.get(f"{path}/history").json()[0]
        assert (newest["change"], newest["after"], newest["changed_by"]) == ("deleted", None, str(user.pk))
        assert newest["before"]


def test_a_batch_is_recorded_row_by_row(api, user):
    account = AccountFactory(user=user)

    rows = api.post(f"{URL}/{account.pk}/values", [{"date": "2026-01-01", "value": 1}, {"value": 2}]).json()

    for row in rows:
        [entry] = api.get(f"{URL}/{account.pk}/values/{row['id']}/history").json()
        assert (entry["change"], entry["changed_by"]) == ("created", str(user.pk))
        assert entry["after"]["value"] == row["value"]


def test_an_institution_that_goes_changes_its_accounts(api, user):
    bank = FinancialInstitutionFactory(user=user)
    account = AccountFactory(user=user, financial_institution=bank)

    api.delete(f"/api/v1/financial-institutions/{bank.pk}")

    newest = api.get(f"{URL}/{account.pk}/history").json()[0]
    assert (newest["change"], newest["changed_fields"]) == ("changed", ["financial_institution_id"])
    assert newest["before"]["financial_institution_id"] == str(bank.pk)
    assert newest["changed_by"] == str(user.pk)


def test_a_refused_change_is_not_recorded(api, user):
    account = AccountFactory(user=user)

    api.patch(f"{URL}/{account.pk}", {"account_type": "casino"})

    assert Account.history.count() == 1


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_strangers_history_does_not_exist(api, stranger, is_gone):
    holding = HoldingFactory(account__user=stranger)
    account = holding.account
    paths = [f"{URL}/{account.pk}", f"{URL}/{account.pk}/holdings/{holding.pk}", f"/api/v1/holdings/{holding.pk}"]
    if is_gone:
        account.delete()

    for path in paths:
        assert api.get(f"{path}/history").status_code == 404


@pytest.mark.parametrize("name", ["nonsense", "%00", "00000000-0000-0000-0000-000000000000"])
def test_a_history_of_nothing_does_not_exist(api, name):
    assert api.get(f"{URL}/{name}/history").status_code == 404


def test_anonymous_callers_are_told_to_sign_in(anonymous, user):
    account = AccountFactory(user=user)

    assert anonymous.get(f"{URL}/{account.pk}/history").status_code == 401


def test_a_long_history_comes_in_pages_that_join(api, user):
    account = AccountFactory(user=user, name="0")
    for number in range(1, 5):
        api.patch(f"{URL}/{account.pk}", {"name": str(number)})

    page = api.get(f"{URL}/{account.pk}/history", {"limit": 2, "offset": 1})

    assert [(row["before"]["name"], row["after"]["name"]) for row in page.json()] == [("2", "3"), ("1", "2")]
    assert page["X-Total-Count"] == "5"
    assert api.get(f"{URL}/{account.pk}/history", {"offset": 50}).json() == []


def test_a_long_history_costs_as_many_queries_as_a_short_one(api, user):
    account = AccountFactory(user=user)
    account.save()
    with CaptureQueriesContext(connection) as short:
        api.get(f"{URL}/{account.pk}/history")
    for _ in range(30):
        account.save()

    with CaptureQueriesContext(connection) as long:
        api.get(f"{URL}/{account.pk}/history")

    assert len(long) <= len(short) <= 4


# ---- Bulk writes ----


def test_a_bulk_update_is_recorded(user):
    accounts = AccountFactory.create_batch(3, user=user)
    before = accounts[0].updated_at

    count = Account.objects.filter(user=user).order_by("name").update(description="moved")

    assert count == 3
    assert Account.history.filter(history_type="~", description="moved").count() == 3
    accounts[0].refresh_from_db()
    assert accounts[0].updated_at > before


def test_a_bulk_update_of_instances_is_recorded(user):
    values = AccountValueFactory.create_batch(3, account=AccountFactory(user=user))
    for number, value in enumerate(values):
        value.value = number

    AccountValue.objects.bulk_update(values, ["value"])

    recorded = AccountValue.history.filter(history_type="~").order_by("value").values_list("value", flat=True)
    assert list(recorded) == [0, 1, 2]


def test_a_bulk_deletion_is_recorded(user):
    HoldingFactory.create_batch(2, account__user=user)

    Holding.objects.all().delete()

    assert Holding.history.filter(history_type="-").count() == 2


def test_a_bulk_creation_that_would_pass_over_conflicts_is_refused(user):
    account, security = AccountFactory(user=user), SecurityFactory()
    holding = Holding(account=account, user=user, security=security, quantity=1, average_cost=1)

    with pytest.raises(TypeError):
        Holding.objects.bulk_create([holding], ignore_conflicts=True)


def test_deleting_an_account_of_many_values_costs_as_many_queries_as_one_of_two(user):
    small, large = AccountFactory.create_batch(2, user=user)
    AccountValueFactory.create_batch(2, account=small)
    AccountValueFactory.create_batch(50, account=large)
    with CaptureQueriesContext(connection) as few:
        small.delete()

    with CaptureQueriesContext(connection) as many:
        Account.objects.filter(pk=large.pk).delete()

    assert len(many) <= len(few) + 1
    assert AccountValue.history.filter(history_type="-").count() == 52


def test_a_save_that_changes_nothing_is_not_told(api, user):
    holding = HoldingFactory(account__user=user)
    path = f"/api/v1/holdings/{holding.pk}"

    api.patch(path, {"quantity": 10, "average_cost": "100.00"})
    api.patch(path, {"quantity": 11})

    assert [entry["change"] for entry in api.get(f"{path}/history").json()] == ["changed", "created"]


@pytest.mark.parametrize("factory", [AccountFactory, AccountValueFactory, HoldingFactory])
def test_a_long_history_comes_in_pages(api, user, factory):
    row = factory(**({"user": user} if factory is AccountFactory else {"account__user": user}))
    values = f"{URL}/{getattr(row, 'account_id', '')}/values"
    root = {AccountFactory: URL, HoldingFactory: "/api/v1/holdings"}.get(factory, values)
    record = row.history.get()
    record.pk = None
    type(record).objects.bulk_create([copy(record) for _ in range(9)])

    page = api.get(f"{root}/{row.pk}/history", {"limit": 2, "skip": 3})
    too_much = api.get(f"{root}/{row.pk}/history", {"limit": 10_001})

    assert len(page.json()) == 2
    assert page["X-Total-Count"] == "10"
    assert too_much.status_code == 400
