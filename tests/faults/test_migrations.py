"""Migrations: two at once, one that is killed in the middle, and all of them there and back on data."""

import itertools
import signal
import subprocess
import sys

import pytest
from django.db.migrations.loader import MigrationLoader

from tests.faults.app import ROOT, environment
from tests.faults.books import Books
from tests.faults.processes import send, wait_until

pytestmark = pytest.mark.faults


@pytest.fixture
def empty_url(request, tmp_path):
    """Return the address of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite3"
        return
    server = request.getfixturevalue("postgresql")
    server.drop("empty")
    server.create("empty")
    yield server.url("empty")
    server.drop("empty")


SQLITE = pytest.param("sqlite", marks=pytest.mark.rare)
BOTH = pytest.mark.parametrize("empty_url", [SQLITE, "postgresql"], indirect=True)


def manage(folder, url, *arguments, **settings):
    command = [sys.executable, "manage.py", *arguments]
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=environment(folder, url, **settings), **kept)  # noqa: S603 - our own program


def run(folder, url, *arguments, **settings):
    process = manage(folder, url, *arguments, **settings)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


@BOTH
def test_three_at_once_leave_one_whole_schema(empty_url, tmp_path, figures):
    processes = [manage(tmp_path, empty_url, "migrate", "--verbosity=1") for _ in range(3)]
    said = [process.communicate(timeout=300)[0] for process in processes]

    codes = [process.returncode for process in processes]
    applied = Books(empty_url).rows("SELECT app, name FROM django_migrations")
    figures(codes=codes, applied=len(applied))
    assert codes == [0, 0, 0], "\n----\n".join(said)
    assert len(applied) == len(set(applied))
    run(tmp_path, empty_url, "migrate", "--check")


@BOTH
@pytest.mark.rare
def test_one_that_is_killed_in_the_middle_is_finished_by_the_next(empty_url, tmp_path, figures):
    books, killed_at = Books(empty_url), []
    for share in (5, 25, 45):
        process = manage(tmp_path, empty_url, "migrate", "--verbosity=0")
        wait_until(lambda share=share, process=process: count(books) >= share or process.poll() is not None)
        send(signal.SIGKILL, process.pid)
        process.communicate()
        killed_at.append(count(books))

    run(tmp_path, empty_url, "migrate", "--verbosity=0")

    figures(killed_after=killed_at, applied=count(books))
    run(tmp_path, empty_url, "migrate", "--check")
    run(tmp_path, empty_url, "makemigrations", "--check", "--dry-run")


def count(books):
    try:
        return books.rows("SELECT COUNT(*) FROM django_migrations")[0][0]
    except Exception:  # noqa: BLE001 - there is no table, or no database yet
        return 0


# Those that others need last.
APPS = ["operations", "accounts", "institutions", "securities", "users", "currencies", "finances"]
PRIVATE = ["accounts_account", "accounts_accountvalue", "accounts_holding", "institutions_financialinstitution"]
SHARED = ["securities_securityprice", "currencies_currencyrate", "currencies_currency"]


def furthest_back():
    """Return for each app the earliest migration that it can go back to while every app keeps its tables."""
    graph = MigrationLoader(None).graph
    found = {}
    for app in APPS:
        names = sorted(name for label, name in graph.nodes if label == app)
        for earlier, later in itertools.pairwise(names):
            undone = graph.backwards_plan((app, later))
            if not any(label in APPS and name.startswith("0001") for label, name in undone):
                found[app] = earlier
                break
    return found


def contents(books):
    """Return every row of the tables that people fill, by table and column."""
    found = {}
    for table in (*PRIVATE, *SHARED, "accounts_historicalaccountvalue", "accounts_historicalholding", "users_user"):
        columns, rows = books.table(table)
        order = sorted(columns)
        places = [columns.index(name) for name in order]
        found[table] = [order, sorted(str([row[place] for place in places]) for row in rows)]
    return found


@BOTH
@pytest.mark.rare
def test_all_go_back_and_forth_on_data(empty_url, tmp_path, figures):
    run(tmp_path, empty_url, "migrate", "--verbosity=0")
    run(tmp_path, empty_url, "seed_demo", DJANGO_ENV="development")  # which production refuses
    books = Books(empty_url)
    before, whole = contents(books), count(books)

    for app, name in furthest_back().items():
        run(tmp_path, empty_url, "migrate", "--verbosity=0", app, name)
    back = count(books)
    run(tmp_path, empty_url, "migrate", "--verbosity=0")
    after = contents(books)
    for app in APPS:
        run(tmp_path, empty_url, "migrate", "--verbosity=0", app, "zero")
    gone = count(books)
    run(tmp_path, empty_url, "migrate", "--verbosity=0")

    figures(rows={table: len(rows) for table, (_, rows) in before.items()}, whole=whole, back=back, gone=gone)
    assert all(rows for _, rows in before.values())
    assert gone < back < whole
    for table, kept in before.items():
        assert after[table] == kept, table
    run(tmp_path, empty_url, "migrate", "--check")
