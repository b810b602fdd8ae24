"""Nobody gets past a bound, not even by asking many times at once."""

from collections import Counter

import pytest
from django.conf import settings as configured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, InvestmentAccountFactory
from finances import quotas
from finances.exceptions import QuotaExceededError
from institutions.models import FinancialInstitution
from securities.tests.factories import SecurityFactory
from tests.at_once import at_once
from users.tests.factories import UserFactory

MANY = 12


def accounts_of(_user):
    return [("/api/v1/accounts", {"name": f"Account {n}", "account_type": "savings"}) for n in range(MANY)]


def institutions_of(_user):
    return [("/api/v1/financial-institutions", {"name": f"Institution {n}"}) for n in range(MANY)]


def values_of(user):
    path = f"/api/v1/accounts/{AccountFactory(user=user).pk}/values"
    return [(path, {"date": f"2026-01-{n + 1:02}", "value": 1}) for n in range(MANY)]


def batches_of(user):
    return [(path, [body]) for path, body in values_of(user)]


def holdings_of(user):
    """Return requests for different securities in different accounts."""
    accounts = [InvestmentAccountFactory(user=user) for _ in range(MANY)]
    return [
        (f"/api/v1/accounts/{account.pk}/holdings", {"security_id": security, "quantity": 1, "average_cost": 1})
        for account, security in zip(accounts, [SecurityFactory().symbol for _ in accounts], strict=True)
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("quota", "requests_of", "model"),
    [
        ("accounts", accounts_of, Account),
        ("institutions", institutions_of, FinancialInstitution),
        ("values_per_account", values_of, AccountValue),
        ("values_per_account", batches_of, AccountValue),
        ("holdings", holdings_of, Holding),
    ],
)
def test_of_twelve_who_come_at_once_for_one_place_one_gets_it(signed_in, settings, quota, requests_of, model):
    user = UserFactory()
    requests = requests_of(user)
    settings.QUOTAS = {**configured.QUOTAS, quota: 1}
    clients = [signed_in(user) for _ in requests]

    answers = at_once(
        *[
            lambda client=client, path=path, body=body: client.post(path, body)
            for client, (path, body) in zip(clients, requests, strict=True)
        ]
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"quota_exceeded"}
    assert model.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_room_is_only_promised_to_whoever_takes_it_in_the_same_transaction(user):
    with pytest.raises(transaction.TransactionManagementError):
        quotas.require_room(Account, quota="accounts", within=user)


def test_a_bound_is_how_many_there_may_be_and_not_one_less(user, settings):
    settings.QUOTAS = {**settings.QUOTAS, "accounts": 2}
    AccountFactory(user=user)
    AccountFactory()  # of somebody else

    quotas.require_room(Account, quota="accounts", within=user)

    with pytest.raises(QuotaExceededError):
        quotas.require_room(Account, quota="accounts", within=user, adding=2)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL locks rows")
def test_whoever_only_points_at_the_owner_does_not_wait(user):
    with CaptureQueriesContext(connection) as queries:
        quotas.require_room(Account, quota="accounts", within=user)

    (lock,) = [query["sql"] for query in queries if " FOR " in query["sql"]]
    assert lock.partition(" FOR ")[2].startswith("NO KEY UPDATE")
