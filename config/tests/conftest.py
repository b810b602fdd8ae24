"""Servers to ask."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from config.tests.serving import ROOT, free_port, variables, wait_until_it_lives


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., tuple[int, subprocess.Popen]]]:
    """Return a function that serves with a single thread that waits one second for a body."""
    servers = []

    def start(**settings: str) -> tuple[int, subprocess.Popen]:
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
        environment = variables(tmp_path) | settings
        servers.append(subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL))  # noqa: S603
        wait_until_it_lives(port)
        return port, servers[-1]

    yield start
    for server in servers:
        server.terminate()
        server.wait(timeout=40)


@pytest.fixture
def port(serve) -> int:
    return serve()[0]
