"""What is known of the request or the task under way, for whoever writes a log line. `NOTHING` outside of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NOTHING = "-"
FOUND = "found_to_ask"  # by this a request knows who asks, once that is found out, and their token
request_id: ContextVar[str] = ContextVar("request_id", default=NOTHING)
user_id: ContextVar[str] = ContextVar("user_id", default=NOTHING)
task_id: ContextVar[str] = ContextVar("task_id", default=NOTHING)
# Whether somebody waits for an answer. Not told by the id of the request, which its sender chooses.
is_awaited: ContextVar[bool] = ContextVar("is_awaited", default=False)


@contextmanager
def of_task(name: str) -> Iterator[None]:
    """Say that the block is the work of the task ``name``, for which no request waits, nor a user's limits count."""
    texts = [(request_id, request_id.set(NOTHING)), (user_id, user_id.set(NOTHING)), (task_id, task_id.set(name))]
    awaited = is_awaited.set(False)
    try:
        yield
    finally:
        is_awaited.reset(awaited)
        for variable, token in texts:
            variable.reset(token)
