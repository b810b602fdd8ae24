"""Is a connection that waited in the pool of PostgreSQL's still good? Asked before each request."""

import select
import time
from typing import Any
from weakref import WeakKeyDictionary

from psycopg_pool import ConnectionPool

# A server that goes away says so, but a router that forgot an idle connection does not.
SECONDS_UNASKED = 30.0
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
