"""PostgreSQL stops, starts again, or stands still under load: clear answers in bounded time, and then on as before."""

import signal
import time

import pytest
import requests

from tests.faults.load import Load, household, register
from tests.faults.processes import wait_until

pytestmark = pytest.mark.faults
BOUND = 60  # seconds for any answer, on a busy machine; the settings allow 5 for a connection and 15 for an answer
STILL = 45  # seconds
SOON = 20  # seconds from the start of the server to the first write, however long it was away


def outage_faults(load, since, until):
    """Return what was wrong with the answers that came in an outage; times in monotonic seconds."""
    asked = [answer for answer in load.answers if since < answer.at and answer.at + answer.seconds < until]
    wrong = [
        answer
        for answer in asked
        if answer.status != 503
        or answer.retry_after not in {"1", "5"}
        or answer.media_type != "application/problem+json"
        or answer.code not in {"database_unavailable", "write_conflict"}
    ]
    slow = [answer for answer in load.answers if answer.seconds > BOUND]
    return [*wrong, *slow, *(["nobody was answered"] if not asked else [])]


def write_a_little(load, count=10):
    before = load.acknowledged()
    wait_until(lambda: load.acknowledged() >= before + count)


def measure(load, since, until):
    asked = [answer for answer in load.answers if since < answer.at < until]
    again = min(answer.at + answer.seconds for answer in load.answers if answer.at > since and answer.status == 201)
    return {
        "acknowledged": load.acknowledged(),
        "answered_503": sum(answer.status == 503 for answer in load.answers),
        "asked_while_away": len(asked),
        "longest_answer_s": round(max(answer.seconds for answer in load.answers), 1),
        "first_write_again_after_s": round(again - until, 1),
    }


@pytest.mark.parametrize(
    ("how", "outage"),
    [
        pytest.param(signal.SIGINT, 12, id="fast"),
        pytest.param(signal.SIGQUIT, 70, id="immediate", marks=pytest.mark.rare),
    ],
)
def test_it_stops_and_starts_again_under_load(start_app, postgresql, postgresql_url, how, outage, figures):
    app = start_app(postgresql_url, with_worker=True)

    with Load(*household(app, "one"), *household(app, "two")) as load:
        write_a_little(load)
        postgresql.stop(how)
        since = time.monotonic()
        health, ready, alive = (app.get(f"/health/{name}") for name in ("database", "ready", "live"))
        time.sleep(outage)
        until = time.monotonic()
        postgresql.start()
        write_a_little(load)

    measured = measure(load, since, until)
    figures(**measured)
    assert outage_faults(load, since, until) == []
    assert measured["first_write_again_after_s"] < SOON
    assert (health.status_code, ready.status_code, alive.status_code) == (503, 503, 200)
    assert health.headers["Retry-After"] == ready.headers["Retry-After"] == "5"
    assert app.books.faults(load) == []
    assert app.worker.is_running
    assert stuck_sessions(postgresql, postgresql_url) == []


def test_it_stands_still_under_load(start_app, postgresql, postgresql_url, figures):
    app = start_app(postgresql_url, with_worker=True)

    with Load(*household(app, "one"), *household(app, "two")) as load:
        write_a_little(load)
        postgresql.process.pause()
        since = time.monotonic()
        time.sleep(1)
        health = requests.get(f"{app.url}/health/database", timeout=BOUND)
        alive = requests.get(f"{app.url}/health/live", timeout=BOUND)
        time.sleep(STILL)
        until = time.monotonic()
        postgresql.process.resume()
        write_a_little(load)

    figures(**measure(load, since, until))
    assert outage_faults(load, since + 1, until) == []
    assert (health.status_code, alive.status_code) == (503, 200)
    assert app.books.faults(load) == []
    assert app.worker.is_running
    assert stuck_sessions(postgresql, postgresql_url) == []


def test_a_worker_that_starts_while_it_is_away_works_once_it_is_there(start_app, postgresql, postgresql_url, figures):
    app = start_app(postgresql_url)
    postgresql.stop()
    app.start_worker()
    time.sleep(10)  # to start, and to look for work many times

    postgresql.start()
    since = time.monotonic()
    wait_until(app.is_ready)
    register(app, "new")
    wait_until(app.mails, why=f"no mail was sent, see {app.worker.log}")

    figures(mail_after_s=round(time.monotonic() - since, 1))
    assert app.worker.is_running


@pytest.mark.rare
def test_it_is_restarted_again_and_again_under_load(start_app, postgresql, postgresql_url, figures):
    app = start_app(postgresql_url, with_worker=True)

    with Load(*household(app, "one"), *household(app, "two")) as load:
        for _ in range(4):
            write_a_little(load)
            postgresql.stop()
            postgresql.start()
        write_a_little(load)

    figures(acknowledged=load.acknowledged(), answered_503=sum(a.status == 503 for a in load.answers))
    assert {answer.status for answer in load.answers} <= {201, 503}
    assert app.books.faults(load) == []
    assert stuck_sessions(postgresql, postgresql_url) == []


def stuck_sessions(postgresql, url):
    """Return the sessions that are still in the middle of something though nobody asks any more."""
    name = url.rpartition("/")[2]

    def busy():
        return [session for session in postgresql.sessions(name) if session[0] not in {"idle", None}]

    try:
        wait_until(lambda: not busy(), seconds=60)
    except TimeoutError:
        return busy()
    return []
