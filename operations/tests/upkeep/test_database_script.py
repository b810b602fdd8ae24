"""``make db-backup`` and ``make db-restore``, with a script in the place of Docker Compose that notes its orders."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

COMPOSE = """#!/bin/sh
echo "$*" >>orders
case "$*" in
    run*backup*) echo 'a whole backup'; exit "${FAILS:-0}" ;;
    run*restore*) cat >restored; exit "${FAILS:-0}" ;;
esac
"""


@pytest.fixture
def folder(tmp_path):
    """Copy the scripts, and a backup, to a folder with a space in its name."""
    folder = tmp_path / "my clone"
    shutil.copytree(Path(settings.BASE_DIR) / "scripts", folder / "scripts")
    (folder / "compose").write_text(COMPOSE)
    (folder / "compose").chmod(0o755)
    (folder / "backup.zip").write_text("what was")
    return folder


def database(folder, *arguments, **variables):
    environment = {"PATH": os.environ["PATH"], "COMPOSE": "./compose", "YES": "1", **variables}
    return subprocess.run(  # noqa: S603
        [folder / "scripts/database", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def orders(folder):
    path = folder / "orders"
    return path.read_text().splitlines() if path.exists() else []


def test_a_backup_is_written_by_a_process_that_migrates_nothing(folder):
    done = database(folder, "backup")

    (file,) = (folder / "backups").iterdir()
    assert done.returncode == 0
    assert file.suffix == ".zip"
    assert file.read_text() == "a whole backup\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert orders(folder)[-1] == "run --rm -T --no-deps app python manage.py backup -"


def test_a_backup_that_failed_leaves_nothing(folder):
    done = database(folder, "backup", FAILS="1")

    assert done.returncode == 1
    assert "There is no backup" in done.stderr
    assert list((folder / "backups").iterdir()) == []


def test_a_restored_database_takes_the_place_of_the_present_one_when_it_is_whole(folder):
    done = database(folder, "restore", "backup.zip")

    told = orders(folder)
    assert done.returncode == 0
    assert (folder / "restored").read_text() == "what was"
    into = next(number for number, order in enumerate(told) if "restore" in order)
    assert any("dropdb --username finances --force finances" in order for order in told[into:])
    assert not any("--force finances" in order and "incoming" not in order for order in told[:into])
    assert any("RENAME TO finances" in order for order in told[into:])


def test_what_cannot_be_restored_changes_nothing(folder):
    done = database(folder, "restore", "backup.zip", FAILS="1")

    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert not any("RENAME" in order for order in orders(folder))
    assert orders(folder)[-1] == "exec -T db dropdb --username finances finances_incoming"


@pytest.mark.parametrize("arguments", [["restore"], ["restore", "no such file"]])
def test_a_restore_needs_a_file(folder, arguments):
    done = database(folder, *arguments)

    assert done.returncode == 2
    assert "Say which backup" in done.stderr
    assert orders(folder) == []


def test_a_restore_is_not_done_when_nobody_can_be_asked(folder):
    done = database(folder, "restore", "backup.zip", YES="")

    assert done.returncode == 1
    assert orders(folder) == []
