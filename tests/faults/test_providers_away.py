"""Yahoo fails in every way that servers have: a clear answer in bounded time, and nothing is stored by halves."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from tests.faults.load import register
from tests.stand_in.yahoo import YahooStandIn

pytestmark = [
    pytest.mark.faults,
    # Whoever waits at the stand-in in its slow mode is left there.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
MODES = ["slow", "garbage", "html", "429", "500", "down"]
BOUND = 60  # seconds; one question may take ten, and an answer may need some


@pytest.fixture
def yahoo():
    server = YahooStandIn().start()
    server.slow_seconds = 60
    yield server
    server.mode = "ok"
    server.stop()


@pytest.fixture
def app(start_app, sqlite_url, yahoo):
    return start_app(
        sqlite_url,
        YAHOO_PROXY=yahoo.proxy,
        YAHOO_CA_FILE=str(yahoo.ca_file),
        YAHOO_SECONDS_BETWEEN_REQUESTS="0",
    )


def wake(app):
    """Let every server that rests be asked again at once."""
    with closing(sqlite3.connect(app.folder / "var" / "http-gate.sqlite3")) as store, store:
        store.execute("DELETE FROM gates")


def ask(who, method, url):
    began = time.monotonic()
    answer = who.request(method, url, timeout=3 * BOUND)
    return answer, time.monotonic() - began


def rows(app):
    return [app.books.rows(f"SELECT COUNT(*) FROM securities_{table}")[0][0] for table in ("security", "securityprice")]  # noqa: S608


def test_what_was_never_seen_is_a_clear_503(app, yahoo, figures):
    who, took = register(app, "one"), {}

    for mode in MODES:
        yahoo.mode = mode
        for path in ("/securities/ACME", "/securities/BOLT/prices"):
            answer, seconds = ask(who, "GET", app.api + path)
            took[mode] = max(round(seconds, 1), took.get(mode, 0))
            assert answer.status_code == 503, (mode, path, answer.text)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json()["code"] in {"provider_unavailable", "provider_rate_limited"}
            wake(app)
        assert rows(app) == [0, 0], mode

    yahoo.mode = "ok"
    wake(app)
    found = who.get(f"{app.api}/securities/ACME", timeout=BOUND)
    figures(slowest_s=took)
    assert found.status_code == 200
    assert max(took.values()) < BOUND


@pytest.mark.rare
def test_a_sync_that_is_cut_short_stores_all_or_nothing(app, yahoo, figures):
    who = register(app, "one")
    before = rows(app)

    took = {}
    for mode in MODES:
        yahoo.mode = mode
        answer, took[mode] = ask(who, "POST", f"{app.api}/securities/BOLT/sync")
        assert answer.status_code == 503, (mode, answer.text)
        assert rows(app) == before, mode
        wake(app)
    yahoo.mode = "ok"
    done = who.post(f"{app.api}/securities/BOLT/sync", timeout=BOUND)

    figures(slowest_s=round(max(took.values()), 1), rows=rows(app))
    assert done.status_code == 200
    assert rows(app) > before
    assert max(took.values()) < BOUND


def test_a_certificate_that_nobody_vouches_for_is_refused(start_app, sqlite_url, yahoo, figures):
    other = YahooStandIn().start()
    app = start_app(sqlite_url, YAHOO_PROXY=yahoo.proxy, YAHOO_CA_FILE=str(other.ca_file))
    who = register(app, "one")

    answer, seconds = ask(who, "GET", f"{app.api}/securities/ACME")

    other.stop()
    figures(seconds=round(seconds, 1))
    assert answer.status_code == 503
    assert answer.json()["code"] == "provider_unavailable"
    assert yahoo.received == []
    assert rows(app) == [0, 0]


def test_the_server_answers_others_while_many_wait_for_a_slow_provider(app, yahoo, figures):
    who = register(app, "one")
    yahoo.mode = "slow"

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask, who, "GET", f"{app.api}/securities/S{number}") for number in range(16)]
        time.sleep(1)
        alive = requests.get(f"{app.url}/health/live", timeout=BOUND)
        answered_before = [each.result()[0] for each in asked if each.done()]
        answers, seconds = zip(*[each.result() for each in asked], strict=True)

    turned_away = [answer for answer in answers if is_turned_away(answer)]
    figures(
        alive_after_s=round(alive.elapsed.total_seconds(), 1),
        turned_away=len(turned_away),
        slowest_s=round(max(seconds), 1),
    )
    assert alive.status_code == 200
    assert all(map(is_turned_away, answered_before)), "it was not answered before those who wait"
    assert turned_away
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert max(seconds) < BOUND


def is_turned_away(answer):
    """Tell whether so many requests waited for providers that this one was not let in."""
    return answer.json().get("detail", "").startswith("Too many requests wait for providers")
