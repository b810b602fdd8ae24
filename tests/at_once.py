"""Several people at the same moment: real threads, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def at_once[T](*calls: Callable[[], T]) -> list[T]:
    """Start all ``calls`` at the same moment and return what they return, in their order."""
    start = threading.Barrier(len(calls))

    def call(function: Callable[[], T]) -> T:
        start.wait(timeout=30)
        try:
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))
