"""The servers that break here, and the application on them."""

import os
import shutil
import subprocess
import sys
import uuid

import pytest

from tests.faults.app import ROOT, App, environment
from tests.faults.books import Books
from tests.faults.servers import PostgreSQL, Redis, postgresql_binaries


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A PostgreSQL of our own with a database ``pattern`` that has every migration."""
    if postgresql_binaries() is None:
        pytest.skip("PostgreSQL's programs are not installed here")
    server = PostgreSQL()
    try:
        server.start()
        server.create("pattern")
        migrate(tmp_path_factory.mktemp("pattern"), server.url("pattern"))
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgresql(cluster):
    """The cluster, running; whatever a test did to it is over after it."""
    yield cluster
    cluster.process.resume()
    if not cluster.process.is_running:
        cluster.start()


@pytest.fixture
def redis_server(tmp_path):
    """A Redis of our own."""
    if not shutil.which("redis-server"):
        pytest.skip("Redis is not installed here")
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory):
    """Return a file of SQLite with every migration."""
    folder = tmp_path_factory.mktemp("pattern")
    migrate(folder, f"sqlite:///{folder}/pattern.sqlite3")
    return folder / "pattern.sqlite3"


def migrate(folder, url):
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment(folder, url), check=True)  # noqa: S603 - our own program


@pytest.fixture
def sqlite_url(sqlite_pattern, tmp_path):
    """Return the address of a database of SQLite."""
    shutil.copy(sqlite_pattern, tmp_path / "finances.sqlite3")
    return f"sqlite:///{tmp_path}/finances.sqlite3"


@pytest.fixture
def postgresql_url(postgresql):
    """Return the address of a database of PostgreSQL."""
    name = f"db_{uuid.uuid4().hex}"
    postgresql.create(name, template="pattern")
    yield postgresql.url(name)
    postgresql.process.resume()
    if not postgresql.process.is_running:
        postgresql.start()
    postgresql.drop(name)


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.rare), "postgresql"])
def database_url(request):
    """Return the address of a database, of either kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def start_app(tmp_path):
    """Return a function that starts the application on a database; all of it is ended after the test."""
    apps = []

    def start(url, *, with_worker=False, **settings):
        folder = tmp_path / f"app-{len(apps)}"
        folder.mkdir()
        app = App(folder, url, **settings)
        apps.append(app)
        app.books = Books(url)
        return app.start(with_worker=with_worker)

    yield start
    for app in apps:
        app.stop()


@pytest.fixture(autouse=True)
def empty_caches():
    """These tests ask real processes, and use no cache of this one."""


SHOW_FIGURES = os.environ.get("FAULT_FIGURES")


@pytest.fixture
def figures(request):
    """Return a function that notes what a test counted and measured, for docs/faults.md."""

    def note(**facts):
        if SHOW_FIGURES:
            with open(SHOW_FIGURES, "a") as file:  # noqa: PTH123
                file.write(f"{request.node.name}: {facts}\n")

    return note
