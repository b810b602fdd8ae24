"""The loop of gunicorn's worker, led by one of its threads after the other (see `config.turns`)."""

import errno
import os
import resource
import selectors
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, PollableMethodQueue, ThreadWorker

from config.deadlines import Connection
from config.turns import Turns

MOST_FILES = 65_536  # that a process asks for, if it may have so many
OUT_OF_FILES = {errno.EMFILE, errno.ENFILE}
SECONDS_WITHOUT_FILES = 0.05  # before anybody is accepted again
SECONDS_TO_POLL = 1.0  # at the most; as the library does
SECONDS_TO_SEE = 0.1  # between two times that what is due is seen to
SECONDS_FOR_OTHERS = 0.001  # in which a process that has accepted a caller leaves the next one to another process


class Done(NamedTuple):
    """What came of a request, as the library asks for it."""

    value: Any

    def result(self) -> Any:
        """Return it."""
        return self.value

    def cancelled(self) -> bool:
        """Tell that it was not called off."""
        return False


class Callbacks(PollableMethodQueue):  # type: ignore[misc]  # the library has no types
    """What whoever polls is to do besides, for which they are woken where they wait.

    The library writes a byte for each and reads it, whether anybody waits or not.
    """

    is_awaited = False

    def defer(self, callback: Callable[..., Any], *args: Any) -> None:
        """Let whoever polls call back."""
        self._queue.put(partial(callback, *args))
        if self.is_awaited:
            self.is_awaited = False
            with suppress(OSError):  # the process ends
                os.write(self._write_fd, b".")

    def seconds_to_wait(self, most: float) -> float:
        """Be ready to wake who polls, and return how long they may wait."""
        self.is_awaited = True
        return most if self._queue.empty() else 0.0

    def run_callbacks(self, _fileobj: Any, max_callbacks: int = 50) -> None:
        """Hear that somebody was woken."""
        with suppress(OSError):
            os.read(self._read_fd, max_callbacks)

    def close(self) -> None:
        """Wake nobody any more."""
        self.is_awaited = False
        super().close()

    def run_all(self) -> None:
        """Call back for all that is here."""
        self.is_awaited = False
        for _ in range(self._queue.qsize()):
            self._queue.get_nowait()()


class LedWorker(ThreadWorker):  # type: ignore[misc]  # the library has no types
    """Whoever of its threads polls answers, too, as long as that is quick.

    The library polls in one thread and answers in others, and hands every request over and back.
    """

    alive: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with nothing to do."""
        super().__init__(*args, **kwargs)
        self.method_queue = Callbacks()
        self.jobs: deque[Connection] = deque()  # whose requests are here
        self.patient_until = self.without_files_until = self.seen_to_at = 0.0
        self.ends_at: float | None = None  # whoever is still waited for then, once the process is to stop

    def get_thread_pool(self) -> Turns[Connection]:
        """Return the threads."""
        return Turns(self.cfg.threads, self)

    def run(self) -> None:
        """Serve until the process is to stop."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        self.tpool.run()
        self.murder_keepalived(force=True)
        for each in (self.poller, self.method_queue, *self.sockets):
            each.close()

    # ---- What whoever leads does ----

    def go_on(self, *, may_wait: bool) -> None:
        """Poll everybody, and see to what is due."""
        has_room = self.alive and self.nr_conns < self.worker_connections
        until = max(self.patient_until, self.without_files_until)
        patience = max(until - time.monotonic(), 0.0) if has_room else 0.0
        self.set_accept_enabled(has_room and not patience)
        seconds = (patience or self.seconds_to_poll()) if may_wait else 0.0
        self.wait_for_and_dispatch_events(self.method_queue.seconds_to_wait(seconds))
        self.method_queue.run_all()
        if not self.alive or time.monotonic() - self.seen_to_at > SECONDS_TO_SEE:
            self.see_to_what_is_due()

    def seconds_to_poll(self) -> float:
        """Return how long nothing is due: before the process stops, it waits for whoever kept a connection."""
        if self.alive or not self.keepalived_conns:
            return SECONDS_TO_POLL
        left: float = self.keepalived_conns[0].timeout - time.monotonic()
        return min(max(left, 0.0), SECONDS_TO_POLL)

    def see_to_what_is_due(self) -> None:
        """Show that the process lives, and let go of whoever is late."""
        self.seen_to_at = time.monotonic()
        self.notify()
        self.alive = self.alive and self.is_parent_alive()
        if not self.alive and self.ends_at is None:
            self.ends_at = self.seen_to_at + self.cfg.graceful_timeout
            self._cap_keepalive(self.seen_to_at + STOP_KEEPALIVE_LINGER)
        self.murder_keepalived()
        self.murder_pending()

    def is_over(self) -> bool:
        """Tell whether the process stops, and nobody is to be waited for."""
        return self.ends_at is not None and (not self.nr_conns or time.monotonic() > self.ends_at)

    def accept(self, listener: Any) -> None:
        """Accept a connection, and leave the next one to others until its request is answered, but not for long.

        Of many who come together one process would have nearly all, the others being asleep.
        """
        try:
            sock, client = listener.accept()
        except OSError as exc:
            if exc.errno in OUT_OF_FILES:  # they wait in the listener until somebody has gone
                self.without_files_until = time.monotonic() + SECONDS_WITHOUT_FILES
            elif exc.errno not in {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}:
                raise
            return
        self.nr_conns += 1
        if self.cfg.workers > 1:
            self.patient_until = time.monotonic() + SECONDS_FOR_OTHERS
        self.enqueue_req(Connection(self, sock, client, listener.getsockname()))

    def enqueue_req(self, conn: Connection) -> None:
        """Let a request be answered."""
        self.jobs.append(conn)

    def finish(self, conn: Connection, result: Any) -> None:
        """Go on with a connection whose request is answered."""
        self.patient_until = 0.0  # others have had time enough
        self.finish_request(conn, Done(result))

    # ---- What others do ----

    def do(self, conn: Connection) -> Any:
        """Answer a request; tell the library whether the connection is kept."""
        try:
            return self.handle(conn)
        except BaseException:
            self.log.exception("A request ended with more than an error")
            return False

    def leave(self, conn: Connection, result: Any) -> None:
        """Let whoever leads go on with a connection."""
        self.method_queue.defer(self.finish, conn, result)

    def wake(self) -> None:
        """Let nobody wait in the poller."""
        self.method_queue.defer(bool)
