"""Several real processes that ask Yahoo, and one that dies in the middle of a sync."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from finances import http

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(yahoo, settings):
    return {
        **os.environ,
        "DJANGO_ENV": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(settings.VAR_DIR),
        "REDIS_URL": settings.REDIS_URL,
        "YAHOO_PROXY": yahoo.proxy,
        "YAHOO_CA_FILE": str(yahoo.ca_file),
        "YAHOO_SECONDS_BETWEEN_REQUESTS": "0",
        "PRICE_PROVIDERS": "yahoo",
        "PYTHONWARNINGS": "ignore",
    }


@pytest.fixture
def start(environment, settings):
    """Return a function that starts a process which asks for each symbol several times."""

    def start_process(*symbols, times=1, children=0):
        arguments = [settings.CACHE_PREFIX, str(times), str(children), *symbols]
        command = [sys.executable, "-m", "securities.tests.yahoo_process", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own program

    return start_process


def end(processes):
    return [process.wait(timeout=120) for process in processes]


def test_six_processes_are_counted_exactly(start, yahoo):
    processes = [start("ACME", "BOLT", times=3) for _ in range(6)]

    codes = end(processes)

    stats = http.stats()
    assert codes == [0] * 6
    # Each history is two questions: the last day for the time zone, and the window.
    assert stats["total_requests"] == 6 * 2 * 3 * 2
    assert stats["misses"] == yahoo.count("/v8/finance/chart/")
    assert stats["hits"] == stats["total_requests"] - stats["misses"]


def test_a_new_process_asks_for_nothing_that_is_known(start, yahoo):
    end([start("ACME", "BOLT")])
    asked = yahoo.count()

    codes = end([start("ACME", "BOLT")])

    assert codes == [0]
    assert yahoo.count() == asked == 4


def test_a_session_survives_a_fork_on_both_sides(start):
    codes = end([start("ACME", times=2, children=3)])

    assert codes == [0]


def test_a_429_in_one_process_stops_all(start, yahoo):
    yahoo.mode = "429"
    end([start("ACME")])
    yahoo.mode = "ok"

    codes = end([start("BOLT") for _ in range(2)])

    assert codes == [1, 1]
    assert yahoo.count() == 1


class Shop:
    """A database of its own, in which commands run as processes of their own."""

    def __init__(self, environment, directory):
        self.file = directory / "shop.sqlite3"
        self.environment = {**environment, "DATABASE_URL": f"sqlite:///{self.file}"}
        self.manage("migrate", "--verbosity", "0").communicate()

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def price_counts(self):
        """Return the number of stored prices by symbol."""
        question = (
            "SELECT symbol, COUNT(price.id) FROM securities_security AS security"
            " LEFT JOIN securities_securityprice AS price ON price.security_id = security.id GROUP BY symbol"
        )
        with closing(sqlite3.connect(self.file)) as connection:
            return dict(connection.execute(question).fetchall())


def wait_until(condition):
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_a_sync_that_is_killed_leaves_nothing_by_halves_and_the_next_one_goes_on(environment, yahoo, tmp_path):
    shop, symbols = Shop(environment, tmp_path), ["GADGET", "RHEIN.DE", "LATE"]
    yahoo.hangs_at = "/chart/RHEIN.DE?period1"

    sync = shop.manage("sync_prices", *symbols)
    wait_until(lambda: yahoo.count(yahoo.hangs_at))
    sync.send_signal(signal.SIGKILL)
    sync.communicate()
    left = shop.price_counts()
    yahoo.hangs_at = ""
    output = shop.manage("sync_prices", *symbols).communicate()[0]

    assert list(left) == ["GADGET"]
    assert left["GADGET"] > 1000
    assert "3 of 3 securities done" in output
    assert shop.price_counts()["GADGET"] == left["GADGET"]
    assert set(shop.price_counts()) == set(symbols)


def test_a_server_that_asks_nobody_carries_no_pandas(environment):
    question = (
        "import django, sys; django.setup(); import config.urls; print({'pandas', 'yfinance'} & set(sys.modules))"
    )

    answer = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", question], cwd=ROOT, env=environment, capture_output=True, check=True
    )

    assert answer.stdout.strip() == b"set()"
