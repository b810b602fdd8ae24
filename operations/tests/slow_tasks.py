"""Tasks for the tests of workers, which are processes of their own and find these by their path."""

import time
from pathlib import Path

from django.tasks import task


@task
def append(path: str, line: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{line}\n")


@task
def wait_for_word(folder: str) -> str:
    """Say that it has begun, wait until it may end, and say that it has."""
    append.func(f"{folder}/begun", "begun")
    deadline = time.monotonic() + 30
    while not Path(folder, "go").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("nobody let it go on")
        time.sleep(0.02)
    append.func(f"{folder}/ended", "ended")
    return "well"


@task
def fail(kind: str) -> None:
    raise {"value": ValueError, "away": ConnectionRefusedError}[kind]("the mail server is away")


@task
def leave() -> None:
    raise SystemExit(3)
