"""Connections to PostgreSQL: is one that waited in the pool still good, and how long is an answer waited for?"""

import select
import time
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from psycopg import capabilities, errors
from psycopg_pool import ConnectionPool

from finances import request_context

# A server that goes away says so, but a router that forgot an idle connection does not.
SECONDS_UNASKED = 30.0
CANCEL_SECONDS = 1.0  # for the server to hear that a question is called off
_asked_at: "WeakKeyDictionary[Any, float]" = WeakKeyDictionary()


def check_connection(connection: Any) -> None:
    """Find out whether the server is still there, and ask it only when in doubt.

    Whoever ends a connection, or the server itself, closes it, and then there is something to read where nothing is
    expected. The pool's own check is a round trip before each request.

    Raises:
        OperationalError: it is closed; the pool then takes another.
    """
    now = time.monotonic()
    if now - _asked_at.get(connection, -SECONDS_UNASKED) < SECONDS_UNASKED and not _has_something_to_say(connection):
        return
    ConnectionPool.check_connection(connection)
    _asked_at[connection] = now


def _has_something_to_say(connection: Any) -> bool:
    """Tell whether the server has sent something unasked, be it the end, or whether the connection is closed here."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


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


def options(min_size: int, max_size: int) -> dict[str, Any]:
    """Return the options of a pool that keeps so many connections open."""
    return {
        "connection_class": Connection,
        "check": check_connection,
        "min_size": min_size,
        "max_size": max_size,
        "timeout": 5,  # seconds that a request waits for a connection
        # For so many seconds the pool tries to get a lost connection back, waiting twice as long each time; then the
        # next request tries anew. A database that is back after minutes would be left alone for minutes otherwise.
        "reconnect_timeout": 5,
    }
