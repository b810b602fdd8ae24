"""Work that a request starts and does not wait for."""

import contextvars
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connections
from django.tasks.backends.immediate import ImmediateBackend
from django.tasks.base import TaskResult

logger = logging.getLogger(__name__)
# One for each queue in the process, since Django makes a backend for each thread. Its thread starts with the first
# task, after the web server has forked, and is waited for when the process ends, so that what was accepted is done.
EXECUTOR = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tasks")
EXECUTORS = {"default": EXECUTOR, "jobs": ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")}
# What has a place waits or runs. More is dropped: requests must neither wait nor fill the memory while the mail server
# is slow, and with its time-out of ten seconds the last of these is half an hour late.
MAX_TASKS = 200
places = threading.BoundedSemaphore(MAX_TASKS)
under_way: set[Future[None]] = set()  # what has a place
# Work waits until the request that enqueued it is answered: beside it, it would slow the answer, and so tell by its
# time whether there was anything to do. What has waited for its turn as long need not wait again.
DELAY_SECONDS = 0.2


class ThreadBackend(ImmediateBackend):
    """Run the tasks of a queue one after the other in a thread of this process, outside the request.

    Good for mails, and for a sync now and then. At most ``MAX_TASKS`` wait; what comes then is logged and dropped. A
    task that fails is logged with its traceback by ``django.tasks`` and not tried again; a process that is killed loses
    what it has not done yet. Where that is not good enough, ``WORKERS`` chooses a queue in the database, and nothing
    else changes.
    """

    def _execute_task(self, task_result: "TaskResult[Any, Any]") -> None:
        """Hand the task to the thread, with the context that log lines take the request's id from."""
        if not places.acquire(blocking=False):
            logger.error("Too many tasks wait; one was dropped: %s", task_result.task.name)
            return
        context, begins_at = contextvars.copy_context(), time.monotonic() + DELAY_SECONDS
        try:
            future = EXECUTORS[task_result.task.queue_name].submit(context.run, self.run, task_result, begins_at)
        except RuntimeError:  # the process is ending
            places.release()
            raise
        under_way.add(future)
        future.add_done_callback(leave)

    def run(self, task_result: "TaskResult[Any, Any]", begins_at: float) -> None:
        """Run the task in this thread, not before ``begins_at``, and give back the database connections it opened."""
        time.sleep(max(begins_at - time.monotonic(), 0))
        try:
            super()._execute_task(task_result)  # type: ignore[misc]  # its stubs leave this out
        finally:
            connections.close_all()


def leave(future: Future[None]) -> None:
    """Give back the place of a task."""
    under_way.discard(future)
    places.release()


def are_under_way() -> bool:
    """Tell whether tasks wait or run in this process, which would not end before they are done."""
    return bool(under_way)
