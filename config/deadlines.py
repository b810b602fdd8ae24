"""Deadlines for what callers of gunicorn send and take; what they send is taken in before a thread is asked to answer.

gunicorn by itself waits for ever, in a thread, of which there are few.
"""

import os
import re
import socket
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn

head_timeout = float(
    os.environ.get("HEAD_TIMEOUT", "10")
)  # seconds for the head of a request to arrive, once it begins
body_timeout = float(os.environ.get("BODY_TIMEOUT", "20"))  # seconds for the whole body of a request to arrive
answer_timeout = float(os.environ.get("ANSWER_TIMEOUT", "30"))  # seconds for an answer to be taken, of any size …
LEAST_RATE = 16_384  # … and one more for each so many bytes that were not taken at once

LARGEST_HEAD = 65_536  # bytes; the library refuses a line or field of more than an eighth of it
PERIOD = 2.0  # seconds by which it is told how fast somebody sends
SMALL_PIECE = 8192  # bytes that are asked for at once where nobody knows how many will come; as the library does
LARGE_PIECE = 262_144
LITTLE = 16_384  # bytes of an answer that wait for more of it, so that all goes at once
HEAD_END = b"\r\n\r\n"
BARE_LF = re.compile(rb"(?<!\r)\n")
FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding):([^\r\n]*+)(?=\r\n)")  # looks at nothing twice
LENGTH = re.compile(rb"\d{1,18}")
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*+100-continue[ \t]*+\r\n")
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: close at once, and forget what is still to be sent


class PatientSocket(socket.socket):
    """A socket on which nobody waits for the other side to take what it is sent: what is left is kept for later."""

    def __init__(self, accepted: socket.socket) -> None:
        """Take the place of ``accepted``."""
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        super().setblocking(False)
        self.unsent = bytearray()

    def setblocking(self, flag: bool) -> None:
        """Go on as ever: nobody waits here, whatever the library thinks."""

    def settimeout(self, value: float | None) -> None:
        """Go on as ever."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Keep a little, such as the head of an answer, to go with what follows; send what is taken at once of more."""
        kept, sent = len(self.unsent), 0
        if kept + len(data) > LITTLE:
            with suppress(BlockingIOError):
                sent = self.sendmsg([self.unsent, data], (), flags | socket.MSG_DONTWAIT)
            del self.unsent[:sent]
        self.unsent += memoryview(data)[max(sent - kept, 0) :]

    def send_more(self) -> None:
        """Send what is taken now of what was kept."""
        with suppress(BlockingIOError):
            del self.unsent[: self.send(self.unsent, socket.MSG_DONTWAIT)]

    def reset(self) -> None:
        """Close at once without what is still to be sent, so that the other side knows that it has not got all."""
        with suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()


