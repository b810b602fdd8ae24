"""A few at a time: what one person lets compute at the same moment, over all processes with Redis.

It is no lock that correctness could rest on: a process that died keeps its place for a while, and without Redis, or
while it is away, every process has places of its own.
"""

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import redis
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache

from finances.exceptions import TooManyRequestsError

logger = logging.getLogger(__name__)

# Longer than anything takes that has a place; a process that died keeps its place no longer.
HOLD_SECONDS = 60
RETRY_SECONDS = 5
SECONDS_BETWEEN_LOOKS = 0.05
UNREACHABLE = (redis.exceptions.RedisError, OSError)

memory = LocMemCache(__name__, {})


@contextmanager
def taken(key: str, *, most: int, wait_seconds: float) -> Iterator[None]:
    """Run the block in one of the ``most`` places that there are under ``key``, once one is free.

    Raises:
        TooManyRequestsError: none was free for ``wait_seconds``.
    """
    names, mark = [f"place:{key}:{number}" for number in range(most)], uuid.uuid4().hex
    cache: BaseCache = caches["locks"]
    try:
        name = _wait(cache, names, mark, wait_seconds)
    except UNREACHABLE as exc:
        logger.warning("Places are counted in this process alone, Redis being away: %s", exc)
        cache = memory
        name = _wait(cache, names, mark, wait_seconds)
    if name is None:
        raise TooManyRequestsError(
            f"{most} of your figures are being computed. Ask for one after the other.", retry_after=RETRY_SECONDS
        )
    try:
        yield
    finally:
        with suppress(*UNREACHABLE):
            if cache.get(name) == mark:  # else it was held for too long, and is somebody else's
                cache.delete(name)


def _wait(cache: BaseCache, names: Sequence[str], mark: str, seconds: float) -> str | None:
    """Return the place that was taken, None when all of them were for so many ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        for name in names:
            if cache.add(name, mark, HOLD_SECONDS):
                return name
        if time.monotonic() > deadline:
            return None
        time.sleep(SECONDS_BETWEEN_LOOKS)
