"""The database, the caches, the disk, and the clock."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django_redis.exceptions import ConnectionInterrupted

from finances import http
from finances.exceptions import ProviderUnavailableError
from operations.backups import schema
from operations.doctor.findings import Finding, error, ok, some, warning
from securities import search_indexes

MEBIBYTE = 1024 * 1024
# Below this nothing can be written for long; below the second, an upgrade or a backup may not fit.
LEAST_FREE, LITTLE_FREE = 256 * MEBIBYTE, 1024 * MEBIBYTE
# Seconds between two clocks: more than requests take, and so much that tokens and days are wrong.
NOTABLE_SKEW, HARMFUL_SKEW = 2.0, 60.0
CACHES_DOWN = (redis.RedisError, ConnectionInterrupted, OSError)


def asked(statement: str) -> Any:
    """Return the first value that the database answers with."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def check_database() -> Iterator[Finding]:
    """Ask the database who it is, and whether it can do what is asked of it."""
    if connection.vendor == "postgresql":
        yield ok(f"PostgreSQL {asked('SHOW server_version')} answers.")
        if asked("SELECT lower('É')") != "é":
            yield error(
                "The database does not know letters beyond ASCII: names that differ in case only count as two.",
                "Back up, create the database with a UTF-8 locale (LOCALE 'C.UTF-8' is enough), and restore.",
            )
        yield from _indexes_of_searches()
        return
    said = asked("PRAGMA quick_check(1)")
    if said == "ok":
        yield ok(f"SQLite {asked('SELECT sqlite_version()')} answers, and its file is sound.")
    else:
        yield error(f"The file of the database is damaged: {said}.", "Stop the server and restore the last backup.")


def _indexes_of_searches() -> Iterator[Finding]:
    """Look for the indexes that a migration makes where it may; they can be made by hand at any time."""
    there = "SELECT count(*) FROM pg_indexes WHERE schemaname = ANY (current_schemas(false)) AND indexname = '{}'"
    if not asked("SELECT count(*) FROM pg_class WHERE oid = to_regclass('securities_security')"):
        return  # there are no tables yet
    missing = [name for name in search_indexes.CREATE if not asked(there.format(name))]
    if missing:
        statements = [search_indexes.EXTENSION, *(search_indexes.CREATE[name] for name in missing)]
        yield warning(
            f"Searches of securities read through all names: there is no index {some(missing)}.",
            f"Install PostgreSQL's contrib modules and, as who may create extensions, run: {'; '.join(statements)};",
        )


def check_migrations() -> Iterator[Finding]:
    """Compare the tables with what this version of the program knows."""
    missing = schema.unapplied()
    known = set(MigrationLoader(connection).disk_migrations)
    seen = {(app, name) for app, names in schema.state().items() for name in names}
    unknown = [".".join(each) for each in sorted(seen - known)]
    if missing:
        told = f"{len(missing)} migrations are not applied: {some(missing)}."
        yield error(told, "Back up with the version before, and run `manage.py migrate`.")
    if unknown:
        yield error(
            f"The database has seen migrations that this version does not have: {some(unknown)}.",
            "Run the version that the database is of, or restore a backup of this one.",
        )
    if not missing and not unknown:
        yield ok("All migrations are applied.")


def check_caches() -> Iterator[Finding]:
    """Write to each cache and read it again; count what the cache of outside answers did."""
    kind = "Redis" if settings.REDIS_URL else "the memory of each process"
    failed = [alias for alias in settings.CACHES if not _remembers(alias)]
    if failed:
        yield error(
            f"These caches do not remember, in {kind}: {some(failed)}.",
            "See that Redis runs, that REDIS_URL and LIMITS_REDIS_URL (of throttles) are right, and that its memory "
            "suffices (`make logs`).",
        )
    else:
        yield ok(f"The caches remember, in {kind}.")
    try:
        counts = http.stats()
    except ProviderUnavailableError as exc:
        yield error(exc.message, "See that Redis runs, or that VAR_DIR can be written.")
        return
    yield ok(f"{counts['size']} answers of providers are kept; {counts['hit_rate']:.0%} of all questions were hits.")


def _remembers(alias: str) -> bool:
    key, value = "doctor", timezone.now().isoformat()
    try:
        caches[alias].set(key, value, timeout=60)
        remembered = bool(caches[alias].get(key) == value)
        caches[alias].delete(key)
    except CACHES_DOWN:
        return False
    return remembered


def check_clock() -> Iterator[Finding]:
    """Compare this machine's clock with the database's, which is another machine's, maybe."""
    if connection.vendor == "sqlite":
        yield ok(f"It is {timezone.now():%Y-%m-%d %H:%M:%S} UTC; SQLite has no clock of its own.")
        return
    before = timezone.now()
    theirs = asked("SELECT clock_timestamp()")
    skew = (theirs - before).total_seconds() - (timezone.now() - before).total_seconds() / 2
    told = f"The database's clock is {abs(skew):.1f} seconds {'ahead of' if skew > 0 else 'behind'} this machine's."
    if abs(skew) < NOTABLE_SKEW:
        yield ok(f"It is {before:%Y-%m-%d %H:%M:%S} UTC here and at the database.")
    else:
        make = error if abs(skew) >= HARMFUL_SKEW else warning
        yield make(told, "Have both machines keep the time by NTP (`timedatectl` tells whether they do).")


def check_disk() -> Iterator[Finding]:
    """Look whether there is room to write, and who may look in."""
    folder = Path(settings.VAR_DIR)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield error(f"{folder} cannot be written.", "Give it to the user that the server runs as, or set VAR_DIR.")
        return
    free = shutil.disk_usage(folder).free
    told = f"{size(free)} are free at {folder}."
    if free < LITTLE_FREE:
        make = error if free < LEAST_FREE else warning
        yield make(told, "Make room, or move VAR_DIR (and the database) to a larger disk.")
    else:
        yield ok(told)
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warning(f"Others on this machine may look into {folder}.", f"chmod 700 {folder}")
    yield from _room_for_database(free)


def _room_for_database(free: int) -> Iterator[Finding]:
    if connection.vendor == "postgresql":
        yield ok(f"The database takes {size(asked('SELECT pg_database_size(current_database())'))}.")
        return
    file = Path(str(connection.settings_dict["NAME"]))
    parts = [file.with_name(file.name + ending) for ending in ("", "-wal")]
    taken = sum(part.stat().st_size for part in parts if part.is_file())
    if taken > free:
        yield warning(
            f"The database takes {size(taken)}, more than is free: a migration that rewrites a table may not fit.",
            "Make room before the next upgrade.",
        )
    else:
        yield ok(f"The database takes {size(taken)}.")


def size(count: float) -> str:
    """Write a number of bytes for people: ``1.5 GiB``."""
    units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while count >= 1024 and len(units) > 1:  # noqa: PLR2004 - bytes of a kibibyte
        count, units = count / 1024, units[1:]
    return f"{count:.0f} {units[0]}" if units[0] == "bytes" else f"{count:.1f} {units[0]}"
