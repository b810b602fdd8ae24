"""Deadlines for what callers of gunicorn send and take: by itself it waits for ever, and each caller holds a thread."""

import functools
import os
import time
from collections.abc import Callable
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker

head_timeout = float(
    os.environ.get("HEAD_TIMEOUT", "10")
)  # seconds for the head of a request to arrive, once it begins
body_timeout = float(os.environ.get("BODY_TIMEOUT", "20"))  # seconds for the whole body of a request to arrive
answer_timeout = float(os.environ.get("ANSWER_TIMEOUT", "30"))  # seconds for an answer to be taken, all of it at once


class Worker(ThreadWorker):  # type: ignore[misc]  # the library has no types
    """Threads, none of which waits for a caller who sends the head of a request one letter at a time."""

    def handle(self, conn: TConn) -> Any:
        """Handle one request, whose head arrives in time; after that `begin_body` is called."""
        if "init" not in vars(conn):
            conn.init = functools.partial(init_in_time, conn, conn.init)
        if conn.initialized:
            begin_head(conn.parser.unreader)
        return super().handle(conn)


def init_in_time(conn: TConn, init: Callable[[], None]) -> None:
    """Give a connection its parser, as gunicorn does once something has come in, and the first head its deadline."""
    is_new = not conn.initialized
    init()
    if is_new:
        begin_head(conn.parser.unreader)


def begin_head(unreader: Any) -> None:
    """Let the head of a request arrive in time."""
    unreader.is_head = True
    set_deadline(unreader, head_timeout)


def begin_body(unreader: Any) -> None:
    """Let what is behind the head arrive in time, and the answer be taken in time."""
    unreader.is_head = False
    unreader.sock.settimeout(answer_timeout)
    set_deadline(unreader, body_timeout)


def set_deadline(unreader: Any, seconds: float) -> None:
    """Count anew; one connection brings many requests."""
    if not hasattr(unreader, "deadline"):
        unreader.chunk = functools.partial(receive_in_time, unreader, unreader.chunk)
    unreader.deadline = time.monotonic() + seconds


def receive_in_time(unreader: Any, receive: Callable[..., bytes], *size: Any) -> bytes:
    """Receive the next piece.

    Raises:
        NoMoreData: the head is late; gunicorn closes the connection without a word.
        TimeoutError: the body is late.
    """
    unreader.sock.settimeout(max(unreader.deadline - time.monotonic(), 0.001))
    try:
        return receive(*size)
    except TimeoutError as exc:
        if unreader.is_head:
            raise NoMoreData from exc
        raise
    finally:
        unreader.sock.settimeout(answer_timeout)
