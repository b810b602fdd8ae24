"""The process that works: it takes tasks from the queue, and keeps to the schedule."""

import logging
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management import CommandError
from django.db import close_old_connections, connections
from django.db.models.functions import Now
from django.tasks import TaskContext
from django.tasks.signals import task_finished, task_started
from django.utils import timezone
from django.utils.json import normalize_json
from django_tasks_db.models import DBTaskResult

from finances import request_context
from operations import due, queue, records
from operations.models import LEASE, Run, Worker, alive

logger = logging.getLogger(__name__)

QUEUES = ("default", "jobs")  # each in a thread of its own, so that no mail waits for a sync
BEATS_A_LEASE = 6
SHOWN_FOR = timedelta(hours=1)  # how long a process that is gone is listed
LAST_PATIENCE = 10.0  # seconds that a process which is to stop waits for its database


@dataclass(frozen=True, slots=True)
class Duties:
    """What a process does: the queues it works on, whether it keeps the schedule, and whether it ends with the work.

    ``interval`` is the time between two looks for work, in seconds. Whoever was not seen for ``lease`` is taken for
    dead; all processes should agree about it. ``alive_file`` is touched at every look.
    """

    queues: tuple[str, ...] = QUEUES
    keeps_schedule: bool = True
    ends_when_idle: bool = False
    interval: float = 1.0
    lease: timedelta = LEASE
    alive_file: Path | None = None

    @property
    def roles(self) -> str:
        """Return what it does in a few words."""
        return ", ".join([*self.queues, *(["schedule"] if self.keeps_schedule else [])])


