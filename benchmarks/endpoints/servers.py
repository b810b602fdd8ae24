"""The servers that are compared, each under gunicorn with two workers, and what they cost."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
WORKERS, PATIENCE = 2, 30
MIB = 2**20
# By name: the application, and what gunicorn is told besides. No worker is replaced in the middle.
SERVED = {
    "ours": ("config.wsgi:application", ["--config", "config/gunicorn.py"]),
    "plain": (
        "django.core.wsgi:get_wsgi_application()",
        ["--worker-class", "gthread", "--threads", "4", "--keep-alive", "5", "--no-control-socket"],
    ),
    "shell": ("benchmarks.endpoints.shells:application", ["--config", "config/gunicorn.py"]),
    "limit": ("benchmarks.endpoints.limit:application", ["--worker-class", "asgi", "--no-control-socket"]),
}
SETTINGS = {name: {"DJANGO_SETTINGS_MODULE": f"benchmarks.endpoints.{name}_settings"} for name in ("plain", "shell")}


@dataclass(frozen=True, slots=True)
class Server:
    """A server by its port and its process."""

    port: int
    process: psutil.Process

    @property
    def workers(self) -> list[psutil.Process]:
        """Return the processes that answer."""
        return list(self.process.children())

    def cpu(self) -> float:
        """Return the seconds of CPU that all its workers have taken."""
        return sum(sum(worker.cpu_times()[:2]) for worker in self.workers)

    def memory(self) -> list[float]:
        """Return the MiB that belong to each worker, with its share of what it shares where the system tells that."""
        infos = [worker.memory_full_info() for worker in self.workers]
        return [getattr(info, "pss", info.uss) / MIB for info in infos]

    def resident(self) -> list[float]:
        """Return the MiB of each worker with all that it shares."""
        return [worker.memory_info().rss / MIB for worker in self.workers]


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Tell whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(name: str, log: Path) -> Iterator[Server]:
    """Serve one of `SERVED`, its log in a file.

    Raises:
        RuntimeError: it does not start.
    """
    application, options = SERVED[name]
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
    command += ["--max-requests", "0", application]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | SETTINGS.get(name, {}), stdout=written, stderr=subprocess.STDOUT
        )
    try:
        server = Server(port, psutil.Process(process.pid))
        deadline = time.monotonic() + PATIENCE
        while not (is_open(port) and len(server.workers) == WORKERS):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server does not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield server
    except OSError as exc:
        raise RuntimeError(f"The server of {name} says:\n{log.read_text()[-5000:]}") from exc
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def all_serving(folder: Path) -> Iterator[dict[str, Server]]:
    """Serve all of them."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serving(name, folder / f"{name}.log")) for name in SERVED}
