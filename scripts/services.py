"""Run the tests on PostgreSQL and Redis: ``services.py [pytest's arguments]``.

DATABASE_URL and REDIS_URL say where they are; the defaults are this machine's own servers on their usual ports. The
tests make a database of their own beside the named one, and in Redis touch only keys that start with CACHE_PREFIX.

Servers that are installed here but not running are started, and stopped again afterwards. When there are none, the
tests are skipped with the reason; with CI_REQUIRE_SERVICES=1 that is a failure.
"""

import functools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parent.parent
DATABASE_URL = "postgres://postgres@127.0.0.1:5432/finances"
REDIS_URL = "redis://127.0.0.1:6379/15"
LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}
PATIENCE = 15  # seconds that a server may take to start

type Stop = Callable[[], object]


@dataclass(frozen=True)
class Service:
    """A server that the tests need: its usual port, what is wrong with one at an address, how to start one here."""

    usual_port: int
    trouble: Callable[[str], str | None]
    start: Callable[[], Stop | None]


def postgresql_trouble(url: str) -> str | None:
    """Return why the tests cannot use the PostgreSQL at ``url``, or None when they can."""
    try:
        # The named database itself may not exist: the tests make their own.
        with psycopg.connect(url, dbname="postgres", connect_timeout=3) as connection:
            may_create = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as exc:
        return f"PostgreSQL at {without_password(url)} does not answer: {str(exc).strip().splitlines()[0]}"
    return None if may_create == (True,) else f"PostgreSQL's user in {without_password(url)} may not create databases"


def redis_trouble(url: str) -> str | None:
    """Return why the tests cannot use the Redis at ``url``, or None when they can."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            client.ping()
    except redis.RedisError as exc:
        return f"Redis at {without_password(url)} does not answer: {exc}"
    return None


def without_password(url: str) -> str:
    """Return the address in ``url`` as it may be shown: without the name and password before the @."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 'its usual port'}{parts.path}"


def is_local(url: str, port: int) -> bool:
    """Tell whether ``url`` is the server that this machine would run on its usual ``port``."""
    parts = urlsplit(url)
    return parts.hostname in LOCAL_HOSTS and (parts.port or port) == port


def start_postgresql() -> Stop | None:
    """Start the cluster of Debian's and Ubuntu's packages on port 5432; None when there is none that is down."""
    if not shutil.which("pg_lsclusters"):
        return None
    listing = subprocess.run(["pg_lsclusters", "--no-header"], capture_output=True, text=True, check=False).stdout
    clusters = [line.split()[:4] for line in listing.splitlines()]
    for version, name, port, status in clusters:
        if port == "5432" and status.startswith("down"):
            control = ["pg_ctlcluster", "--skip-systemctl-redirect", version, name]
            started = subprocess.run([*control, "start"], check=False).returncode == 0
            return functools.partial(subprocess.run, [*control, "stop"], check=False) if started else None
    return None


def start_redis() -> Stop | None:
    """Start a Redis that keeps nothing; None when it is not installed."""
    if not shutil.which("redis-server"):
        return None
    options = ["--bind", "127.0.0.1", "--port", "6379", "--save", "", "--appendonly", "no"]
    return subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL).terminate


def trouble_after_starting(url: str, service: Service, stack: ExitStack) -> str | None:
    """Return what is wrong with ``service`` at ``url``, started first if need be; ``stack`` will stop it again."""
    wrong = service.trouble(url)
    if wrong and is_local(url, service.usual_port) and (stop := service.start()):
        stack.callback(stop)
        deadline = time.monotonic() + PATIENCE
        while (wrong := service.trouble(url)) and time.monotonic() < deadline:
            time.sleep(0.2)
    return wrong


POSTGRESQL = Service(usual_port=5432, trouble=postgresql_trouble, start=start_postgresql)
REDIS = Service(usual_port=6379, trouble=redis_trouble, start=start_redis)


def run(arguments: list[str]) -> int:
    """Run the tests with ``arguments`` for pytest; return the exit code."""
    database_url = os.environ.get("DATABASE_URL") or DATABASE_URL
    redis_url = os.environ.get("REDIS_URL") or REDIS_URL
    if not database_url.startswith(("postgres://", "postgresql://")):
        return say_skipped([f"DATABASE_URL is no PostgreSQL but {urlsplit(database_url).scheme}; unset it or name one"])
    with ExitStack() as stack:
        troubles = [
            trouble_after_starting(database_url, POSTGRESQL, stack),
            trouble_after_starting(redis_url, REDIS, stack),
        ]
        if reasons := [trouble for trouble in troubles if trouble]:
            return say_skipped(reasons)
        settings = {"TEST_DATABASE_URL": database_url, "TEST_REDIS_URL": redis_url}
        return subprocess.run(["scripts/test", *arguments], cwd=ROOT, env=os.environ | settings, check=False).returncode


def say_skipped(reasons: list[str]) -> int:
    """Print why the tests are not run; return the exit code for that."""
    required = os.environ.get("CI_REQUIRE_SERVICES") == "1"
    print("FAILED: services are required here." if required else "SKIPPED: the tests on PostgreSQL and Redis.")
    for reason in reasons:
        print(f"  - {reason}")
    return 1 if required else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
