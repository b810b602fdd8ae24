"""The clock is set while the server runs: every process of it at once, and its waits go on as before."""

import time

import pytest
import requests

from tests.faults import moved_clock
from tests.faults.app import ROOT
from tests.faults.load import PASSWORD, Load, household, register
from tests.faults.processes import wait_until

pytestmark = pytest.mark.faults
LIMIT = 5


class Clock:
    """How far the clock of a process with these settings is ahead, which stands in a file."""

    def __init__(self, file):
        self.file, self.settings = file, {"CLOCK_FILE": str(file), "PYTHONPATH": str(ROOT)}

    def jump(self, seconds):
        """Be so many seconds ahead, or behind, and give every process the time to notice."""
        self.file.write_text(str(seconds))
        time.sleep(4 * moved_clock.SECONDS_BETWEEN_LOOKS)


@pytest.fixture
def clock(tmp_path):
    """A clock that the web server goes by."""
    return Clock(tmp_path / "clock")


def tokens(app, name):
    login = requests.post(f"{app.api}/auth/login", json={"username": name, "password": PASSWORD}, timeout=60)
    return login.json()


def me(app, access_token):
    """Return what both processes say about a token, which is asked often enough to meet each of them."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return {requests.get(f"{app.api}/auth/me", headers=headers, timeout=60).status_code for _ in range(10)}


@pytest.fixture
def app(start_app, sqlite_url, clock):
    return start_app(
        sqlite_url, config="tests/faults/moved_clock.py", **clock.settings, THROTTLE_LOGIN_ACCOUNT=f"{LIMIT}/hour"
    )


@pytest.mark.rare
def test_it_jumps_two_hours_ahead(app, clock):
    register(app, "one")
    pair = tokens(app, "one")
    before = me(app, pair["access_token"])

    clock.jump(7200)
    after = me(app, pair["access_token"])
    renewed = requests.post(f"{app.api}/auth/refresh", json={"refresh_token": pair["refresh_token"]}, timeout=60)

    assert (before, after) == ({200}, {401})
    assert renewed.status_code == 200
    assert me(app, renewed.json()["access_token"]) == {200}


@pytest.mark.parametrize("seconds", [pytest.param(5, marks=pytest.mark.rare), 7200])
def test_it_jumps_back(app, clock, seconds):
    """What was signed before the jump says that it is of the future; nobody is signed out by that."""
    register(app, "one")
    pair = tokens(app, "one")

    clock.jump(-seconds)
    after = me(app, pair["access_token"])
    renewed = requests.post(f"{app.api}/auth/refresh", json={"refresh_token": pair["refresh_token"]}, timeout=60)

    assert after == {200}
    assert renewed.status_code == 200
    assert me(app, renewed.json()["access_token"]) == {200}


@pytest.mark.rare
def test_limits_stay_limits(app, clock):
    statuses = []
    for ahead in (0, 7200, -7200, 0):
        clock.jump(ahead)
        guess = {"username": "victim", "password": "a-wrong-guess"}
        statuses += [requests.post(f"{app.api}/auth/login", json=guess, timeout=60).status_code for _ in range(20)]

    windows, processes = 3, 2
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= LIMIT * windows * processes


@pytest.mark.rare
def test_it_jumps_to_and_fro_under_load(app, clock, figures):
    with Load(*household(app, "one")) as load:
        for ahead in (30, -30, 600, -600, 0):
            clock.jump(ahead)
            before = load.acknowledged()
            wait_until(lambda before=before: load.acknowledged() > before + 5)

    figures(acknowledged=load.acknowledged())
    assert {answer.status for answer in load.answers} == {201}
    assert app.books.faults(load) == []
