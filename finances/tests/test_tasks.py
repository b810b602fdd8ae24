"""Work that a request starts and does not wait for."""

import threading

import pytest
from django.tasks import task

from finances import request_context, tasks

STARTED, GO_ON, SEEN = threading.Event(), threading.Event(), []


@task
def wait_to_be_told(name: str) -> None:
    STARTED.set()
    assert GO_ON.wait(5)
    SEEN.append((name, request_context.request_id.get()))


@task
def fail() -> None:
    raise ConnectionError("the mail server is away")


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


def test_a_failure_is_logged_with_its_traceback_and_harms_nobody(caplog):
    fail.enqueue()
    finish()

    record = next(record for record in caplog.records if record.levelname == "ERROR")
    assert record.name == "django.tasks"
    assert "the mail server is away" in str(record.exc_info[1])