class Process:
    """One process of ``manage.py worker``.

    Its main thread tells that it lives, takes back the tasks of those who do not, and keeps to the schedule; one
    thread for each queue takes tasks and runs them. When the database is away all of them wait for it. Told to stop,
    it takes no new tasks and ends when the present ones are done; told twice, it ends at once, and others do them.
    """

    def __init__(self, duties: Duties) -> None:
        """Prepare to do ``duties``."""
        self.duties = duties
        self.id = f"{records.process_name()}:{uuid.uuid4().hex[:12]}"[-64:]
        self.done = self.failed = 0
        self._schedule = due.Schedule()
        self._stopping, self._is_known = threading.Event(), threading.Event()
        self._is_away = False
        self._sees_database_since: float | None = None
        self._beaten_at = float("-inf")

    def run(self) -> bool:
        """Work until told to stop; return whether nothing went wrong with the process itself."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        logger.info("Working: %s", self.duties.roles, extra={"worker": self.id})
        lanes = [threading.Thread(target=self._lane, args=(name,), name=name) for name in self.duties.queues]
        for lane in lanes:
            lane.start()
        try:
            while not self._stopping.is_set() and self._goes_on(lanes):
                self._look_after_all()
                self._stopping.wait(self.duties.interval)
        except Exception:
            # Without this thread nobody knows that the process lives, and others would run what it runs.
            logger.exception("A fault; ended at once, and what was under way is left to others")
            logging.shutdown()
            os._exit(1)
        has_broken = not self._stopping.is_set() and not self.duties.ends_when_idle
        self._stopping.set()
        self._is_known.set()
        while any(lane.is_alive() for lane in lanes):
            self._attempt(self._beat)
            time.sleep(0.05)
        self._attempt(lambda: Worker.objects.filter(pk=self.id).delete())
        logger.info("Stopped: %s tasks done, %s failed", self.done, self.failed, extra={"worker": self.id})
        connections.close_all()
        return not has_broken

    def _goes_on(self, lanes: list[threading.Thread]) -> bool:
        """Tell whether there is still something to do; a thread that ended untold has taken the process with it."""
        if not lanes:
            return not (self.duties.ends_when_idle and self._is_known.is_set())
        alive_lanes = [lane.is_alive() for lane in lanes]
        return any(alive_lanes) if self.duties.ends_when_idle else all(alive_lanes)

    def _stop(self, number: int, _frame: Any) -> None:
        if self._stopping.is_set():
            logger.error("Ended at once; what was under way is left to others")
            os._exit(1)
        logger.info("%s: no more tasks are taken; the present ones are finished", signal.Signals(number).name)
        self._stopping.set()

    def _look_after_all(self) -> None:
        """Do what the main thread does at each look."""
        if self.duties.alive_file is not None:
            with suppress(OSError):  # whoever looks at the file will see that it is old
                self.duties.alive_file.touch()
        if self._attempt(self._beat):
            if self.duties.keeps_schedule:
                self._attempt(lambda: self._schedule.enqueue_due(now=timezone.now()))
            self._is_known.set()

    def _attempt(self, work: Callable[[], Any]) -> bool:
        """Do ``work``; return False when the database is away, which is told once."""
        try:
            work()
        except queue.AWAY as exc:
            if not self._is_away:
                logger.warning("The database is away; waiting for it: %s", str(exc).strip().partition("\n")[0])
            self._is_away, self._sees_database_since, self._beaten_at = True, None, float("-inf")
            return False
        else:
            return True
        finally:
            close_old_connections()

    def _beat(self) -> None:
        """Tell that this process lives, from time to time, and look whether all others do."""
        seconds = self.duties.lease.total_seconds()
        if time.monotonic() - self._beaten_at < seconds / BEATS_A_LEASE:
            return
        known = Worker.objects.filter(pk=self.id)
        if not known.update(seen_at=Now(), done_count=self.done, failed_count=self.failed):
            Worker.objects.create(id=self.id, process=records.process_name(), roles=self.duties.roles)
        self._beaten_at = time.monotonic()
        if self._sees_database_since is None:
            self._is_away, self._sees_database_since = False, self._beaten_at
            logger.info("The database is there", extra={"worker": self.id})
        # After an outage everybody was away for a while; who is still there has told so by the end of a lease.
        if self._beaten_at - self._sees_database_since >= seconds:
            queue.give_back_lost(lease=self.duties.lease)
            Run.objects.mark_lost()
            Worker.objects.exclude(alive(within=SHOWN_FOR)).delete()

    def _lane(self, name: str) -> None:
        """Take tasks from a queue and run them, one after the other."""
        self._is_known.wait()
        try:
            while not self._stopping.is_set():
                task = self._next(name)
                if task is not None:
                    self._run(task)
                    close_old_connections()
                elif self.duties.ends_when_idle:
                    return
                else:
                    self._stopping.wait(self.duties.interval)
        finally:
            connections.close_all()

    def _next(self, name: str) -> Any:
        try:
            return queue.claim(self.id, queues=[name])
        except queue.AWAY:
            self._stopping.wait(self.duties.interval)
            return None
        finally:
            close_old_connections()

    def _run(self, task: "DBTaskResult[Any, Any]") -> None:
        """Run a task, and note what became of it."""
        failure: BaseException | None = None
        with request_context.of_task(str(task.pk)):
            try:
                value = call(task)
            except CommandError as exc:  # what went wrong is said in words, and is in the record of the run
                logger.warning("%s failed: %s", task.task_name, " ".join(str(exc).split("\n")))
                failure = exc
            except (Exception, SystemExit) as exc:  # whatever it is, it is this task's and is told there
                logger.exception("%s failed", task.task_name)
                failure = exc
            if failure is None:
                self.done += 1
                self._note(task, lambda: queue.succeed(task, value))
            else:
                self.failed += 1
                self._note(task, lambda: queue.fail(task, failure))

    def _note(self, task: "DBTaskResult[Any, Any]", write: Callable[[], bool]) -> None:
        """Store what became of a task, waiting for the database if need be, and tell whoever wants to know."""
        give_up_at = None
        while True:
            try:
                is_ours = write()
                break
            except queue.AWAY:
                now = time.monotonic()
                give_up_at = give_up_at or (now + LAST_PATIENCE if self._stopping.is_set() else None)
                if give_up_at is not None and now > give_up_at:
                    logger.exception("What became of a task could not be stored; it will be run again")
                    return
                close_old_connections()
                time.sleep(min(self.duties.interval, 1.0))
        if not is_ours:
            logger.warning("A task was given to another worker, since this one was not seen for too long")
        with suppress(ImportError):
            task_finished.send(sender=type(task.task.get_backend()), task_result=task.task_result)


def call(task: "DBTaskResult[Any, Any]") -> Any:
    """Call a task's function, and return what it returned, as JSON can hold it."""
    result = task.task_result
    task_started.send(sender=type(result.task.get_backend()), task_result=result)
    context: list[Any] = [TaskContext(task_result=result)] if result.task.takes_context else []
    return normalize_json(result.task.call(*context, *result.args, **result.kwargs))
