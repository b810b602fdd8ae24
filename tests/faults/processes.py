"""Processes that the tests start, stop, pause and kill: each by its number, none by its name."""

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 60  # seconds for anything to come to pass on a busy machine


def wait_until(condition, *, seconds=PATIENCE, why="it did not come to pass"):
    """Wait until ``condition`` holds, and return what it returned."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError(why)


def is_listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def children_of(pid):
    """Return the numbers of a process' children, of all its threads."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, listing.read_text().split())
    return found


def send(number, *pids):
    """Send a signal to those of the processes that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Process:
    """A process with its log, and what it started itself."""

    def __init__(self, command, log, **options):
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, **options)  # noqa: S603 - our own command
        self.pid, self.log = self._process.pid, log

    @property
    def family(self):
        """Return the numbers of the process and its children."""
        return [self.pid, *children_of(self.pid)]

    @property
    def is_running(self):
        return self._process.poll() is None

    def end(self, number=signal.SIGTERM):
        """Tell it to end, and wait until it has; one that does not hear is killed."""
        send(number, self.pid)
        return self.wait()

    def wait(self, seconds=PATIENCE):
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """End it and its children without a word, and wait until they are gone."""
        family = self.family
        send(signal.SIGKILL, *family)
        self._process.wait(timeout=PATIENCE)
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family[1:]))

    def pause(self):
        """Let it stand still: first itself, so that it starts nothing that would go on."""
        send(signal.SIGSTOP, self.pid)
        send(signal.SIGSTOP, *self.family)

    def resume(self):
        send(signal.SIGCONT, *self.family)
