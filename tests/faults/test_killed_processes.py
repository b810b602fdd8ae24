"""Killed without a word while people write: every acknowledged write is there once, and nothing is half there."""

import signal
import time

import pytest

from tests.faults.load import Load, household, newcomers
from tests.faults.processes import send, wait_until

pytestmark = pytest.mark.faults
KILLS = 6


def test_web_processes_are_killed_under_load(start_app, database_url, figures):
    app = start_app(database_url)
    writers = household(app, "one") + household(app, "two")

    with Load(*writers) as load:
        for number in range(KILLS):
            before = load.acknowledged()
            wait_until(lambda before=before: load.acknowledged() > before + 10)
            app.kill_one_web_process(number)
            wait_until(lambda: len(app.web_processes) == 2)

    cut_off = [answer for answer in load.answers if answer.status == 0]
    figures(acknowledged=load.acknowledged(), cut_off=len(cut_off), kills=KILLS)
    assert cut_off, "nobody was in the middle of anything"
    assert app.books.faults(load) == []


@pytest.mark.rare
def test_all_of_the_web_server_is_killed_under_load(start_app, database_url, figures):
    app = start_app(database_url)

    with Load(*household(app, "one"), *household(app, "two")) as load:
        for _ in range(3):
            before = load.acknowledged()
            wait_until(lambda before=before: load.acknowledged() > before + 10)
            app.web.kill()
            app.start_web()

    figures(acknowledged=load.acknowledged(), cut_off=sum(a.status == 0 for a in load.answers), kills=3)
    assert app.books.faults(load) == []


def test_workers_are_killed_under_load(start_app, database_url, figures):
    app = start_app(database_url, with_worker=True)
    people = newcomers(app, "new")

    with Load(people) as load:
        for _ in range(3):
            before = len(people.acknowledged)
            wait_until(lambda before=before: len(people.acknowledged) > before + 5)
            app.worker.kill()
            time.sleep(0.5)
            app.start_worker()
    wait_until(lambda: set(app.books.tasks()) <= {"SUCCESSFUL"}, why="some task is not done")

    promised = {f"new-{number}@example.org" for number in people.acknowledged}
    mails = "\n".join(file.read_text() for file in app.mails())
    figures(acknowledged=len(promised), tasks=app.books.tasks(), mails=mails.count("\nTo: "), kills=3)
    assert load.refused == []
    assert app.books.people() >= promised
    assert {address for address in promised if f"To: {address}" not in mails} == set()


def test_one_session_of_the_database_is_killed_under_load(start_app, postgresql, postgresql_url, figures):
    """PostgreSQL then ends every session and recovers from its log."""
    app = start_app(postgresql_url)
    name = postgresql_url.rpartition("/")[2]

    with Load(*household(app, "one")) as load:
        for _ in range(3):
            before = load.acknowledged()
            wait_until(lambda before=before: load.acknowledged() > before + 10)
            send(signal.SIGKILL, postgresql.sessions(name)[0][2])
            wait_until(postgresql.is_up)

    figures(acknowledged=load.acknowledged(), answered_503=sum(a.status == 503 for a in load.answers), kills=3)
    assert {answer.status for answer in load.answers} <= {201, 503}
    assert app.books.faults(load) == []
