"""Rows of earlier versions come through."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("accounts", "0002_forget_institutions")]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def newest(transactional_db):
    """All migrations there are; the database is brought back to them."""
    targets = MigrationExecutor(connection).loader.graph.leaf_nodes()
    yield targets
    migrate(targets)


def test_a_liability_that_was_an_investment_account_is_none_any_more_and_keeps_its_holdings(newest, user):
    apps = migrate(BEFORE)
    security = apps.get_model("securities", "Security").objects.create(symbol="HELD")
    accounts = apps.get_model("accounts", "Account").objects
    rows = {"user_id": user.pk, "currency_id": "CAD", "is_investment_account": True}
    owed = accounts.create(name="Owed", account_type="credit_card", **rows)
    accounts.create(name="Owned", account_type="tfsa", **rows)
    apps.get_model("accounts", "Holding").objects.create(
        user_id=user.pk, account=owed, security=security, quantity=1, average_cost=1, timestamp=timezone.now()
    )

    apps = migrate(newest)

    found = dict(apps.get_model("accounts", "Account").objects.values_list("name", "is_investment_account"))
    assert found == {"Owed": False, "Owned": True}
    assert apps.get_model("accounts", "Holding").objects.filter(account_id=owed.pk).exists()
    record = apps.get_model("accounts", "HistoricalAccount").objects.get(id=owed.pk)
    assert (record.history_type, record.is_investment_account) == ("~", False)
