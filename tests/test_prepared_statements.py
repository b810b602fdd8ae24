"""Statements that PostgreSQL plans once for each connection."""

from datetime import UTC, datetime

import pytest
from django.db import connection, models

from finances import sql
from finances.prepared import Parameter, PreparedRow
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


def test_values_keep_their_kinds():
    instant = datetime(2026, 1, 31, 12, 30, 0, 250_000, tzinfo=UTC)
    with sql.preparing_cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM users_user WHERE created_at >= %s AND username <> %s", [instant, "it's"])
        assert cursor.fetchone() == (0,)


def test_queries_are_counted_like_others(django_assert_num_queries):
    with django_assert_num_queries(1), sql.preparing_cursor() as cursor:
        cursor.execute("SELECT 1")
