"""Keeps the records of runs, and tells as long as they last that their process lives."""

import logging
import os
import socket
import threading
from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import Error, connections, transaction
from django.db.models.functions import Now
from django.utils import timezone

from finances.runs import Origin, Result
from operations.models import LEASE, Outcome, Run

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_BEATS = LEASE.total_seconds() / 4


def process_name() -> str:
    """Return what tells this process from others: its host and number."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


class Heart:
    """A thread that beats while this process has runs under way, and ends when it has none."""

    def __init__(self, seconds: float = SECONDS_BETWEEN_BEATS) -> None:
        """Beat every so many ``seconds``."""
        self._seconds = seconds
        self._change = threading.Condition()
        self._under_way: set[int] = set()
        self._thread: threading.Thread | None = None
        os.register_at_fork(after_in_child=self._start_anew)

    def _start_anew(self) -> None:
        self._change, self._thread = threading.Condition(), None
        self._under_way = set()

    def beat_for(self, run: int) -> None:
        """Tell from now on that ``run`` is under way."""
        with self._change:
            self._under_way.add(run)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._beat, name="runs", daemon=True)
                self._thread.start()

    def stop_for(self, run: int) -> None:
        """Tell it no more."""
        with self._change:
            self._under_way.discard(run)
            self._change.notify_all()

    def _beat(self) -> None:
        while under_way := self._wait():
            try:
                Run.objects.filter(pk__in=under_way, outcome=Outcome.RUNNING).update(seen_at=Now())
            except Error:
                logger.warning("The database does not take the signs of life of runs; tried again soon")
            finally:
                connections.close_all()

    def _wait(self) -> list[int]:
        """Wait for the next beat, and return which runs are under way; with none of them, the thread is to end."""
        with self._change:
            self._change.wait_for(lambda: not self._under_way, timeout=self._seconds)
            if not self._under_way:
                self._thread = None
            return list(self._under_way)


class Records:
    """Keeps each run as a row."""

    def __init__(self) -> None:
        """Begin with no runs under way."""
        self.heart = Heart()

    def begin(self, name: str, arguments: Sequence[str], origin: Origin) -> Run:
        """Store that a run has begun; those that were lost in the meantime are noted as such."""
        with transaction.atomic():
            Run.objects.mark_lost()
            run = Run.objects.create(
                name=name,
                arguments=list(arguments),
                cause=origin.cause,
                started_by=get_user_model().objects.filter(pk=origin.user_id).first() if origin.user_id else None,
                task_id=origin.task_id,
                attempt=origin.attempt,
                queued_at=origin.queued_at,
                process=process_name(),
            )
        self.heart.beat_for(run.pk)
        return run

    def end(self, run: Any, result: Result) -> None:
        """Store what became of it."""
        self.heart.stop_for(run.pk)
        Run.objects.filter(pk=run.pk).update(
            finished_at=timezone.now(),
            seen_at=Now(),
            outcome=outcome_of(result),
            done_count=result.done,
            failed_count=result.failed,
            counts={name: count for name, count in result.counts.items() if name != "done"},
            summary=result.summary,
            reason=result.reason or (result.failures[0] if result.failures else ""),
            failures=result.failures,
        )


def outcome_of(result: Result) -> Outcome:
    """Tell a success from a failure, and both from what lies between."""
    if result.reason:
        return Outcome.FAILED
    if not result.failed:
        return Outcome.SUCCEEDED
    return Outcome.PARTLY if result.done else Outcome.FAILED
