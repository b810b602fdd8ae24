"""Fixtures of background work: a queue in the database, and real workers on it."""

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection

from tests.stand_in.fixtures import http_store, stand_in

__all__ = ["http_store", "stand_in"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def queued(settings):
    """Keep tasks in the database, as there are workers."""
    settings.WORKERS = True
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "jobs"]}}


def database_url():
    """Return the address of the tests' database."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    login = known["USER"] + (f":{known['PASSWORD']}" if known["PASSWORD"] else "")
    return f"postgres://{login}@{known['HOST']}:{known['PORT'] or 5432}/{known['NAME']}"


@pytest.fixture
def start_worker(transactional_db, queued, tmp_path):
    """Return a function that starts ``manage.py worker`` with some options; all of them are ended after the test."""
    processes = []

    def start(*options, **variables):
        log = tmp_path / f"worker-{len(processes)}.log"
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_ENV": "test",
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(tmp_path),
            "DATABASE_URL": database_url(),
            "WORKERS": "true",
            **variables,
        }
        command = [sys.executable, "manage.py", "worker", "--interval=0.1", "--lease=1.5", *options]
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)  # noqa: S603
        process.log = log
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait(timeout=10)


def wait_until(condition, *, seconds=60):
    """Wait until ``condition`` holds, and return what it returned."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError("it did not come to pass")


class Cable:
    """The way from a worker to PostgreSQL, which can be cut and mended."""

    def __init__(self, host, port):
        self.target, self.is_cut, self.ends = (host, port), threading.Event(), []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with suppress(OSError):
            while True:
                near, _ = self.server.accept()
                if self.is_cut.is_set():
                    near.close()
                    continue
                far = socket.create_connection(self.target)
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def carry(self, one, other):
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        self.drop(one, other)

    def drop(self, *ends):
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # closing alone would wait for the thread that reads

    def cut(self):
        self.is_cut.set()
        self.drop(*self.ends)

    def mend(self):
        self.is_cut.clear()


@pytest.fixture
def cable(transactional_db):
    """Lay a cable to the tests' PostgreSQL."""
    known = connection.settings_dict
    cable = Cable(known["HOST"], int(known["PORT"] or 5432))
    cable.url = database_url().replace(f"@{known['HOST']}:{known['PORT'] or 5432}/", f"@127.0.0.1:{cable.port}/")
    yield cable
    cable.cut()
    cable.server.close()
