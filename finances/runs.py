"""What runs in the background or on command, told to whoever keeps records of it. See docs/adr/0020.

Commands, admin actions, views and the schedule wrap their work in `recorded`. Who keeps the records is none of their
business: an app above registers itself with `keep_records`. Without one nothing is kept, and all works the same.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import Error

from finances.exceptions import FinancesError

logger = logging.getLogger(__name__)

COMMAND, ADMIN, SCHEDULE, API = "command", "admin", "schedule", "api"
MAX_FAILURES = 50  # kept of a run; all of them are counted
MAX_SENTENCE = 500  # characters kept of a summary, a reason or a failure


@dataclass(frozen=True, slots=True)
class Origin:
    """Who or what started a run: one of the words above, the user if there was one, and the task in the queue."""

    cause: str = COMMAND
    user_id: Any = None
    task_id: str = ""
    attempt: int = 1
    queued_at: datetime | None = None


@dataclass(slots=True)
class Result:
    """What became of a run so far; whoever does the work adds to it."""

    done: int = 0
    failed: int = 0
    summary: str = ""
    reason: str = ""
    failures: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def succeed(self, summary: str = "", **counts: int) -> None:
        """Count one thing that went well."""
        self.done += 1
        self.summary = summary[:MAX_SENTENCE] or self.summary
        self.counts.update(counts)

    def fail(self, sentence: str) -> None:
        """Count one thing that went wrong, and keep why."""
        self.failed += 1
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(sentence[:MAX_SENTENCE])

    def take(
        self, *, summary: str, failures: Sequence[str], warnings: Sequence[str] = (), counts: Mapping[str, int]
    ) -> None:
        """Take over what a report says of the whole run."""
        self.summary = " ".join((summary, *warnings))[:MAX_SENTENCE]
        self.counts.update(counts)
        self.done = counts.get("done", self.done)
        for sentence in failures:
            self.fail(sentence)

    def break_off(self, exc: BaseException) -> None:
        """Keep why the run ended before it was done."""
        message = exc.message if isinstance(exc, FinancesError) else f"{type(exc).__name__}: {exc}"
        self.reason = message[:MAX_SENTENCE]


class Keeper(Protocol):
    """Keeps records of runs."""

    def begin(self, name: str, arguments: Sequence[str], origin: Origin) -> Any:
        """Note that a run has begun; return what `end` is to be given."""

    def end(self, run: Any, result: Result) -> None:
        """Note what became of a run."""


_keepers: list[Keeper] = []
_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)
NOBODY = Origin()


def keep_records(keeper: Keeper) -> None:
    """Let ``keeper`` keep the records, in place of any other."""
    _keepers[:] = [keeper]


@contextmanager
def started_by(origin: Origin) -> Iterator[None]:
    """Say who starts what runs within the block."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


@contextmanager
def recorded(name: str, *, arguments: Sequence[str] = (), origin: Origin | None = None) -> Iterator[Result]:
    """Record the block as a run called ``name``; it ends with the block, and an error is why it failed.

    ``origin`` is that of `started_by`, if any, unless given. Records are kept beside the work, never in its way: when
    they cannot be written, the work goes on.
    """
    result = Result()
    run = _begin(name, arguments, origin or _origin.get() or NOBODY)
    try:
        yield result
    except BaseException as exc:
        result.break_off(exc)
        raise
    finally:
        _end(run, result)


def _begin(name: str, arguments: Sequence[str], origin: Origin) -> Any:
    try:
        return _keepers[0].begin(name, arguments, origin) if _keepers else None
    except Error:
        logger.exception("The beginning of a run could not be recorded", extra={"run": name})
        return None


def _end(run: Any, result: Result) -> None:
    try:
        if run is not None:
            _keepers[0].end(run, result)
    except Error:
        logger.exception("The end of a run could not be recorded")
