"""Rows of earlier versions come through."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import Account, Holding
from accounts.tests.factories import AccountFactory, HoldingFactory
from finances.indexes import IS_VALID

BEFORE = [("accounts", "0002_forget_institutions")]


def migrate(targets):
    """Bring accounts there, and leave everything below them as it is now."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    known = MigrationExecutor(connection).loader
    below = [leaf for leaf in known.graph.leaf_nodes() if leaf[0] in {"securities", "institutions", "users"}]
    return known.project_state([*targets, *below]).apps


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


BEFORE_RULES = [("accounts", "0004_rules_of_time_and_sides"), ("institutions", "0001_initial")]


def managers(apps):
    return [apps.get_model("accounts", name).objects for name in ("Account", "AccountValue", "Holding")]


def test_rows_that_broke_rules_between_tables_are_mended_and_say_so(newest, user, stranger):
    apps = migrate(BEFORE_RULES)
    accounts, values, holdings = managers(apps)
    security = apps.get_model("securities", "Security").objects.create(symbol="HELD")
    bank = apps.get_model("institutions", "FinancialInstitution").objects.create(user_id=stranger.pk, name="Theirs")
    rows = {"user_id": user.pk, "currency_id": "CAD"}
    held = {"security": security, "quantity": 1, "average_cost": 1, "timestamp": timezone.now()}
    astray = accounts.create(name="Astray", account_type="savings", financial_institution=bank, **rows)
    right = accounts.create(name="Right", account_type="tfsa", is_investment_account=True, **rows)
    plain = accounts.create(name="Plain", account_type="savings", **rows)
    owed = accounts.create(name="Owed", account_type="mortgage", **rows)
    value = values.create(user_id=stranger.pk, account=astray, timestamp=timezone.now(), value=1)
    theirs = holdings.create(user_id=stranger.pk, account=right, **held)
    in_plain, in_owed = (holdings.create(user_id=user.pk, account=account, **held) for account in (plain, owed))

    apps = migrate(newest)

    accounts, values, holdings = managers(apps)
    assert accounts.get(pk=astray.pk).financial_institution_id is None
    assert dict(accounts.values_list("name", "is_investment_account")) == {
        "Astray": False, "Right": True, "Plain": True, "Owed": False
    }  # fmt: skip
    assert values.get().user_id == user.pk
    assert set(holdings.values_list("pk", "user_id", "in_investment_account")) == {
        (theirs.pk, user.pk, True), (in_plain.pk, user.pk, True), (in_owed.pk, user.pk, False)
    }  # fmt: skip
    told = {
        (record.id, record.user_id, record.history_type, record.history_change_reason)
        for name in ("Account", "AccountValue", "Holding")
        for record in apps.get_model("accounts", f"Historical{name}").objects.all()
    }
    assert told == {
        (astray.pk, user.pk, "~", "The institution belongs to somebody else."),
        (plain.pk, user.pk, "~", "What holds securities is an investment account."),
        (value.pk, user.pk, "~", "What is in an account belongs to its owner."),
        (theirs.pk, user.pk, "~", "What is in an account belongs to its owner."),
    }


def test_the_rules_between_tables_go_and_come_again(newest, user):
    account = AccountFactory(user=user)

    migrate(BEFORE_RULES)
    apps = migrate(newest)

    assert apps.get_model("accounts", "Account").objects.get().pk == account.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        HoldingFactory(account=account)


def test_on_sqlite_the_rules_survive_whatever_else_changes_in_their_tables(newest, user):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite makes tables anew")
    account = AccountFactory(user=user)

    with connection.schema_editor() as editor:
        for model in (Account, Holding):
            editor._remake_table(model)

    with pytest.raises(IntegrityError), transaction.atomic():
        HoldingFactory(account=account)


def test_indexes_of_a_migration_that_was_broken_off_are_found_or_made_anew(newest):
    migrate([("accounts", "0006_newest_values")])
    with connection.cursor() as cursor:
        for name in ("account", "accountvalue"):
            table = f"accounts_historical{name}"
            cursor.execute(f"CREATE INDEX {name}_changes ON {table} (history_type, history_id DESC)")
        if connection.vendor == "postgresql":  # what a concurrent making leaves that was ended in the middle
            cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'accountvalue_changes'::regclass")

    migrate(newest)

    with connection.cursor() as cursor:
        for name in ("account", "accountvalue", "holding"):
            cursor.execute(IS_VALID[connection.vendor], [f"{name}_changes"])
            assert cursor.fetchone()[0]
