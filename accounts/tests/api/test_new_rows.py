"""What is answered to a new row is what is read of it later; and what refuses it says so in the same words always."""

from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import IntegrityError

from accounts.models import Account, AccountValue
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from finances import constraints
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory
from tests.at_once import at_once
from users.tests.factories import UserFactory

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def url(user):
    return f"/api/v1/accounts/{AccountFactory(user=user).pk}/values"


@pytest.mark.parametrize(
    "body",
    [
        {"value": "1.50", "cash_balance": "0.50000000"},
        {"value": "-0", "cash_balance": -0.0},
        {"value": 1e3, "timestamp": "2026-01-02T23:30:00.123456-05:00"},
        {"value": "9" * 20 + ".12345678", "date": "2026-01-02"},
    ],
)
def test_a_new_value_is_answered_as_it_is_read(api, url, body):
    posted = api.post(url, body)

    read = api.get(f"{url}/{posted.json()['id']}")

    assert posted.status_code == 201
    assert posted.content == read.content
    assert posted["ETag"] == read["ETag"]


@pytest.mark.parametrize("body", [{"name": " Northern "}, {"name": "N", "institution_type": "Broker" + "age"}])
def test_a_new_institution_is_answered_as_it_is_read(api, body):
    posted = api.post("/api/v1/financial-institutions", body)

    read = api.get(f"/api/v1/financial-institutions/{posted.json()['id']}")

    assert posted.status_code == 201
    assert posted.content == read.content
    assert posted["ETag"] == read["ETag"]


def accounts(user):
    AccountFactory(user=user, name="Daily")
    return "/api/v1/accounts", {"name": "DAILY", "account_type": "savings"}, "name", "You have an account of this name."


def institutions(user):
    FinancialInstitutionFactory(user=user, name="Northern")
    told = "You have an institution of this name."
    return "/api/v1/financial-institutions", {"name": "NORTHERN"}, "name", told


def values(user):
    account = AccountValueFactory(account__user=user, timestamp=NOON).account
    told = "There is a value of this account for this instant."
    return f"/api/v1/accounts/{account.pk}/values", {"value": 1, "date": "2026-01-02"}, "date", told


@pytest.mark.parametrize("given", [accounts, institutions, values])
@pytest.mark.parametrize("bound", [1, 100])
def test_a_duplicate_is_told_as_one_whether_or_not_there_is_room(api, user, settings, given, bound):
    path, body, field, told = given(user)
    settings.QUOTAS = dict.fromkeys(settings.QUOTAS, bound)

    response = api.post(path, body)

    assert (response.status_code, response.json()["code"]) == (409, "duplicate")
    assert response.json()["errors"] == [{"field": field, "code": "duplicate", "message": told}]
    assert [Account.objects.count(), FinancialInstitution.objects.count(), AccountValue.objects.count()] in (
        [1, 0, 0],
        [0, 1, 0],
        [1, 0, 1],
    )


def test_a_duplicate_that_breaks_another_rule_too_is_a_duplicate(api, user):
    AccountFactory(user=user, name="Daily")

    response = api.post(
        "/api/v1/accounts", {"name": "daily", "account_type": "mortgage", "is_investment_account": True}
    )

    assert (response.status_code, response.json()["code"]) == (409, "duplicate")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_one_name_at_once_the_second_is_told_so(signed_in):
    user = UserFactory()
    body = {"name": "Northern"}
    post = [partial(signed_in(user).post, "/api/v1/financial-institutions", body) for _ in range(2)]

    answers = sorted(at_once(*post), key=lambda answer: answer.status_code)

    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["errors"] == [
        {"field": "name", "code": "duplicate", "message": "You have an institution of this name."}
    ]


def test_after_a_refusal_under_a_key_the_same_key_serves_another_try(api, url, user):
    AccountValueFactory(account=Account.objects.get(), timestamp=NOON)
    refused = api.post(url, {"value": 1, "date": "2026-01-02"}, headers={"Idempotency-Key": "one"})
    AccountValue.objects.all().delete()

    again = api.post(url, {"value": 1, "date": "2026-01-02"}, headers={"Idempotency-Key": "one"})

    assert (refused.status_code, again.status_code) == (409, 201)


def test_only_what_is_unique_by_name_is_told_from_what_the_database_says():
    row = AccountValue()

    assert constraints.violation(IntegrityError("something else"), row) is None


def test_what_is_fixed_in_a_change_is_still_asked_of_the_next_new_row(api, user):
    holding = HoldingFactory(account__user=user)
    changed = api.patch(f"/api/v1/holdings/{holding.pk}", {"quantity": 3})
    body = {"security_id": SecurityFactory().symbol, "quantity": 1, "average_cost": 1}

    without = api.post("/api/v1/holdings", body)
    within = api.post("/api/v1/holdings", {**body, "account_id": str(InvestmentAccountFactory(user=user).pk)})

    assert (changed.status_code, without.status_code, within.status_code) == (200, 400, 201)
    assert without.json()["errors"][0]["field"] == "account_id"
