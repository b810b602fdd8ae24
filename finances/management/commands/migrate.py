"""``manage.py migrate``: Django's own, one at a time.

Where several servers start at once, each of them migrates. Of two that do so side by side, one fails in the middle,
over tables that the other has made.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

LOCK = 0x66696E616E636573  # of PostgreSQL's, which are numbers: "finances"
SECONDS_BETWEEN_LOOKS = 0.5
SUFFIX = ".migrating"  # of a file beside SQLite's


class Command(migrate.Command):
    """Apply migrations, or take them back, once nobody else does."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Wait for others, then do as Django does: what they have applied is found applied."""
        if options["plan"] or options["check_unapplied"]:
            return super().execute(*args, **options)
        with self._turn(options["database"]):
            return super().execute(*args, **options)

    @contextmanager
    def _turn(self, database: str) -> Iterator[None]:
        connection: Any = connections[database]
        turn: AbstractContextManager[None]
        if connection.vendor == "postgresql":
            turn = self._turn_in_database(connection)
        elif connection.is_in_memory_db() or not Path(connection.settings_dict["NAME"]).parent.is_dir():
            turn = nullcontext()  # nobody else has it; or nobody can, as Django will say
        else:
            turn = self._turn_beside_file(connection)
        with turn:
            yield

    @contextmanager
    def _turn_in_database(self, connection: Any) -> Iterator[None]:
        """Hold a lock of the session, which ends with it, whatever becomes of this process."""
        if not self._is_locked(connection):
            self._say_who_is_waited_for()
            # A statement that waits is a transaction that `CREATE INDEX CONCURRENTLY` waits for: a deadlock.
            while not self._is_locked(connection):
                time.sleep(SECONDS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            if connection.connection is not None and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def _is_locked(self, connection: Any) -> bool:
        """Take the lock if it is free, and tell whether it was."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            return bool(cursor.fetchone()[0])

    @contextmanager
    def _turn_beside_file(self, connection: Any) -> Iterator[None]:
        """Hold a lock on a file beside the database, which may not be there yet; it ends with this process."""
        with Path(f"{connection.settings_dict['NAME']}{SUFFIX}").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._say_who_is_waited_for()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _say_who_is_waited_for(self) -> None:
        self.stderr.write("Somebody else migrates this database; waiting until they have.")
