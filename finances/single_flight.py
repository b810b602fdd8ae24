"""One at a time: who computes the same thing at the same moment waits for the first instead."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis
from django.core.cache import caches

# Longer than anything that is computed takes. Whoever has waited so long goes ahead: twice is better than never.
WAIT_SECONDS = 20
SECONDS_BETWEEN_LOOKS = 0.05


class _Turn:
    """Who has the turn in this process, and how many want it."""

    def __init__(self) -> None:
        self.lock, self.count = threading.Lock(), 0


_turns: dict[str, _Turn] = {}
_guard = threading.Lock()


@contextmanager
def alone(key: str) -> Iterator[None]:
    """Run the block while no other runs it for this ``key``: in no process with Redis, else in no thread of this one.

    It is no lock that correctness could rest on: when Redis is away, or the wait was too long, the block runs.
    """
    with _alone_in_process(key), _alone_in_redis(key):
        yield


@contextmanager
def _alone_in_process(key: str) -> Iterator[None]:
    with _guard:
        turn = _turns.setdefault(key, _Turn())
        turn.count += 1
    is_held = turn.lock.acquire(timeout=WAIT_SECONDS)
    try:
        yield
    finally:
        if is_held:
            turn.lock.release()
        with _guard:
            turn.count -= 1
            if not turn.count:
                del _turns[key]


@contextmanager
def _alone_in_redis(key: str) -> Iterator[None]:
    locks: Any = caches["locks"]
    if not hasattr(locks, "lock"):  # the memory of this process, whose threads wait already
        yield
        return
    lock = locks.lock(key, timeout=WAIT_SECONDS, blocking_timeout=WAIT_SECONDS, sleep=SECONDS_BETWEEN_LOOKS)
    is_held = False
    with suppress(redis.exceptions.RedisError, OSError):
        is_held = lock.acquire()
    try:
        yield
    finally:
        if is_held:
            with suppress(redis.exceptions.RedisError, OSError):
                lock.release()
