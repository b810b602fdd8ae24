"""Restoring a backup: all of it in one transaction, or nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction

from currencies import generations
from currencies.models import Currency
from finances import marked
from finances.exceptions import ConflictError
from finances.models import Generation, OwnerGeneration
from operations.backups import rows, schema, tables
from operations.backups.archive import Advance, Archive, BackupError, Manifest
from operations.backups.making import require_migrated
from operations.models import DueTime, Outcome, Run
from securities.models import SecurityPrice
from users.models import User


class NotEmptyError(ConflictError):
    """There is something that a restore would replace."""

    code = "not_empty"


def restore(archive: Archive, *, force: bool, dry_run: bool = False, advance: Advance) -> Manifest:
    """Replace everything in the database by what is in the backup; ``advance`` hears of each row twice.

    Whoever reads meanwhile sees what was there before, or waits; nobody sees half of it.

    Raises:
        BackupError: the backup is damaged, or was made with other migrations; nothing was touched.
        NotMigratedError: the database is not of this version.
        NotEmptyError: there are people or prices, and they are not to be replaced (``force``).
    """
    require_migrated()
    require_same_tables(archive.manifest)
    require_empty(force=force)
    archive.check(advance=advance)
    with transaction.atomic():
        require_empty(force=force)
        names = set(Generation.objects.values_list("name", flat=True))
        empty()
        fill(archive, advance=advance)
        forget_unfinished()
        begin_counters(names)
        transaction.set_rollback(dry_run)
    if not dry_run:
        forget()
    return archive.manifest


def require_same_tables(manifest: Manifest) -> None:
    """Refuse a backup of other tables.

    Raises:
        BackupError: it was made with other migrations, or has other tables or columns.
    """
    difference = schema.difference(manifest.migrations, schema.state())
    if difference:
        raise BackupError(
            f"{difference} Restore it with version {manifest.project_version} of Finances, into an empty database, and "
            "upgrade from there."
        )
    ours = {tables.label(model): tables.columns(model) for model in tables.kept()}
    if {table.name: table.columns for table in manifest.tables} != ours or len(manifest.tables) != len(ours):
        raise BackupError(
            f"The backup, written by version {manifest.project_version} of Finances, has other tables or columns than "
            "this version."
        )


def require_empty(*, force: bool) -> None:
    """Refuse to replace what people have, unless it is said.

    Raises:
        NotEmptyError: there are people or prices.
    """
    found = [name for name, model in (("people", User), ("prices", SecurityPrice)) if model.objects.exists()]
    if found and not force:
        raise NotEmptyError(
            f"The database holds {' and '.join(found)}; all of it would be replaced. Back it up, and say --force."
        )


def empty() -> None:
    """Delete every row of every table, those that point at others first.

    Raises:
        BackupError: the database keeps them, since a table that is none of ours points at one, maybe.
    """
    names = [connection.ops.quote_name(model._meta.db_table) for model in reversed(tables.ordered())]
    statements = [f"DELETE FROM {name}" for name in names]  # noqa: S608 - names of our own
    if connection.vendor == "postgresql":
        statements = [f"TRUNCATE {', '.join(names)}"]
    try:
        connection.check_constraints()  # PostgreSQL empties no table of which something is still to be checked
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as exc:
        raise BackupError(f"The database cannot be emptied: {first_line(exc)}") from exc


def first_line(exc: Exception) -> str:
    """Return what a database says, without the details that follow."""
    return str(exc).partition("\n")[0]


def fill(archive: Archive, *, advance: Advance) -> None:
    """Store every row of the backup, and let new ones be numbered after them.

    Raises:
        BackupError: the database does not take a row.
    """
    described = {table.name: table for table in archive.manifest.tables}
    for model in tables.kept():
        name = tables.label(model)
        with _named(name):
            found = archive.rows(described[name], advance=advance)
            rows.insert(model, found, constants=constants_of(name))
    with _named("the backup"):
        connection.check_constraints()
    number_on()


def forget_unfinished() -> None:
    """Let the schedule see once more to what was not done when the backup was made: no task of that time is here."""
    done = Run.objects.exclude(task_id="").filter(outcome__in=[Outcome.SUCCEEDED, Outcome.PARTLY])
    DueTime.objects.exclude(task_id__in=done.values("task_id")).delete()


# PostgreSQL takes no change of a sequence back with its transaction; so one only ever goes up.
RAISE = """
    SELECT setval(sequence, GREATEST(
        COALESCE(pg_sequence_last_value(sequence), 1), (SELECT COALESCE(MAX({column}), 1) FROM {table})
    )) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS sequence) AS named WHERE sequence IS NOT NULL
"""


def number_on() -> None:
    """Let new rows be numbered after those that are there, and after any that ever were."""
    quoted = connection.ops.quote_name
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            for statement in connection.ops.sequence_reset_sql(no_style(), tables.ordered()):
                cursor.execute(statement)
            return
        for model in tables.ordered():
            table = model._meta.db_table
            key: Any = model._meta.auto_field
            if key is not None:
                statement = RAISE.format(table=quoted(table), column=quoted(key.column))
                cursor.execute(statement, [quoted(table), key.column])


def constants_of(name: str) -> dict[str, Any]:
    """Return what stands in the columns of a table that no backup holds.

    A version of prices begins where no earlier one was, so that nobody takes an answer that they kept for a new one.
    """
    if name == "securities.security":
        return {"prices_version": new_count(), "sync_started_at": None}
    return {}


def new_count() -> int:
    """Return a count that none has reached before: they go up by one, and this by a thousand each second."""
    return time.time_ns() // 1_000_000


def begin_counters(names: set[str]) -> None:
    """Let what was kept of computed figures be found no more, by any process (docs/adr/0013)."""
    codes = Currency.objects.values_list("code", flat=True)
    every = names | {f"{generations.PREFIX}{code}" for code in codes}
    Generation.objects.bulk_create([Generation(name=name, number=new_count()) for name in sorted(every)])
    for model in marked.shared_models():
        marked.renew(model)
    people = User.objects.values_list("pk", flat=True)
    OwnerGeneration.objects.bulk_create([OwnerGeneration(user_id=key) for key in people], batch_size=1000)


def forget() -> None:
    """Let go of what this process, and the shared cache, keep of what was there before."""
    ContentType.objects.clear_cache()
    cache: Any = caches["default"]
    if hasattr(cache, "delete_pattern"):  # `clear` would empty all of Redis
        cache.delete_pattern("*")
    else:
        cache.clear()


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say which table it was that the database refused a row of."""
    try:
        yield
    except ValidationError as exc:
        raise BackupError(f"A value in {name} cannot be read: {' '.join(exc.messages)}") from exc
    except (ArithmeticError, DatabaseError, TypeError, ValueError) as exc:
        raise BackupError(f"The database does not take what the backup has in {name}: {first_line(exc)}") from exc
