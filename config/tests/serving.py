"""gunicorn with our configuration, as a real process."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOG = "gunicorn.log"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[int, subprocess.Popen]]:
    """Serve with all files in ``folder``, what is logged as well; give the port and the process."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    with (folder / LOG).open("ab") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=variables(folder) | settings, stderr=log)  # noqa: S603
    try:
        wait_until_it_lives(port)
        yield port, server
    finally:
        server.terminate()
        server.wait(timeout=40)


def production(var_dir: Path) -> dict[str, str]:
    """Return the environment of production, with all files in ``var_dir`` and without HTTPS."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_ENV": "production",
        "DJANGO_SECRET_KEY": "k" * 60,
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS_ONLY": "false",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(var_dir),
    }


def variables(var_dir: Path) -> dict[str, str]:
    """Return the same for a single thread that waits one second for a body."""
    patience = {"BODY_TIMEOUT": "1", "HEAD_TIMEOUT": "2"}
    return production(var_dir) | {"WEB_CONCURRENCY": "1", "GUNICORN_THREADS": "1"} | patience


def wait_until_it_lives(port: int) -> None:
    for _ in range(600):
        try:
            if status(port, "/health/live") == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("gunicorn did not start")


def status(port: int, path: str = "/health") -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as asking:
        asking.request("GET", path)
        return asking.getresponse().status
