"""Enqueues what the schedule has due.

Each due time is a row that one scheduler alone can store, in the transaction that enqueues the job. So any number of
schedulers may run, and one that was away makes up for the last time that it missed, once.
"""

import logging
from datetime import datetime

from django.db import transaction

from finances import jobs, runs
from operations import queue, records, schedule
from operations.models import DueTime
from operations.schedule import Entry

logger = logging.getLogger(__name__)


class Schedule:
    """What is due, for one process: it remembers what it has seen dealt with, and asks the database only for more."""

    def __init__(self) -> None:
        """Begin without having seen anything."""
        self._seen: dict[str, datetime] = {}

    def enqueue_due(self, *, now: datetime) -> list[str]:
        """Enqueue what is due and was not dealt with yet, and return its names."""
        enqueued = []
        for entry in schedule.entries():
            due_at = entry.last_due(now)
            if self._seen.get(entry.name) == due_at:
                continue
            if _enqueue_once(entry, due_at):
                enqueued.append(entry.name)
            self._seen[entry.name] = due_at
        return enqueued


def _enqueue_once(entry: Entry, due_at: datetime) -> bool:
    if DueTime.objects.filter(name=entry.name, due_at=due_at).exists():
        return False
    with transaction.atomic():
        taken, is_ours = DueTime.objects.get_or_create(
            name=entry.name, due_at=due_at, defaults={"taken_by": records.process_name()}
        )
        if not is_ours:
            return False
        arguments = list(entry.arguments)
        if queue.is_waiting(jobs.QUEUE, [entry.command, arguments]):
            logger.warning("%s was due again before it was begun", entry.name)
            return False
        taken.task_id = jobs.start(entry.command, arguments, cause=runs.SCHEDULE)
        taken.save(update_fields=["task_id"])
    logger.info("%s of %s is enqueued", entry.name, due_at.isoformat())
    return True
