"""A write asks nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccountValue
from accounts.tests.factories import AccountFactory, InvestmentAccountFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory

LOCK_OF_QUOTA = "FOR NO KEY UPDATE"  # on PostgreSQL only


@pytest.fixture
def path(user):
    institution = FinancialInstitutionFactory(user=user)
    return f"/api/v1/accounts/{InvestmentAccountFactory(user=user, financial_institution=institution).pk}"


def statements_of(write, status):
    """Return what ``write`` asks and tells the database, apart from transactions."""
    with CaptureQueriesContext(connection) as queries:
        response = write()
    assert response.status_code == status
    found = [query["sql"] for query in queries]
    locks = {sql for sql in found if LOCK_OF_QUOTA in sql and "SKIP LOCKED" not in sql}  # the latter is of the mark
    return [sql for sql in found if "SAVEPOINT" not in sql and sql not in locks]


def test_a_value(api, path):
    # who asks, whether they stay, the account, how many, the value, its record, the owner's mark
    statements = statements_of(lambda: api.post(f"{path}/values", {"value": 5, "cash_balance": 1}), 201)

    assert len(statements) == 7


def test_a_change_of_an_account(api, path):
    # who asks, whether they stay, the account, is the name free, the account, its last record, its record, the mark
    statements = statements_of(lambda: api.patch(path, {"name": "Renamed"}), 200)

    assert len(statements) == 8


def test_a_change_that_touches_a_check(api, path):
    # who asks, whether they stay, the account, all checks at once, the account, its last record, its record, the mark
    statements = statements_of(lambda: api.patch(path, {"interest_rate": 5}), 200)

    assert len(statements) == 8


def test_a_holding(api, path):
    body = {"security_id": SecurityFactory().symbol, "quantity": 1, "average_cost": 1}

    # who asks, the account, how many, all checks at once, the security; whether they stay, how many, the account, is
    # there one, the holding, its record, the mark; the answer, splits
    statements = statements_of(lambda: api.post(f"{path}/holdings", body), 201)

    assert len(statements) == 14


def test_each_broken_rule_is_named_though_all_are_asked_for_at_once(api):
    body = {"name": "Both", "account_type": "mortgage", "is_investment_account": True}

    response = api.post("/api/v1/accounts", body)

    (fault,) = response.json()["errors"]
    assert (response.status_code, fault["field"]) == (400, "is_investment_account")


def test_an_account_of_many_values_goes_in_as_many_statements_as_one_of_few(api, user):
    def statements(count):
        account = AccountFactory(user=user)
        first = datetime(2020, 1, 1, tzinfo=UTC)
        AccountValue.objects.bulk_create(
            AccountValue(account=account, user=user, timestamp=first + timedelta(hours=hour), value=hour)
            for hour in range(count)
        )
        with CaptureQueriesContext(connection) as asked:
            assert api.delete(f"/api/v1/accounts/{account.pk}").status_code == 204
        assert AccountValue.history.filter(account_id=account.pk, history_type="-").count() == count
        return len(asked)

    assert statements(1) == statements(1200)
