"""Redis stops or stands still: everything is served on, limits stay limits, and health tells."""

import time

import pytest
import requests

from tests.faults.load import Load, household
from tests.faults.processes import wait_until

pytestmark = pytest.mark.faults
PROCESSES = 2
TRIES, LIMIT = 40, 5
SLOWEST = 30  # seconds for any answer, on a busy machine


@pytest.fixture
def app(start_app, postgresql_url, redis_server):
    return start_app(
        postgresql_url, REDIS_URL=redis_server.url, THROTTLE_USER="100000/min", THROTTLE_LOGIN_ACCOUNT=f"{LIMIT}/hour"
    )


def try_passwords(app):
    """Return the statuses of many tries to guess one password, and the seconds of the slowest answer."""
    statuses, slowest = [], 0.0
    for _ in range(TRIES):
        began = time.monotonic()
        guess = {"username": "victim", "password": "a-wrong-guess"}
        statuses.append(requests.post(f"{app.api}/auth/login", json=guess, timeout=60).status_code)
        slowest = max(slowest, time.monotonic() - began)
    return statuses, slowest


@pytest.mark.parametrize("how", ["stop", "pause"])
def test_it_goes_away_under_load(app, redis_server, how, figures):
    with Load(*household(app, "one")) as load:
        wait_until(lambda: load.acknowledged() > 10)
        redis_server.stop() if how == "stop" else redis_server.process.pause()
        since = time.monotonic()
        health = {name: requests.get(f"{app.url}/health/{name}", timeout=60) for name in ("cache", "ready", "live")}
        statuses, slowest = try_passwords(app)
        before = load.acknowledged()
        wait_until(lambda: load.acknowledged() > before + 10)
        redis_server.start() if how == "stop" else redis_server.process.resume()
        back = time.monotonic()
        wait_until(lambda: app.get("/health/cache").status_code == 200, seconds=60)
        wait_until(app.is_ready, seconds=60)
        healthy_again = time.monotonic() - back
        wait_until(lambda: load.acknowledged() > before + 20)

    slowest = max([slowest, *(answer.seconds for answer in load.answers)])
    figures(
        acknowledged=load.acknowledged(),
        guesses_let_in=statuses.count(401),
        of=TRIES,
        slowest_s=round(slowest, 1),
        healthy_again_after_s=round(healthy_again, 1),
        writes_while_away=sum(since < answer.at < back for answer in load.answers),
    )
    assert {name: answer.status_code for name, answer in health.items()} == {"cache": 503, "ready": 503, "live": 200}
    assert health["ready"].json()["cache"] == "away"
    assert statuses.count(401) <= LIMIT * PROCESSES
    assert set(statuses) == {401, 429}
    assert {answer.status for answer in load.answers} == {201}
    assert slowest < SLOWEST
    assert app.books.faults(load) == []


def test_what_is_asked_outside_is_a_clear_503_while_it_is_away(app, redis_server, figures):
    who = household(app, "one")[0].who
    redis_server.stop()

    began = time.monotonic()
    answer = who.get(f"{app.api}/securities/ACME", timeout=60)
    seconds = time.monotonic() - began

    redis_server.start()  # for the fixture, which stops it
    figures(seconds=round(seconds, 1))
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "provider_unavailable"
    assert "Retry-After" in answer.headers
    assert seconds < SLOWEST
