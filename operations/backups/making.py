"""Making a backup: every table of one moment, while everybody goes on working."""

from contextlib import closing
from typing import IO

from django.conf import settings
from django.db import connection
from django.utils import timezone

from finances import sql
from finances.exceptions import ConflictError
from operations.backups import rows, schema, tables
from operations.backups.archive import Advance, Manifest, Writer


class NotMigratedError(ConflictError):
    """The tables are not those that this version of the program knows."""

    code = "not_migrated"


def require_migrated() -> None:
    """Refuse a database whose tables are not those of this version.

    Raises:
        NotMigratedError: migrations are to be applied.
    """
    missing = schema.unapplied()
    if missing:
        raise NotMigratedError(
            f"The database has not seen {len(missing)} migrations of this version, of which the first is {missing[0]}. "
            "Run `manage.py migrate`, or use the version that the database is of."
        )


def count_rows() -> int:
    """Return how many rows a backup would hold now; one query for each table.

    Raises:
        NotMigratedError: the tables are not those of this version.
    """
    require_migrated()
    return sum(model._base_manager.count() for model in tables.kept())  # noqa: SLF001 - every row there is


def make(file: IO[bytes], *, advance: Advance) -> Manifest:
    """Write a backup of the database, as it is at this moment, to ``file``; ``advance`` hears of the rows.

    Raises:
        NotMigratedError: the tables are not those of this version.
    """
    require_migrated()
    now = timezone.now()
    writer = Writer(file, made_at=now)
    with closing(writer), sql.snapshot():
        migrations = schema.state()
        written = [
            writer.add(tables.label(model), tables.columns(model), rows.lines(model), advance=advance)
            for model in tables.kept()
        ]
        manifest = Manifest(
            project_version=settings.VERSION,
            made_at=now.isoformat(timespec="seconds"),
            database=connection.vendor,
            migrations=migrations,
            tables=tuple(written),
        )
        writer.finish(manifest)
    return manifest
