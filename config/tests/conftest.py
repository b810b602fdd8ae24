"""Servers to ask."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from config.tests.house import House
from config.tests.serving import serving


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., tuple[int, subprocess.Popen]]]:
    """Return a function that serves with a single thread that waits one second for a body."""
    with ExitStack() as servers:
        yield lambda **settings: servers.enter_context(serving(tmp_path, **settings))


@pytest.fixture
def port(serve) -> int:
    return serve()[0]


@pytest.fixture
def house() -> Iterator[House]:
    with ExitStack() as stack:
        yield House(stack)
