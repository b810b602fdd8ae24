"""Owners of private rows, who stay while somebody writes to these. See docs/adr/0025."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from finances import sql

# The lock that a foreign key takes, which Django's `select_for_update` cannot ask for; in one order always.
HOLD = "SELECT id, timezone FROM {} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"


def hold(user_ids: Iterable[Any]) -> dict[Any, str]:
    """Let whoever deletes these people wait until the transaction under way ends; return the time zones of who is left.

    Called before anything of theirs is locked, since who deletes a person locks them first and then what they own.
    Those who write to rows of one owner do not wait for each other here. On SQLite the transaction itself is alone.

    Raises:
        TransactionManagementError: there is no transaction that could be waited for.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Owners stay until the end of a transaction, and there is none.")
    keys = set(user_ids)
    people: Any = get_user_model()
    if not keys or connection.vendor != "postgresql":
        return dict(people.objects.filter(pk__in=keys).values_list("pk", "timezone"))
    with sql.preparing_cursor() as cursor:
        cursor.execute(HOLD.format(people._meta.db_table), [[sql.parameter(people._meta.pk, key) for key in keys]])
        return dict(cursor.fetchall())
