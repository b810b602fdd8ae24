"""Connections to PostgreSQL: is one that stayed open still good, and how long is an answer waited for?

Each thread of gunicorn, and of a worker, keeps its connection from one request, or task, to the next. It needs one for
nearly each of them anyway, and lending one from a pool and giving it back took a seventh of a short request. See
docs/adr/0016.
"""

import select
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from psycopg import capabilities, errors
from psycopg.pq import TransactionStatus

from finances import request_context

# A server that goes away says so, but a router that forgot an idle connection does not.
SECONDS_UNUSED = 30.0
CANCEL_SECONDS = 1.0  # for the server to hear that a question is called off


class Connection(psycopg.Connection[Any]):
    """A connection that lets a request wait for ``settings.DATABASE_ANSWER_SECONDS`` and no longer.

    A server that stands still, on a disk that hangs or a machine that is paused, keeps its connections open and says
    nothing; a few requests would wait in every thread of the web server, for ever. Commands and tasks may take long.
    """

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server's answer.

        Raises:
            OperationalError: a request has waited too long; the connection is closed, and what it asked called off.
        """
        if timeout is not None or not request_context.is_awaited.get():
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, settings.DATABASE_ANSWER_SECONDS)
        except errors._WaitTimeout as exc:  # noqa: SLF001 - psycopg gives it no public name
            self._give_up()
            raise psycopg.OperationalError("the server gave no answer in time") from exc

    def _give_up(self) -> None:
        """Ask the server to stop, which a server that stands still does not hear, and close the connection."""
        if capabilities.has_cancel_safe():
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CANCEL_SECONDS)
        self.pgconn.finish()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection of a thread, on a `Connection`."""

    # Where Django looks for all of it.
    Database: Any = SimpleNamespace(**{**vars(psycopg), "connect": Connection.connect})
    used_at = 0.0
    preparing: Any = None  # the cursor of finances.sql.preparing_cursor

    def connect(self) -> None:
        """Connect, which also asks the server."""
        super().connect()
        self.used_at = time.monotonic()

    def is_usable(self) -> bool:
        """Find out, before the connection is used again, whether the server is still there; ask it only when in doubt.

        Whoever ends a connection, or the server itself, closes it, and then there is something to read where nothing is
        expected. Django's own check is a round trip before each request.
        """
        now = time.monotonic()
        idle, self.used_at = now - self.used_at, now
        return is_at_rest(self.connection) and (idle < SECONDS_UNUSED or super().is_usable())


def is_at_rest(connection: Any) -> bool:
    """Tell whether a connection is open, between two transactions, and the server has said nothing unasked."""
    if connection is None or connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
