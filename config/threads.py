"""gunicorn's threads, none of which waits for a caller: who sends or takes slowly, or nothing, waits in the poller."""

import contextlib
import functools
import selectors
import socket
import threading
import time
from collections import deque
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import ParseException

from config.deadlines import Connection
from config.loop import LedWorker

SMALL = 65_536  # bytes of a request that everybody may have waiting here, of `worker_connections` callers
MOST_HELD = 64 * 1024**2  # bytes of all larger ones together
MOST_UNSENT = 64 * 1024**2  # bytes of all answers together that their callers have not taken yet
SECONDS_TO_LEAVE = 2.0  # for a caller to read the answer and close, as the library has it
SECONDS_TO_END = 3.0  # for a caller to send the rest of a request to a process that is to stop
SECONDS_TO_TAKE = 5.0  # the rest of an answer from one
REFUSAL_FIELDS = {
    "Connection": "close",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Worker(LedWorker):
    """Takes requests in whole before a thread answers them, and sends answers and lets callers go without a thread.

    The library does all of it in a thread, or, at the end, in the loop that serves all: one caller after the other who
    kept a connection open that was to be closed held up everybody for two seconds.
    """

    max_requests: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with nobody who leaves."""
        super().__init__(*args, **kwargs)
        self.leaving: deque[Connection] = deque()
        self.held, self.lock = 0, threading.Lock()  # bytes of all large requests that no thread reads yet
        self.stops_since: float | None = None
        self.taking: dict[Connection, Any] = {}  # an answer, and what the library is then to finish
        self.largest_body = 0
        self.most_requests = 2 * self.max_requests  # however long there is other work

    def run(self) -> None:
        """Serve; by now the application is there, and says how large a body may be."""
        from django.conf import settings

        from finances import uploads

        self.largest_body = max(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, uploads.MOST)
        super().run()

    def enqueue_req(self, conn: Connection) -> None:
        """Let a thread answer, once a request is here."""
        conn.begin()
        if (
            conn.received and conn.is_whole()
        ) or conn.take_in():  # who sends many at once is read no faster than answered
            super().enqueue_req(conn)
            return
        self.pending_conns.append(conn)
        conn.is_pending = True
        self.weigh(conn)
        waiting = functools.partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, waiting)

    def on_pending_socket_readable(self, conn: Connection, client: Any) -> None:  # noqa: ARG002
        """Take in what came; nothing of who was let go since the poller told of it."""
        if not conn.is_pending:
            return
        is_whole = conn.take_in()
        self.weigh(conn)
        if is_whole:
            self.end_wait(conn)
        if self.held > MOST_HELD:
            self.make_room()

    def make_room(self) -> None:
        """Where all large requests together are too much, let go of those who have lately sent least of theirs."""
        now = time.monotonic()
        sending = [each for each in self.pending_conns if each.weight]
        for conn in sorted(sending, key=lambda each: each.pace(now)):
            if self.held <= MOST_HELD:
                return
            self.end_pending(conn)
            self.drop(conn)

    def weigh(self, conn: Connection, *, is_here: bool = True) -> None:
        """Count what of a large request is here."""
        weight = len(conn.received) if is_here and len(conn.received) > SMALL else 0
        if weight != conn.weight:
            with self.lock:  # a thread that begins to read counts, too
                self.held += weight - conn.weight
            conn.weight = weight

    def end_pending(self, conn: Connection) -> None:
        """Wait no more for a request."""
        self.pending_conns.remove(conn)
        conn.is_pending = False

    def end_wait(self, conn: Connection) -> None:
        """Let a thread answer with what is here."""
        conn.data_ready = True
        self.poller.unregister(conn.sock)
        self.end_pending(conn)
        super().enqueue_req(conn)

    def murder_pending(self) -> None:
        """End what is late: without a word where not even the head came, and else by the application's 408."""
        now = time.monotonic()
        if not self.alive:
            self.hurry(now)
        for conn in [each for each in self.pending_conns if each.timeout <= now]:
            if conn.needed:
                self.end_wait(conn)
            else:
                self.end_pending(conn)
                self.drop(conn)
        while self.leaving and self.leaving[0].timeout <= now:
            self.drop(self.leaving.popleft())
        for conn in [each for each in self.taking if each.timeout <= now]:
            self.cut_off(conn)

    def hurry(self, now: float) -> None:
        """Before the process stops, wait for nobody who has sent nothing yet, and not long for the others."""
        self.stops_since = self.stops_since or now
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, self.stops_since + SECONDS_TO_END if conn.received else now)
        for conn in self.taking:
            conn.timeout = min(conn.timeout, self.stops_since + SECONDS_TO_TAKE)

    def drop(self, conn: Connection) -> None:
        """Close a connection in the poller without a word."""
        self.weigh(conn, is_here=False)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ARG002
        """Refuse what is no request, with the library's status, as the application refuses: no HTML.

        The library logs it, but neither from whom it came nor what was sent, which may be anything.
        """
        refusal = Refusal(client)
        if isinstance(exc, ParseException):
            kind, said = type(exc).__name__, vars(exc)
            said.update({name: kind for name, sent in said.items() if isinstance(sent, str | bytes | tuple)})
        if req is not None:
            req.uri = req.uri.partition("?")[0]
        super().handle_error(req, refusal, ("-", 0), exc)
        with contextlib.suppress(OSError):
            client.sendall(refusal.as_problem())

    def handle(self, conn: Connection) -> Any:
        """Answer one request."""
        self.weigh(conn, is_here=False)
        result = super().handle(conn)
        if conn.sock.unsent:
            try:
                conn.sock.send_more()
            except OSError:  # nobody is there any more
                return False
        if result and conn.received:
            conn.keep_rest()
        return result

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer it; where that is to be the last one but for those under way, not while the process has other work.

        It would take no more callers, but stay in the place of its successor until the work is done, or until the
        answers are taken that somebody has not taken yet.
        """
        from finances import tasks

        if self.taking or tasks.are_under_way():
            self.max_requests = max(self.max_requests, min(self.nr + self.cfg.threads + 1, self.most_requests))
        return super().handle_request(req, conn)

    def finish_request(self, conn: Connection, future: Any) -> None:
        """Send what the caller has not taken yet of the answer, and only then go on with the connection."""
        if not conn.is_being_taken():
            super().finish_request(conn, future)
            return
        conn.await_taking()
        self.taking[conn] = future
        self.poller.register(conn.sock, selectors.EVENT_WRITE, functools.partial(self.on_taking_writable, conn))
        self.make_room_for_answers()

    def make_room_for_answers(self) -> None:
        """Where all answers that wait together are too much, cut off those who have most of it to take."""
        waiting = sorted(self.taking, key=unsent_of)
        unsent = sum(map(unsent_of, waiting))
        while unsent > MOST_UNSENT:
            most = waiting.pop()
            unsent -= unsent_of(most)
            self.cut_off(most)

    def on_taking_writable(self, conn: Connection, client: Any) -> None:  # noqa: ARG002
        """Send more of an answer, but to nobody who was cut off since the poller told of it."""
        if conn not in self.taking:
            return
        try:
            conn.sock.send_more()
        except OSError:
            self.cut_off(conn)
            return
        if not conn.sock.unsent:
            self.poller.unregister(conn.sock)
            super().finish_request(conn, self.taking.pop(conn))

    def cut_off(self, conn: Connection) -> None:
        """End a connection in the midst of an answer."""
        del self.taking[conn]
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.sock.reset()

    def let_go(self, conn: Connection) -> None:
        """Say that no more comes, and close when the caller does, or after a while.

        Closed at once with something unread, a connection is reset, and the caller may lose the end of the answer.
        """
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        conn.timeout = time.monotonic() + SECONDS_TO_LEAVE
        self.nr_conns += 1
        self.leaving.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, functools.partial(self.on_leaving_readable, conn))

    def on_leaving_readable(self, conn: Connection, client: Any) -> None:
        """Pass over what still comes, up to the end."""
        try:
            is_over = not client.recv(SMALL)
        except BlockingIOError:
            return
        except OSError:
            is_over = True
        if is_over:
            self.leaving.remove(conn)
            self.drop(conn)


class Refusal:
    """Takes the place of a socket, and of what the library says there only the status."""

    def __init__(self, client: Any) -> None:
        """Say nothing to ``client``."""
        self.client, self.said = client, b""

    def __getattr__(self, name: str) -> Any:
        """Be like the socket in everything else."""
        return getattr(self.client, name)

    def gettimeout(self) -> float:
        """Wait for nothing."""
        return 0.0

    def sendall(self, data: bytes) -> None:
        """Keep what is said."""
        self.said += data

    def as_problem(self) -> bytes:
        """Return the whole answer with a problem document of that status."""
        from finances.api import errors

        status = HTTPStatus(int(self.said.split(maxsplit=2)[1]))
        answer = errors.plain_problem(status, f"{status.description or status.phrase}.", status.name.lower())
        fields = {**REFUSAL_FIELDS, "Content-Type": answer["Content-Type"], "Content-Length": len(answer.content)}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode() + answer.content


def unsent_of(conn: Connection) -> int:
    """Return how many bytes of an answer are still to be taken."""
    return len(conn.sock.unsent)
