"""How many rows of a kind somebody may have: bounds that nobody meets by living, only by filling the disk."""

from django.conf import settings
from django.db import connection, models, transaction

from finances.exceptions import QuotaExceededError


def require_room(
    rows: "models.QuerySet[models.Model]", *, quota: str, within: models.Model | None, adding: int = 1
) -> None:
    """Refuse ``adding`` to ``rows`` more than ``settings.QUOTAS[quota]`` allows.

    Called in the transaction that adds them. ``within`` is the row that all of them belong to, and by which they are
    counted: it is locked until that transaction ends, so that of several who add at once each counts what the one
    before has added; None when the transaction has locked it already. Who also locks accounts locks their owner first.
    On SQLite the transaction itself is alone.

    Raises:
        QuotaExceededError: there would be too many.
        TransactionManagementError: there is no transaction that adding them could be part of.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("Rows are counted in the transaction that adds to them.")
    if within is not None and connection.features.has_select_for_update:
        # No key of it changes: whoever only points at the row, as each new row of its owner does, does not wait.
        rows_within = type(within)._base_manager.select_for_update(no_key=True, of=("self",))  # noqa: SLF001
        list(rows_within.order_by().filter(pk=within.pk).values_list("pk"))
    expect_room(rows, quota=quota, adding=adding)


def expect_room(rows: "models.QuerySet[models.Model]", *, quota: str, adding: int = 1) -> None:
    """Refuse early what `require_room` would refuse, before something is done in vain; promises nothing.

    Raises:
        QuotaExceededError: there would be too many.
    """
    most = settings.QUOTAS[quota]
    if rows.order_by()[: most + 1].count() + adding > most:
        name = rows.model._meta.verbose_name_plural
        raise QuotaExceededError(f"There may be at most {most} {name} here; delete some that are not needed.")
