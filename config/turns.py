"""Threads of which one leads: it polls, and does what there is to do, until that takes long. See docs/adr/0040."""

import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

# Seconds after which a job takes long: more than an answer from memory needs, less than a write waits for the disk.
LONG = 0.002
IDLE = 5  # times that long that nobody is seen at a job before nobody is watched
SECONDS_UNWATCHED = 1.0  # at the most, unless somebody begins a job


class Loop[Job](Protocol):
    """What there is to do, and where it comes from. All but `do`, `leave` and `wake` are for whoever leads.

    Whoever leads is watched only in `do`: nothing else may take long.
    """

    jobs: deque[Job]

    def is_over(self) -> bool:
        """Tell whether nothing is to be done any more."""

    def go_on(self, *, may_wait: bool) -> None:
        """Find out what there is to do, and wait for it if that is allowed."""

    def do(self, job: Job) -> Any:
        """Do a job, and return what `finish` is to know."""

    def finish(self, job: Job, result: Any) -> None:
        """Go on from a job that is done."""

    def leave(self, job: Job, result: Any) -> None:
        """Let whoever leads finish a job, and wait no longer."""

    def wake(self) -> None:
        """Let whoever leads wait no longer."""


@dataclass(eq=False)
class Helper:
    """A thread that leads whenever it is told to; ``began`` is when, with the job that it is at."""

    told: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    began: float | None = None


class Turns[Job]:
    """Threads that lead in turn.

    Only one thread of a process runs at once anyway, and to hand a short job over to another takes a fifth of its time.
    So whoever leads does one job after the other, as long as each is quick. Who is at one for long leads no more:
    another one does, and both are at work. While all of them are, whoever watches them leads, and does no job.
    """

    def __init__(self, threads: int, loop: Loop[Job]) -> None:
        """Let so many ``threads`` do the jobs of ``loop``, once `run` is called."""
        self.loop, self.lock = loop, threading.Lock()
        self.helpers = [Helper() for _ in range(threads)]
        self.free = list(self.helpers)
        self.leader: Helper | None = None
        self.polled_at, self.is_over = 0.0, False
        self.bell, self.is_unwatched, self.idle = threading.Lock(), False, 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Do what there is to do until all is over; the calling thread watches.

        Raises:
            BaseException: what broke the loop, whoever led.
        """
        self.bell.acquire()
        try:
            for helper in self.helpers:
                threading.Thread(target=self.help, args=(helper,)).start()
            while not self.is_over:
                self.choose()
                if self.leader is None:
                    self.poll(may_wait=True)
                else:
                    self.watch()
        finally:
            self.shutdown()
        if self.failure is not None:
            raise self.failure

    def shutdown(self, *, wait: bool = False) -> None:  # noqa: ARG002 - as the library calls it
        """Let everybody go, who may first do what they are at."""
        self.is_over = True
        self.loop.wake()
        for helper in self.helpers:
            helper.told.release()

    def choose(self) -> None:
        """Let another one lead, where nobody does, or who does is at a job for long."""
        with self.lock:
            if self.leader is not None:
                began = self.leader.began
                if began is None or time.monotonic() - began < LONG:
                    return
                self.leader = None
            if self.free:
                self.leader = self.free.pop()
                self.leader.told.release()

    def watch(self) -> None:
        """Wait until whoever leads may be at one job for long."""
        leader: Any = self.leader
        began = leader.began
        self.idle = self.idle + 1 if began is None else 0
        seconds = LONG if began is None else max(began + LONG - time.monotonic(), 0.0)
        if self.idle > IDLE:
            self.is_unwatched = True
            if leader.began is None:  # still, and from now on whoever begins rings
                seconds, self.idle = SECONDS_UNWATCHED, 0
        self.bell.acquire(timeout=seconds)
        self.is_unwatched = False

    def ring(self) -> None:
        """Let whoever watches look."""
        self.is_unwatched = False
        with suppress(RuntimeError):  # it rings already
            self.bell.release()

    def help(self, me: Helper) -> None:
        """Lead, each time."""
        while me.told.acquire() and not self.is_over:
            try:
                self.lead(me)
            except BaseException as exc:  # noqa: BLE001 - whoever watches raises it
                self.failure, self.is_over = exc, True
                self.ring()

    def lead(self, me: Helper) -> None:
        """Poll, and do what there is to do, until another one leads or all is over."""
        jobs = self.loop.jobs
        while not self.is_over:
            if not jobs or time.monotonic() - self.polled_at > LONG:
                self.poll(may_wait=not jobs)
                continue
            job = jobs.popleft()
            me.began = time.monotonic()
            if self.is_unwatched:
                self.ring()
            result = self.loop.do(job)
            if not self.still_leads(me):
                self.loop.leave(job, result)
                return
            self.loop.finish(job, result)

    def still_leads(self, me: Helper) -> bool:
        """Tell whether who has done a job leads, and else may lead again."""
        with self.lock:
            me.began = None
            if self.leader is me:
                return True
            self.free.append(me)
        return False

    def poll(self, *, may_wait: bool) -> None:
        """Find out what there is to do, and whether there will be any more."""
        self.loop.go_on(may_wait=may_wait)
        self.polled_at = time.monotonic()
        if self.loop.is_over():
            self.is_over = True
            self.ring()
