"""The clock jumps while the server runs. Needs libfaketime, which stands between a process and its clock."""

from pathlib import Path

import pytest
import requests

from tests.faults.load import PASSWORD, Load, household, register
from tests.faults.processes import wait_until

pytestmark = pytest.mark.faults
PLACES = ("/usr/lib", "/usr/local/lib")
LIMIT = 5


class Clock:
    """How far the clock of a process with these settings is ahead, which stands in a file."""

    def __init__(self, file, settings):
        self.file, self.settings = file, settings

    def jump(self, seconds):
        """Be so many seconds ahead, or behind."""
        self.file.write_text(f"{seconds:+d}")


@pytest.fixture
def clock(tmp_path):
    """A clock of the processes that are started, in a file: how far it is ahead."""
    found = [path for place in PLACES for path in Path(place).glob("**/libfaketimeMT.so.1")]
    if not found:
        pytest.skip("libfaketime is not installed here")
    file = tmp_path / "clock"
    file.write_text("+0")
    settings = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # as the kernel has it: waits go on as before
    }
    return Clock(file, settings)


def tokens(app, name):
    login = requests.post(f"{app.api}/auth/login", json={"username": name, "password": PASSWORD}, timeout=60)
    return login.json()


def me(app, access_token):
    """Return what both processes say about a token, which is asked often enough to meet each of them."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return {requests.get(f"{app.api}/auth/me", headers=headers, timeout=60).status_code for _ in range(10)}


@pytest.fixture
def app(start_app, sqlite_url, clock):
    return start_app(sqlite_url, **clock.settings, THROTTLE_LOGIN_ACCOUNT=f"{LIMIT}/hour")


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


@pytest.mark.parametrize("seconds", [5, 7200])
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


def test_limits_stay_limits(app, clock):
    statuses = []
    for ahead in (0, 7200, -7200, 0):
        clock.jump(ahead)
        guess = {"username": "victim", "password": "a-wrong-guess"}
        statuses += [requests.post(f"{app.api}/auth/login", json=guess, timeout=60).status_code for _ in range(20)]

    windows, processes = 3, 2
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= LIMIT * windows * processes


def test_it_jumps_to_and_fro_under_load(app, clock, figures):
    with Load(*household(app, "one")) as load:
        for ahead in (30, -30, 600, -600, 0):
            clock.jump(ahead)
            before = load.acknowledged()
            wait_until(lambda before=before: load.acknowledged() > before + 5)

    figures(acknowledged=load.acknowledged())
    assert {answer.status for answer in load.answers} == {201}
    assert app.books.faults(load) == []
