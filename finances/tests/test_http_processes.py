"""Several real processes that ask the same server."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from finances import http
from finances.exceptions import ProviderRateLimitedError
from tests.stand_in.server import Reply

ROOT = Path(__file__).parents[2]


@pytest.fixture
def kept(stand_in):
    stand_in.routes["/kept"] = Reply(b"42")
    return f"{stand_in.url}/kept"


@pytest.fixture
def start(settings):
    """Return a function that starts a process which asks ``url`` several times."""

    def start_process(url, *, times, children=0):
        environment = {
            **os.environ,
            "DJANGO_ENV": "test",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(settings.VAR_DIR),
            "REDIS_URL": settings.REDIS_URL,
        }
        command = [sys.executable, "-m", "finances.tests.asking_process", url, str(times), str(children)]
        command.append(settings.CACHE_PREFIX)
        return subprocess.Popen(command, cwd=ROOT, env=environment)  # noqa: S603 - our own program

    return start_process


def end(processes):
    return [process.wait(timeout=60) for process in processes]


def test_six_processes_are_counted_exactly(start, kept):
    processes = [start(kept, times=50) for _ in range(6)]

    codes = end(processes)

    stats = http.stats()
    assert codes == [0] * 6
    assert stats["total_requests"] == 300
    assert stats["hits"] + stats["misses"] == 300
    assert 1 <= stats["misses"] <= 6  # those that started before the first answer was there


def test_what_one_process_fetched_is_a_hit_for_another(start, kept, stand_in):
    end([start(kept, times=1)])

    end([start(kept, times=1)])

    assert len(stand_in.received) == 1


def test_a_session_survives_a_fork_on_both_sides(start, stand_in):
    stand_in.routes["/never-kept"] = Reply(b"42")

    codes = end([start(f"{stand_in.url}/never-kept", times=3, children=3)])

    assert codes == [0]
    assert len(stand_in.received) == 15


def test_a_429_in_one_process_stops_all(start, kept, stand_in):
    stand_in.mode = "429"
    end([start(kept, times=1)])
    stand_in.mode = "ok"

    end([start(kept, times=5) for _ in range(3)])
    with pytest.raises(ProviderRateLimitedError):
        http.get(http.Policy(name="test", title="The test server", ttl={}, gap=timedelta(0)), kept)

    assert len(stand_in.received) == 1