class Connection(TConn):  # type: ignore[misc]  # the library has no types
    """A connection whose requests are taken in without waiting, until a thread can answer one without waiting either.

    Whatever is here when a thread gets it, is read as if it came from the socket just then. What of a request is here
    is guessed from its head, and only the library reads what it says: a wrong guess ends a request early or late, and
    never makes two of one. No body has to be walked through for that: one whose length is not told once and plainly
    gets its refusal as soon as its head is here.
    """

    def __init__(self, worker: Any, sock: socket.socket, client: Any, server: Any) -> None:
        """Begin with nothing; ``worker`` has the configuration, and lets connections go."""
        super().__init__(worker.cfg, PatientSocket(sock), client, server)
        self.worker = worker
        self.received = bytearray()
        self.needed = 0  # bytes of the whole request, 0 until all of its head is here
        self.searched = 0  # bytes in which no head ends
        self.was_told_to_go_on = self.is_head = self.is_pending = False
        self.weight = 0  # bytes that count among those of large requests
        self.periods = [(0.0, 0), (0.0, 0)]  # when the last two began, and how much was here then

    def begin(self) -> None:
        """Wait for the next request; the last one may have brought a part of it."""
        self.needed, self.searched, self.was_told_to_go_on = 0, 0, False
        now = time.monotonic()
        self.timeout, self.periods = now + head_timeout, [(now, 0), (now, 0)]
        self.data_ready = True
        if self.parser is not None:
            self.received[:0] = self.parser.unreader.take_buffered()

    def take_in(self) -> bool:
        """Take in what has come; tell whether a thread needs to wait for nothing any more."""
        try:
            piece = self.sock.recv(max(SMALL_PIECE, min(self.needed - len(self.received), LARGE_PIECE)))
        except BlockingIOError:
            return self.is_whole()
        except OSError:
            return True  # the thread meets the same
        now = time.monotonic()
        if now - self.periods[1][0] > PERIOD:
            self.periods = [self.periods[1], (now, len(self.received))]
        self.received += piece
        return not piece or self.is_whole()

    def pace(self, now: float) -> float:
        """Return how many bytes a second came lately: in two periods at most, or since then when none came."""
        began, count = self.periods[0]
        return (len(self.received) - count) / max(now - began, PERIOD)

    def is_whole(self) -> bool:
        """Tell whether all of a request is here, or it is none to wait for."""
        count = len(self.received)
        if not self.needed:
            start = max(self.searched - len(HEAD_END) + 1, 0)
            end = self.received.find(HEAD_END, start)
            if end < 0:
                self.searched = count
                return count > LARGEST_HEAD or BARE_LF.search(self.received, start) is not None
            self.read_head(end + len(HEAD_END))
        return count >= self.needed or self.needed > LARGEST_HEAD + self.worker.largest_body

    def read_head(self, end: int) -> None:
        """Find out how much belongs to the head that ends at ``end``, and tell who waits for a word to send it."""
        head = bytes(self.received[:end]).lower()
        self.needed = end + length_of_body(head)
        self.timeout = time.monotonic() + body_timeout
        if EXPECTS.search(head) and head.partition(b"\r\n")[0].endswith(b"/1.1") and not self.is_whole():
            with suppress(OSError):
                self.was_told_to_go_on = self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n") > 0

    def init(self) -> None:
        """Begin to read a request in a thread, of which nothing more is waited for."""
        if not self.initialized:
            super().init()
            self.parser.unreader.connection, self.parser.unreader.chunk = self, self.receive
        self.is_head = True

    def begin_body(self, request: Any) -> None:
        """Go on to what is behind the head; what comes in chunks is answered without it (config/wsgi.py)."""
        self.is_head = False
        comes_in_chunks = any(name == "TRANSFER-ENCODING" for name, _ in request.headers)
        if comes_in_chunks:
            request.force_close()
        if comes_in_chunks or self.was_told_to_go_on:
            request._expected_100_continue = False  # noqa: SLF001 - the library has no other way

    def receive(self, size: int | None = None) -> bytes:
        """Return the next piece of what was taken in, or then of what is there by now.

        Raises:
            NoMoreData: the head is late; gunicorn closes the connection without a word.
            TimeoutError: the body is late.
        """
        wanted = max(SMALL_PIECE, min(size or 0, LARGE_PIECE))
        if self.received:
            piece = bytes(self.received[:wanted])
            del self.received[:wanted]
            return piece
        try:
            return self.sock.recv(wanted, socket.MSG_DONTWAIT)  # type: ignore[no-any-return]
        except BlockingIOError as exc:
            if self.is_head:
                raise NoMoreData from exc
            raise TimeoutError("the body is late") from exc

    def keep_rest(self) -> None:
        """Put what was taken in beyond a request where the library looks for the next one."""
        buffered = self.parser.unreader.take_buffered()
        self.parser.unreader.unread(buffered + bytes(self.received))
        self.received.clear()

    def is_being_taken(self) -> bool:
        """Tell whether a part of the answer is still here, and somebody to take it."""
        return bool(self.sock.unsent) and self.sock.fileno() >= 0

    def await_taking(self) -> None:
        """Give the caller time to take what is left of the answer."""
        self.timeout = time.monotonic() + answer_timeout + len(self.sock.unsent) / LEAST_RATE

    def close(self, graceful: bool = False) -> None:
        """Close at once, or once the caller has had time to read the answer."""
        if graceful:
            self.worker.let_go(self)
        else:
            super().close()


def length_of_body(head: bytes) -> int:
    """Return how many bytes of a body ``head``, in small letters, announces: 0 where it is none to wait for.

    Such are bodies in chunks, and lengths that are told twice, otherwise than in digits, or beside chunks; the library
    refuses the latter, and we the former.
    """
    if b"\r\ncontent-length" not in head and b"\r\ntransfer-encoding" not in head:
        return 0
    fields = FRAMING.findall(head)
    if len(fields) != 1 or fields[0][0] != b"content-length":
        return 0
    length = fields[0][1].strip(b" \t")
    return int(length) if LENGTH.fullmatch(length) else 0
