"""Commands as tasks: what an admin action or the schedule starts, and does not wait for."""

import io
import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands, load_command_class
from django.tasks import TaskContext, task

from finances import request_context, runs
from finances.commands import ReportingCommand
from finances.exceptions import InvalidValueError
from finances.runs import Origin

logger = logging.getLogger(__name__)
QUEUE = "jobs"


def start(name: str, arguments: Sequence[str] = (), *, cause: str, user_id: Any = None) -> str:
    """Enqueue the command ``name`` with these ``arguments``, written as on the command line; return the task's id.

    It runs on a worker where there are some, else in a thread of this process.

    Raises:
        InvalidValueError: it is no command whose runs are recorded.
    """
    recorded_command(name)
    user = None if user_id is None else str(user_id)
    return str(run_command.enqueue(name, list(arguments), cause, user).id)


def are_queued() -> bool:
    """Tell whether there are workers to leave long work to; otherwise the caller had better do it at once."""
    return bool(settings.WORKERS)


def recorded_command(name: str) -> ReportingCommand:
    """Return the command ``name``.

    Raises:
        InvalidValueError: it is no command whose runs are recorded; nothing else is run from a queue.
    """
    app = get_commands().get(name)
    command = app if not isinstance(app, str) else load_command_class(app, name)
    if not isinstance(command, ReportingCommand) or not command.is_recorded:
        raise InvalidValueError(f"{name} is no command that can be run in the background.", field="name")
    return command


@task(queue_name=QUEUE, takes_context=True)
def run_command(
    context: "TaskContext[Any, Any]", name: str, arguments: list[str], cause: str, user_id: str | None
) -> str:
    """Run a command, and return what it says at the end.

    Raises:
        InvalidValueError: there is no such command.
        CommandError: it failed, as a whole or in parts.
    """
    queued = context.task_result
    origin = Origin(cause, user_id, str(queued.id), context.attempt, queued.enqueued_at)
    command, said = recorded_command(name), io.StringIO()
    command.arguments = tuple(arguments)
    with request_context.of_task(str(queued.id)), runs.started_by(origin):
        call_command(command, *arguments, stdout=said, stderr=io.StringIO())
        summary = said.getvalue().strip()[: runs.MAX_SENTENCE]
        logger.info("%s: %s", name, summary, extra={"cause": cause, "started_by": user_id})
    return summary
