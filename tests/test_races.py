"""When several write at the same moment, exactly one of them does, and the others are told."""

import threading
from collections import Counter
from contextlib import suppress

import pytest
from django.db import connection, transaction

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, HoldingFactory, InvestmentAccountFactory
from finances.models import IdempotentAnswer
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory
from tests.at_once import at_once
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20


def value_of(user):
    path = f"/api/v1/accounts/{AccountFactory(user=user).pk}/values"
    return path, {"timestamp": "2026-01-01T00:00:00Z", "value": 5}, AccountValue


def batch_of(user):
    path, body, model = value_of(user)
    return path, [body], model


def holding_of(user):
    security = SecurityFactory()
    path = f"/api/v1/accounts/{InvestmentAccountFactory(user=user).pk}/holdings"
    return path, {"security_id": security.symbol, "quantity": 1, "average_cost": 1}, Holding


def account_of(user):
    return "/api/v1/accounts", {"name": "Savings", "account_type": "savings"}, Account


EVERY_POST = pytest.mark.parametrize("post_of", [account_of, value_of, batch_of, holding_of])


@EVERY_POST
def test_of_twenty_equal_requests_one_is_a_201_and_nineteen_are_409(signed_in, post_of):
    user = UserFactory()
    path, body, model = post_of(user)
    before = model.objects.count()

    answers = at_once(*[lambda: signed_in(user).post(path, body)] * MANY)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"duplicate"}
    assert model.objects.count() == before + 1


@EVERY_POST
def test_twenty_equal_requests_with_one_key_get_twenty_equal_answers(signed_in, post_of):
    user = UserFactory()
    path, body, model = post_of(user)
    before = model.objects.count()

    answers = at_once(*[lambda: signed_in(user).post(path, body, headers={"Idempotency-Key": "k"})] * MANY)

    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.content, answer["ETag"], answer.get("Location")) for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer for answer in answers) == MANY - 1
    assert model.objects.count() == before + 1
    assert model.history.filter(history_type="+").count() == before + 1
    assert IdempotentAnswer.objects.count() == 1


def test_of_two_different_requests_with_one_key_one_goes_through(signed_in):
    user = UserFactory()

    def post(name):
        body = {"name": name, "account_type": "savings"}
        return signed_in(user).post("/api/v1/accounts", body, headers={"Idempotency-Key": "k"})

    answers = at_once(lambda: post("One"), lambda: post("Other"))

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert Account.objects.count() == 1


def test_of_two_writers_who_saw_the_same_state_one_is_too_late(signed_in):
    user = UserFactory()
    path = f"/api/v1/accounts/{AccountFactory(user=user).pk}"
    seen = signed_in(user).get(path)["ETag"]

    def rename(name):
        return signed_in(user).patch(path, {"name": name}, headers={"If-Match": seen})

    answers = at_once(lambda: rename("One"), lambda: rename("Other"))

    assert sorted(answer.status_code for answer in answers) == [200, 412]
    winner = next(answer for answer in answers if answer.status_code == 200)
    assert Account.objects.get().name == winner.json()["name"]


def test_an_account_never_both_holds_securities_and_is_for_no_investments(signed_in):
    user = UserFactory()
    account, security = InvestmentAccountFactory(user=user), SecurityFactory()
    path = f"/api/v1/accounts/{account.pk}"

    held, changed = at_once(
        lambda: signed_in(user).post(
            f"{path}/holdings", {"security_id": security.symbol, "quantity": 1, "average_cost": 1}
        ),
        lambda: signed_in(user).patch(path, {"is_investment_account": False}),
    )

    assert sorted([held.status_code == 201, changed.status_code == 200]) == [False, True]
    account.refresh_from_db()
    assert account.is_investment_account == Holding.objects.exists()


def test_an_administrator_does_not_take_the_investing_from_an_account_that_holds_something_by_now(client, signed_in):
    user, administrator = UserFactory(), UserFactory(is_superuser=True)
    account, security = InvestmentAccountFactory(user=user), SecurityFactory()
    client.force_login(administrator)
    entered = {"name": account.name, "account_type": "tfsa", "currency": "CAD"}

    held, changed = at_once(
        lambda: signed_in(user).post(
            f"/api/v1/accounts/{account.pk}/holdings",
            {"security_id": security.symbol, "quantity": 1, "average_cost": 1},
        ),
        lambda: client.post(f"/admin/accounts/account/{account.pk}/change/", entered),
    )

    assert (held.status_code, changed.status_code) in {(201, 200), (400, 302)}
    account.refresh_from_db()
    assert account.is_investment_account == Holding.objects.exists()


def test_what_is_deleted_while_it_is_changed_is_gone(signed_in):
    user = UserFactory()
    holding = HoldingFactory(account__user=user)
    path = f"/api/v1/holdings/{holding.pk}"

    deleted, changed = at_once(
        lambda: signed_in(user).delete(f"/api/v1/accounts/{holding.account_id}"),
        lambda: signed_in(user).patch(path, {"quantity": 5}),
    )

    assert deleted.status_code == 204
    assert changed.status_code in {200, 404}
    assert not Holding.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows one writer")
@pytest.mark.parametrize(
    "delete", [lambda row: row.delete(), lambda row: FinancialInstitution.objects.filter(pk=row.pk).delete()]
)
def test_an_institution_that_two_delete_is_deleted_by_one_of_them(user, delete):
    """One has locked it as the API does; the other comes before that one gets to the accounts."""
    row = FinancialInstitutionFactory(user=user)
    account = AccountFactory(user=user, financial_institution=row)
    is_locked, goes_on = threading.Event(), threading.Event()

    def first():
        with transaction.atomic():
            found = FinancialInstitution.objects.select_for_update(of=("self",)).get(pk=row.pk)
            is_locked.set()
            goes_on.wait(1)
            found.delete()

    def second():
        assert is_locked.wait(30)
        with suppress(FinancialInstitution.DoesNotExist):
            delete(FinancialInstitution.objects.get(pk=row.pk))

    at_once(first, second)

    account.refresh_from_db()
    assert (account.financial_institution, FinancialInstitution.objects.exists()) == (None, False)
