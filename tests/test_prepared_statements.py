"""Statements that PostgreSQL plans once for each connection."""

import uuid
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import NotSupportedError, ProgrammingError, connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Concat

from accounts.models import AccountValue
from accounts.tests.factories import AccountFactory
from finances import sql
from finances.models import OwnerGeneration
from finances.prepared import Parameter, PreparedInsert, PreparedRow
from institutions.models import FinancialInstitution
from users.models import User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite prepares nothing")


def prepared(part):
    """Return how many statements with ``part`` in them this connection has prepared."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{part}%"])
        return cursor.fetchone()[0]


@only_postgresql
def test_a_row_is_read_for_everybody_by_one_statement():
    by_name = PreparedRow(lambda: User.objects.filter(username=Parameter("name", models.CharField())))
    one, other = UserFactory(), UserFactory()

    assert by_name.get(name=one.username) == one
    assert by_name.get(name=other.username) == other
    assert by_name.get(name="nobody") is None
    assert prepared('"username" = ($1)') == 1


@only_postgresql
def test_nothing_is_prepared_that_does_not_ask_for_it():
    for _ in range(10):
        User.objects.filter(username="nobody").first()

    assert prepared('"username"') == 0


@only_postgresql
def test_rows_and_their_records_are_stored_by_one_statement_each():
    account = AccountFactory()
    for value in (1, 2, 3):
        AccountValue.objects.create(account=account, user=account.user, value=value, cash_balance=0)

    assert prepared('INSERT INTO "accounts_accountvalue"') == 1
    assert prepared('INSERT INTO "accounts_historicalaccountvalue"') == 1


def test_a_stored_row_says_what_the_database_has():
    account = AccountFactory()
    for value in ("1.5", None):  # the first one's statement serves the second
        row = AccountValue(account=account, user=account.user, value="2.25", cash_balance=value and Decimal(value))
        row.save()

        stored = AccountValue.objects.get(pk=row.pk)
        assert [stored.created_at, stored.updated_at] == [row.created_at, row.updated_at]
        assert (stored.value, stored.cash_balance) == (Decimal("2.25"), row.cash_balance)
        assert stored.history.get().history_user_id is None


def test_what_the_database_gives_is_told():
    owner = UserFactory()
    fields = {field.name: field for field in OwnerGeneration._meta.fields}
    insert = PreparedInsert(OwnerGeneration, [fields["user"], fields["mark"]], returned=[fields["id"], fields["mark"]])

    told = [tuple(row) for mark in (uuid.UUID(int=1), uuid.UUID(int=2)) for row in insert.store([owner.pk, mark])]

    assert told == list(OwnerGeneration.objects.filter(user=owner).order_by("mark").values_list("pk", "mark"))


def test_what_the_database_is_to_compute_is_left_to_it():
    owner = UserFactory()
    row = FinancialInstitution(user=owner, name=Concat(Value("Northern"), Value(" Bank")))

    row.save()

    assert FinancialInstitution.objects.get(pk=row.pk).name == "Northern Bank"


def test_values_keep_their_kinds():
    instant = datetime(2026, 1, 31, 12, 30, 0, 250_000, tzinfo=UTC)
    with sql.preparing_cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM users_user WHERE created_at >= %s AND username <> %s", [instant, "it's"])
        assert cursor.fetchone() == (0,)


def test_queries_are_counted_like_others(django_assert_num_queries):
    with django_assert_num_queries(1), sql.preparing_cursor() as cursor:
        cursor.execute("SELECT 1")


def test_what_is_asked_in_the_midst_of_another_question_takes_nothing_from_it():
    with sql.preparing_cursor() as outer:
        outer.execute("SELECT 1 UNION SELECT 2 ORDER BY 1")
        with sql.preparing_cursor() as inner:
            inner.execute("SELECT 3")
            found = inner.fetchall()

        assert (outer.fetchall(), found) == ([(1,), (2,)], [(3,)])


@only_postgresql
def test_a_cursor_is_made_once_for_each_connection(transactional_db):
    def used():
        with sql.preparing_cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.cursor

    def failed():
        with suppress(ProgrammingError), sql.preparing_cursor() as cursor:
            cursor.execute("SELECT nothing")

    one = used()
    failed()
    again = used()
    left = again.pgresult
    connection.close()

    assert (one is again, left) == (True, None)
    assert used() is not one


@pytest.fixture
def changing_table(transactional_db):
    """A table whose column becomes of another type, by somebody else, once a statement about it is planned."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE changing (price integer)")
        cursor.execute("INSERT INTO changing VALUES (7)")
    yield change_type
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE changing")


def change_type():
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("ALTER TABLE changing ALTER COLUMN price TYPE numeric(12, 2)")
    other.close()


def read_price():
    with sql.preparing_cursor() as cursor:
        cursor.execute("SELECT price FROM changing WHERE price > %s", [0])
        return cursor.fetchone()[0]


@only_postgresql
def test_a_column_that_became_of_another_type_is_read_on(changing_table):
    before = read_price()

    changing_table()
    after = [read_price(), read_price()]

    assert (type(before), before) == (int, 7)
    assert [(type(price), price) for price in after] == [(Decimal, Decimal("7.00"))] * 2


@only_postgresql
def test_in_a_transaction_it_fails_once_and_is_read_on_after_it(changing_table):
    read_price()
    changing_table()

    with pytest.raises(NotSupportedError), transaction.atomic():
        read_price()
    with transaction.atomic():
        after = read_price()

    assert after == Decimal("7.00")
