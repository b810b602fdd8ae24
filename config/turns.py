"""Threads that work in turn: one at a time, and another as soon as that takes long. See docs/adr/0038."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

# Seconds after which a job takes long: more than an answer from memory needs, less than a write waits for the disk.
LONG = 0.002
SOON = 0.02  # where all threads are at work, one of which may be about to leave

type Job = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]


class TurnTakers(ThreadPoolExecutor):
    """Does one job at a time, as long as each is quick.

    Only one thread of a process runs at once anyway. When others have work too, they change over at each word with the
    database, which takes a third as long again as the work; but nobody is to wait behind one who waits for others.
    """

    def __init__(self, threads: int) -> None:
        """Begin with nothing to do, and no more than so many ``threads``."""
        super().__init__(max_workers=threads)
        self.threads, self.lock = threads, threading.Lock()
        self.jobs: deque[Job] = deque()
        self.begun: dict[object, float] = {}  # when whoever is at work began the present job, the latest last

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:  # type: ignore[override]
        """Let a job be done when its turn comes."""
        future: Future[Any] = Future()
        with self.lock:
            self.jobs.append((future, function, args))
        self.let_in()
        return future

    def let_in(self) -> None:
        """Let one more thread work, where jobs wait and each that is being done takes long."""
        me = object()
        with self.lock:
            if not self.jobs or len(self.begun) == self.threads or self.seconds_left():
                return
            self.begun[me] = time.monotonic()
        super().submit(self.work, me)

    def seconds_to_wait(self, most: float) -> float:
        """Return when to call `let_in` next, unless a job is given or done before: ``most`` where there is no need."""
        with self.lock:
            if not self.jobs:
                return most
            return min(SOON if len(self.begun) == self.threads else self.seconds_left(), most)

    def seconds_left(self) -> float:
        """Return after how many seconds everybody who is at work takes long: 0 when that is so, or nobody is."""
        latest = next(reversed(self.begun.values()), None)
        return 0.0 if latest is None else max(latest + LONG - time.monotonic(), 0.0)

    def work(self, me: object) -> None:
        """Do one job after the other, until there is none, or somebody else is quick."""
        while (job := self.next(me)) is not None:
            do(*job)
            del job  # and what it holds, before the next one is waited for

    def next(self, me: object) -> Job | None:
        """Return the next job, if there is one and whoever asks is to do it."""
        with self.lock:
            del self.begun[me]
            if not self.jobs or self.seconds_left():
                return None
            self.begun[me] = time.monotonic()
            return self.jobs.popleft()


def do(future: Future[Any], function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Do a job, and say what came of it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*args)
    except BaseException as exc:  # noqa: BLE001 - whoever asks for the result gets it
        future.set_exception(exc)
    else:
        future.set_result(result)
