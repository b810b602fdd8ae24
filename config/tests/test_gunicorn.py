"""gunicorn with our configuration, as a real process."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port(tmp_path) -> Iterator[int]:
    """Serve with a single thread that waits one second for a body."""
    port = free_port()
    variables = {
        "PATH": os.environ["PATH"],
        "DJANGO_ENV": "production",
        "DJANGO_SECRET_KEY": "k" * 60,
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS_ONLY": "false",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path),
        "WEB_CONCURRENCY": "1",
        "GUNICORN_THREADS": "1",
        "BODY_TIMEOUT": "1",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.DEVNULL) as server:  # noqa: S603
        try:
            wait_until_it_serves(port)
            yield port
        finally:
            server.terminate()


def wait_until_it_serves(port: int) -> None:
    for _ in range(600):
        try:
            if status(port) == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("gunicorn did not start")


def status(port: int) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/health")
        return connection.getresponse().status


def test_a_caller_who_never_sends_the_body_does_not_hold_a_thread(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )

        others = status(port)
        answer = caller.recv(4096)

    assert others == 200
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_too_slow"' in answer or b"application/problem+json" in answer
