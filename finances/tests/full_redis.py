"""A Redis that keeps what it has and takes nothing more."""

from typing import Any, NoReturn

from django.core.cache.backends.dummy import DummyCache
from redis.exceptions import OutOfMemoryError


class FullCache(DummyCache):
    """Refuses as Redis does with ``noeviction``, once its memory is full."""

    def refuse(self, *_: Any, **__: Any) -> NoReturn:
        """Take nothing.

        Raises:
            OutOfMemoryError: always.
        """
        raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")

    add = set = incr = decr = refuse


FULL = {"BACKEND": "finances.tests.full_redis.FullCache"}
