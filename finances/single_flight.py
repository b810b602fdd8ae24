"""One at a time: who computes the same thing at the same moment waits for the first instead.

No wait is added to another: whoever waits in a process ends with the one that it waits for, and that one waits for
other processes for a limited time, once.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from typing import Any

import redis
from django.core.cache import caches

# Longer than nearly anything that is computed takes; what takes longer ends at most so much later. A process that died
# holds up others no longer.
WAIT_SECONDS = 20
SECONDS_BETWEEN_LOOKS = 0.05

_under_way: dict[str, Future[Any]] = {}
_guard = threading.Lock()


def shared[T](key: str, compute: Callable[[], T], *, otherwise: Callable[[], T]) -> T:
    """Return what ``compute`` returns; threads of this process that ask for one ``key`` at once share one result.

    What the first one raises is its own: those who waited for it return what ``otherwise`` does, all at once.
    """
    with _guard:
        first = _under_way.get(key)
        if first is None:
            own = _under_way[key] = Future[Any]()
    if first is not None:
        with suppress(CancelledError):
            shared_result: T = first.result()
            return shared_result
        return otherwise()
    try:
        result = compute()
        own.set_result(result)
        return result
    finally:
        with _guard:
            del _under_way[key]
        own.cancel()  # which says that there is no result, when there is none


@contextmanager
def turn(key: str, *, is_over: Callable[[], bool]) -> Iterator[None]:
    """Run the block while no other process runs it for this ``key``, or once ``is_over``; with Redis only.

    It is no lock that correctness could rest on: when Redis is away, or the wait was too long, the block runs.
    """
    locks: Any = caches["locks"]
    if not hasattr(locks, "lock"):  # the memory of this process, of which nobody else knows
        yield
        return
    lock = locks.lock(key, timeout=WAIT_SECONDS)
    is_held = False
    with suppress(redis.exceptions.RedisError, OSError):
        is_held = _wait(lock, is_over)
    try:
        yield
    finally:
        if is_held:
            with suppress(redis.exceptions.RedisError, OSError):
                lock.release()


def _wait(lock: Any, is_over: Callable[[], bool]) -> bool:
    """Return whether ``lock`` was had; the alternative is that there is nothing left to wait for."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not lock.acquire(blocking=False):
        if is_over() or time.monotonic() > deadline:
            return False
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return True
