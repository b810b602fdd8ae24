"""Deadlines for what callers of gunicorn send and take; what they send is taken in before a thread is asked to answer.

gunicorn by itself waits for ever, in a thread, of which there are few.
"""

import functools
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn

head_timeout = float(
    os.environ.get("HEAD_TIMEOUT", "10")
)  # seconds for the head of a request to arrive, once it begins
body_timeout = float(os.environ.get("BODY_TIMEOUT", "20"))  # seconds for the whole body of a request to arrive
answer_timeout = float(os.environ.get("ANSWER_TIMEOUT", "30"))  # seconds for an answer to be taken, all of it at once

LARGEST_HEAD = 65_536  # bytes; the library refuses a line or field of more than an eighth of it
SMALL_PIECE = 8192  # bytes that are asked for at once where nobody knows how many will come; as the library does
LARGE_PIECE = 262_144
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n")
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n")
LAST_CHUNK = b"\r\n0\r\n"
LONGEST_IN_CHUNKS = 65_536  # bytes; Django reads such a body as empty, and the library passes over no more than that


class Connection(TConn):  # type: ignore[misc]  # the library has no types
    """A connection whose requests are taken in without waiting, until a thread can answer one without waiting either.

    Whatever is here when a thread gets it, is read as if it came from the socket just then. What of a request is here
    is guessed from its head, and only the library reads what it says: a wrong guess ends a request early or late.
    """

    def __init__(self, worker: Any, sock: Any, client: Any, server: Any) -> None:
        """Begin with nothing; ``worker`` has the configuration, and lets connections go."""
        super().__init__(worker.cfg, sock, client, server)
        self.worker = worker
        self.received = bytearray()
        self.needed = 0  # bytes of the whole request, 0 until all of its head is here
        self.is_chunked = self.was_told_to_go_on = self.is_head = False
        self.deadline = 0.0
        # What is encrypted, and HTTP/2, is read by the library alone, in a thread.
        self.is_plain = not self.cfg.is_ssl and "h2" not in self.cfg.http_protocols

    def begin(self) -> None:
        """Wait for the next request; the last one may have brought a part of it."""
        self.needed, self.was_told_to_go_on = 0, False
        self.timeout = time.monotonic() + head_timeout
        if self.is_plain:
            self.data_ready = True
            self.sock.setblocking(False)
            if self.parser is not None:
                self.received[:0] = self.parser.unreader.take_buffered()

    def take_in(self) -> bool:
        """Take in what has come; tell whether a thread needs to wait for nothing any more."""
        if not self.is_plain:
            return True
        try:
            piece = self.sock.recv(max(SMALL_PIECE, min(self.needed - len(self.received), LARGE_PIECE)))
        except BlockingIOError:
            return self.is_whole()
        except OSError:
            return True  # the thread meets the same
        self.received += piece
        return not piece or self.is_whole()

    def is_whole(self) -> bool:
        """Tell whether all of a request is here, or it is none to wait for."""
        count = len(self.received)
        if not self.needed:
            end = self.received.find(HEAD_END)
            if end < 0:
                lines_end_wrong = self.received.count(b"\n") != self.received.count(b"\r\n")
                return lines_end_wrong or count > LARGEST_HEAD
            self.read_head(end + len(HEAD_END))
        if self.is_chunked:
            return self.received.find(LAST_CHUNK, self.needed - 2) >= 0 or count > self.needed + LONGEST_IN_CHUNKS
        return count >= self.needed or self.needed > LARGEST_HEAD + self.worker.largest_body

    def read_head(self, end: int) -> None:
        """Find out how much belongs to the head that ends at ``end``, and tell who waits for a word to send it."""
        head = bytes(self.received[:end]).lower()
        length = LENGTH.search(head) if b"\r\ncontent-length:" in head else None
        self.is_chunked = b"\r\ntransfer-encoding:" in head and b"chunked" in head
        self.needed = end + int(length[1] if length else 0)
        self.timeout = time.monotonic() + body_timeout
        if EXPECTS.search(head) and head.partition(b"\r\n")[0].endswith(b"/1.1") and not self.is_whole():
            with suppress(OSError):
                self.was_told_to_go_on = self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n") > 0

    def init(self) -> None:
        """Begin to read a request in a thread, whose head arrives, and whose answer is taken, in time."""
        if not self.initialized:
            super().init()
            if not self.is_http2:
                unreader = self.parser.unreader
                unreader.connection, unreader.chunk = self, functools.partial(self.receive, unreader.chunk)
        self.sock.settimeout(answer_timeout)
        self.is_head = True
        self.let_arrive_within(head_timeout)

    def begin_body(self, request: Any) -> None:
        """Let what is behind the head arrive in time."""
        self.is_head = False
        self.let_arrive_within(body_timeout)
        if self.was_told_to_go_on:
            request._expected_100_continue = False  # noqa: SLF001 - the library has no other way

    def let_arrive_within(self, seconds: float) -> None:
        """Count anew; one connection brings many requests. Of one that was taken in nothing more is waited for."""
        self.deadline = time.monotonic() + (0 if self.is_plain else seconds)

    def receive(self, from_socket: Callable[..., bytes], size: int | None = None) -> bytes:
        """Return the next piece of what was taken in, or then of what comes in time.

        Raises:
            NoMoreData: the head is late; gunicorn closes the connection without a word.
            TimeoutError: the body is late.
        """
        if self.received:
            wanted = max(SMALL_PIECE, min(size or 0, LARGE_PIECE))
            piece = bytes(self.received[:wanted])
            del self.received[:wanted]
            return piece
        self.sock.settimeout(max(self.deadline - time.monotonic(), 0.001))
        try:
            return from_socket(size)
        except TimeoutError as exc:
            if self.is_head:
                raise NoMoreData from exc
            raise
        finally:
            self.sock.settimeout(answer_timeout)

    def keep_rest(self) -> None:
        """Put what was taken in beyond a request where the library looks for the next one."""
        buffered = self.parser.unreader.take_buffered()
        self.parser.unreader.unread(buffered + bytes(self.received))
        self.received.clear()

    def close(self, graceful: bool = False) -> None:
        """Close at once, or once the caller has had time to read the answer."""
        if graceful:
            self.worker.let_go(self)
        else:
            super().close()
