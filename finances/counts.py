"""Counts in the memory of a process, and how they outlive it.

gunicorn replaces its processes after so many requests, which whoever asks often brings about: a count that ended with
its process would be no limit. Each leaves a file of keys, counts and when these end, and the next that begins in its
place takes it up. A process that is killed loses its own.
"""

import json
import logging
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.cache.backends.locmem import LocMemCache

logger = logging.getLogger(__name__)
MOST_COUNTS = 100_000  # counts must not push counts out
NOT_COUNTS = (ValueError, TypeError, AttributeError)  # what reading a file of something else raises

type Count = int | str  # a number, or what is remembered


class Memory(LocMemCache):
    """What this process counts; there is one of it, whatever its name and its options."""

    _expire_info: dict[str, float]
    _lock: threading.Lock

    def __init__(self, *_: Any) -> None:
        """Go on with what is counted here."""
        super().__init__(__name__, {"OPTIONS": {"MAX_ENTRIES": MOST_COUNTS}})

    def validate_key(self, key: str) -> None:
        """Take any key, without a look at each of its letters: memcached never sees them."""

    def counts(self) -> dict[str, tuple[Count, float]]:
        """Return what still counts, and until when in Unix seconds, by key."""
        with self._lock:
            ends = dict(self._expire_info)
        start = len(self.make_key(""))
        found = {key[start:]: (self.get(key[start:]), end) for key, end in ends.items()}
        return {key: (count, end) for key, (count, end) in found.items() if count is not None}

    def add_to(self, key: str, count: Count, *, seconds: float) -> None:
        """Count on from what another process has counted."""
        if isinstance(count, int) and isinstance(self.get(key), int):
            with suppress(ValueError):  # it has ended just now, and so has the other
                self.incr(key, count)
        else:
            self.add(key, count, seconds)


def leave(path: Path) -> None:
    """Write what this process counts, for the next that begins in its place."""
    try:
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(Memory().counts()), encoding="utf-8")
        unfinished.replace(path)
    except OSError as exc:
        logger.error("What this process has counted towards limits is lost: %s", exc)  # noqa: TRY400


def take_up(path: Path) -> None:
    """Go on with what the last process in this place has left."""
    memory, now = Memory(), time.time()
    try:
        for key, count, end in read(path):
            if end > now:
                memory.add_to(key, count, seconds=end - now)
    except FileNotFoundError:  # nobody was here, or who was, was killed
        return
    except (OSError, *NOT_COUNTS) as exc:
        logger.error("What a process has counted towards limits is lost: %s", exc)  # noqa: TRY400
    with suppress(OSError):
        path.unlink()


def read(path: Path) -> list[tuple[str, Count, float]]:
    """Return the keys, counts and ends of a file.

    Raises:
        ValueError: a count is none.
        TypeError: what there is has another form; or it raises an `AttributeError`.
    """
    left = [(key, count, float(end)) for key, (count, end) in json.loads(path.read_text(encoding="utf-8")).items()]
    if not all(isinstance(count, int | str) for _, count, _ in left):
        raise ValueError("this is no file of counts")
    return left
