"""How many rows of a kind somebody may have: bounds that nobody meets by living, only by filling the disk."""

from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from finances import sql
from finances.exceptions import QuotaExceededError
from finances.prepared import Parameter, PreparedQuery

COUNT = "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {column} = %s LIMIT %s) AS found"


def require_room(model: Any, *, quota: str, within: models.Model, adding: int = 1) -> None:
    """Refuse ``adding`` more rows of ``model`` than ``settings.QUOTAS[quota]`` allows.

    Called in the transaction that adds them. ``within`` is the row that all of them belong to, and by which they are
    counted: it is locked until that transaction ends, so that of several who add at once each counts what the one
    before has added. Who also locks accounts locks their owner first. On SQLite the transaction itself is alone.

    Raises:
        QuotaExceededError: there would be too many.
        TransactionManagementError: there is no transaction that adding them could be part of.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Rows are counted in the transaction that adds to them.")
    if connection.features.has_select_for_update:
        list(lock_of(within._meta.concrete_model).rows(pk=within.pk))
    expect_room(model, quota=quota, within=within, adding=adding)


def expect_room(model: Any, *, quota: str, within: models.Model, adding: int = 1) -> None:
    """Refuse what `require_room` would refuse, without a lock.

    To whoever has locked ``within`` that is exact. To others it promises nothing, but may spare them work in vain.

    Raises:
        QuotaExceededError: there would be too many.
    """
    most = settings.QUOTAS[quota]
    statement, key = count_of(model, within._meta.concrete_model)
    with sql.preparing_cursor() as cursor:
        cursor.execute(statement, [sql.parameter(key, within.pk), most + 1])
        (count,) = cursor.fetchone()
    if count + adding > most:
        name = model._meta.verbose_name_plural
        raise QuotaExceededError(f"There may be at most {most} {name} here; delete some that are not needed.")


@cache
def count_of(model: Any, whole: type[models.Model]) -> tuple[str, Any]:
    """Return the statement that counts rows of ``model`` that point at one of ``whole``, and the field that does."""
    (key,) = (field for field in model._meta.concrete_fields if field.related_model is whole)
    quote = connection.ops.quote_name
    return COUNT.format(table=quote(model._meta.db_table), column=quote(key.column)), key


@cache
def lock_of(model: Any) -> PreparedQuery[Any]:
    """Return the query that locks a row of ``model``.

    No key of it changes: whoever only points at the row, as each new row of its owner does, does not wait.
    """
    rows = model._base_manager.select_for_update(no_key=True, of=("self",)).order_by()  # noqa: SLF001
    return PreparedQuery(lambda: rows.filter(pk=Parameter("pk", model._meta.pk)).values_list("pk"))
