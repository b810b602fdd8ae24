"""The queue of tasks: django-tasks-db's table, with what it lacks. See docs/adr/0020.

The library stores tasks and lets one worker take each. It does not notice that a worker died, nor tries again what
failed; both are done here. A task is never run by two workers that live; one whose worker died is run again, so that
tasks must bear being run twice.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from traceback import format_exception
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Min
from django.tasks.base import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from finances.exceptions import ProviderRateLimitedError, ProviderUnavailableError
from operations.models import LEASE, Outcome, Run, Worker

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 4
MOST = 10_000  # tasks that are counted
# What fails because something else is away is tried again after these waits; anything else would only fail again.
AWAY = (OSError, OperationalError, InterfaceError)  # of the system's errors: the network's, and those of mail servers
PROVIDER_AWAY = (ProviderUnavailableError, ProviderRateLimitedError)
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=25))
KEPT_SUCCESSES, KEPT_FAILURES = timedelta(days=7), timedelta(days=30)
NOTHING: dict[str, Any] = {"args": [], "kwargs": {}}


def claim(worker_id: str, *, queues: Collection[str]) -> "DBTaskResult[Any, Any] | None":
    """Take the next task that is ready for ``worker_id``, or None when there is none."""
    ready = DBTaskResult.objects.ready().filter(queue_name__in=queues)
    if not ready.exists():  # without a lock, which on SQLite would keep all others from writing
        return None
    with transaction.atomic():
        task = ready.get_locked()
        if task is not None:
            task.claim(worker_id)
    return task


def _held(task: "DBTaskResult[Any, Any]") -> Any:
    """Return the task's row if it is still this worker's; another may have been given it meanwhile."""
    return DBTaskResult.objects.filter(pk=task.pk, status=TaskResultStatus.RUNNING, worker_ids=task.worker_ids)


def succeed(task: "DBTaskResult[Any, Any]", value: Any) -> bool:
    """Note that a task is done, and forget its arguments, which may name people; return whether it was still ours."""
    task.status, task.finished_at, task.return_value = TaskResultStatus.SUCCESSFUL, timezone.now(), value
    return bool(
        _held(task).update(
            status=task.status,
            finished_at=task.finished_at,
            return_value=value,
            exception_class_path="",
            traceback="",
            args_kwargs=NOTHING,
        )
    )


def fail(task: "DBTaskResult[Any, Any]", exc: BaseException) -> bool:
    """Note why a task failed; one that met something that was away is tried again later. Return whether it was ours."""
    attempt = len(task.worker_ids)
    # A command fails with its own error, and with what was away as its cause.
    met_somebody_away = isinstance(exc, AWAY) or isinstance(exc.__cause__, (*AWAY, *PROVIDER_AWAY))
    again = met_somebody_away and attempt < MAX_ATTEMPTS
    task.status = TaskResultStatus.READY if again else TaskResultStatus.FAILED
    task.finished_at = None if again else timezone.now()
    task.run_after = timezone.now() + WAITS[min(attempt, len(WAITS)) - 1] if again else task.run_after
    task.exception_class_path = f"{type(exc).__module__}.{type(exc).__qualname__}"
    task.traceback = "".join(format_exception(exc))
    return bool(
        _held(task).update(
            status=task.status,
            finished_at=task.finished_at,
            run_after=task.run_after,
            exception_class_path=task.exception_class_path,
            traceback=task.traceback,
        )
    )


def give_back_lost(*, lease: timedelta = LEASE) -> int:
    """Make ready again what workers had that were not seen for ``lease``; return how many tasks these are.

    A task that has cost several workers their lives has failed, so that it does not do so for ever. The caller must
    have seen the database all that time: after an outage nobody was seen for a while.
    """
    # The tasks are read before the workers: a worker is stored before it takes a task.
    running = list(DBTaskResult.objects.running())
    if not running:
        return 0
    living = set(Worker.objects.living(within=lease).values_list("pk", flat=True))
    return sum(_give_back(task) for task in running if not task.worker_ids or task.worker_ids[-1] not in living)


@transaction.atomic
def _give_back(task: "DBTaskResult[Any, Any]") -> int:
    reason = "The worker that ran it ended without a word."
    if len(task.worker_ids) < MAX_ATTEMPTS:
        given = _held(task).update(status=TaskResultStatus.READY, started_at=None)
    else:
        given = _held(task).update(
            status=TaskResultStatus.FAILED,
            finished_at=timezone.now(),
            exception_class_path="operations.queue.WorkerLost",
            traceback=f"{reason} So did {len(task.worker_ids) - 1} before.",
        )
    if given:
        logger.warning("A worker ended without a word; its task is taken back", extra={"task": str(task.pk)})
        lost = Run.objects.filter(task_id=str(task.pk), outcome=Outcome.RUNNING)
        lost.update(outcome=Outcome.LOST, finished_at=timezone.now(), reason=reason)
    return int(given)


def retry(tasks: Any) -> int:
    """Make failed tasks ready again, as if they were new; return how many."""
    failed = tasks.filter(status=TaskResultStatus.FAILED)
    return int(
        failed.update(
            status=TaskResultStatus.READY, worker_ids=[], started_at=None, finished_at=None, run_after=get_date_max()
        )
    )


def is_waiting(queue: str, args: list[Any]) -> bool:
    """Tell whether a task with these first arguments waits in ``queue`` already; a few rows."""
    waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY, queue_name=queue)
    return any(kept["args"][: len(args)] == args for kept in waiting.values_list("args_kwargs", flat=True))


def lengths() -> dict[TaskResultStatus, int]:
    """Return how many tasks there are, by what has become of them; each counted to a bound of its own."""
    return {status: DBTaskResult.objects.filter(status=status)[:MOST].count() for status in TaskResultStatus}


def oldest_ready() -> datetime | None:
    """Return since when the task that has waited longest could have been run; None when none waits."""
    ready = DBTaskResult.objects.ready()
    found = ready.order_by().aggregate(first=Min("enqueued_at"))["first"]
    return found if found is None else datetime.fromisoformat(str(found))


def purge(*, dry_run: bool = False) -> int:
    """Delete tasks that ended long ago, and return how many."""
    now = timezone.now()
    old = DBTaskResult.objects.successful().filter(finished_at__lt=now - KEPT_SUCCESSES)
    failed = DBTaskResult.objects.failed().filter(finished_at__lt=now - KEPT_FAILURES)
    if dry_run:
        return int(old.count() + failed.count())
    return int(old.delete()[0] + failed.delete()[0])
