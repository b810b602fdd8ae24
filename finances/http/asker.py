"""Who waits for what is asked outside: somebody whose request is under way, or nobody in particular."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from finances import rate_limits, request_context
from finances.exceptions import ProviderRateLimitedError, TooManyRequestsError

# Seconds that a request waits for its turn at a server: it keeps a thread of the web server, and somebody, waiting.
PATIENCE = 3.0
SECONDS_UNTIL_A_PLACE = 5  # after which a request that found no place may try again


def count_question() -> None:
    """Count a question to a provider for the user whose request leads to it, whether a cache answers it or not.

    Raises:
        TooManyRequestsError: this user has asked too much in the last minute.
    """
    user = request_context.user_id.get()
    if user == request_context.NOTHING:
        return
    seconds = rate_limits.seconds_to_wait(scope="fetch", identity=f"user:{user}")
    if seconds is not None:
        raise TooManyRequestsError(
            f"You have asked for much that only a provider knows; try again in {seconds} seconds.", retry_after=seconds
        )


def patience(longest: float) -> float:
    """Return how many of ``longest`` seconds to wait for a turn."""
    return min(longest, PATIENCE) if _is_awaited() else longest


@contextmanager
def place() -> Iterator[None]:
    """Hold one of the places that this process has for requests that ask outside, so that others find a thread free.

    Commands and tasks need none.

    Raises:
        ProviderRateLimitedError: all ``settings.REQUESTS_ASKING_AT_ONCE`` places are taken.
    """
    if not _is_awaited():
        yield
        return
    places = _places
    places.take()
    try:
        yield
    finally:
        places.give_back()


class _Places:
    """How many requests of this process ask outside just now."""

    def __init__(self) -> None:
        self._guard, self._taken = threading.Lock(), 0

    def take(self) -> None:
        with self._guard:
            if self._taken >= settings.REQUESTS_ASKING_AT_ONCE:
                raise ProviderRateLimitedError(
                    "Too many requests wait for providers just now.", retry_after=SECONDS_UNTIL_A_PLACE
                )
            self._taken += 1

    def give_back(self) -> None:
        with self._guard:
            self._taken -= 1


_places = _Places()


def _empty_places() -> None:
    """Start anew in a process that was forked: the requests of its parent are not its own."""
    global _places  # noqa: PLW0603 - a lock that a thread of the parent held would never open here
    _places = _Places()


os.register_at_fork(after_in_child=_empty_places)


def _is_awaited() -> bool:
    return request_context.is_awaited.get()
