"""Work that a request starts and does not wait for."""

import threading
import time

import pytest
from django.tasks import task

from finances import request_context, tasks

STARTED, GO_ON, SEEN, BEGAN = threading.Event(), threading.Event(), [], []


@task
def wait_to_be_told(name: str) -> None:
    STARTED.set()
    assert GO_ON.wait(5)
    SEEN.append((name, request_context.request_id.get()))


@task
def fail() -> None:
    raise ConnectionError("the mail server is away")


@task
def note_the_time() -> None:
    BEGAN.append(time.monotonic())


@pytest.fixture
def began():
    """When each task began."""
    BEGAN.clear()
    return BEGAN


@pytest.fixture(autouse=True)
def thread_backend(settings):
    settings.TASKS = {"default": {"BACKEND": "finances.tasks.ThreadBackend"}}


def finish():
    tasks.EXECUTOR.submit(int).result(timeout=5)


def test_a_task_runs_while_whoever_enqueued_it_goes_on():
    request_context.request_id.set("r-1")

    wait_to_be_told.enqueue("mail")
    assert STARTED.wait(5)
    before = list(SEEN)
    GO_ON.set()
    finish()

    assert before == []
    assert SEEN == [("mail", "r-1")]


def test_what_finds_no_place_is_dropped_and_logged_and_the_place_is_free_again(monkeypatch, caplog):
    monkeypatch.setattr(tasks, "places", threading.BoundedSemaphore(2))
    GO_ON.set()
    SEEN.clear()

    for name in ("first", "second", "third"):
        wait_to_be_told.enqueue(name)
    finish()
    wait_to_be_told.enqueue("fourth")
    finish()

    assert [name for name, _ in SEEN] == ["first", "second", "fourth"]
    assert [record.message for record in caplog.records if record.name == "finances.tasks"] == [
        "Too many tasks wait; one was dropped: wait_to_be_told"
    ]


def test_what_waits_together_waits_once(began):
    asked = time.monotonic()
    for _ in range(50):
        note_the_time.enqueue()
    finish()

    assert len(began) == 50
    assert time.monotonic() - asked < 25 * tasks.DELAY_SECONDS


def test_each_task_waits_until_the_request_that_enqueued_it_is_answered(began):
    asked = []
    for _ in range(4):
        asked.append(time.monotonic())
        note_the_time.enqueue()
        time.sleep(tasks.DELAY_SECONDS / 3)
    finish()

    assert all(at - enqueued >= tasks.DELAY_SECONDS for at, enqueued in zip(began, asked, strict=True))


def test_what_waits_or_runs_is_known_until_it_is_done():
    STARTED.clear()
    GO_ON.clear()
    before = tasks.are_under_way()

    wait_to_be_told.enqueue("mail")
    waiting = tasks.are_under_way()
    assert STARTED.wait(5)
    running = tasks.are_under_way()
    GO_ON.set()
    finish()

    assert (before, waiting, running, tasks.are_under_way()) == (False, True, True, False)


def test_a_failure_is_logged_with_its_traceback_and_harms_nobody(caplog):
    fail.enqueue()
    finish()

    record = next(record for record in caplog.records if record.levelname == "ERROR")
    assert record.name == "django.tasks"
    assert "the mail server is away" in str(record.exc_info[1])
