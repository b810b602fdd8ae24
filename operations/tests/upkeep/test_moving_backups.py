"""A backup while others write, and one that moves to another database."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import AccountValue
from operations.backups import archive, making, restoring
from operations.tests.upkeep.backing_up import checksums, everything, restore
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_backup_is_of_one_moment(household, tmp_path):
    """Somebody who deletes everything while it is written does not change it."""
    before = everything()
    is_done = []

    def meanwhile(_count):
        if not is_done:
            is_done.append(True)
            elsewhere = subprocess.run(  # noqa: S603 - our own code
                [sys.executable, "-c", DELETE_VALUES], env=environment(), capture_output=True, check=False, text=True
            )
            assert elsewhere.returncode == 0, elsewhere.stderr

    with (tmp_path / "finances.zip").open("wb") as file:
        making.make(file, advance=meanwhile)

    assert AccountValue.objects.count() == 0
    with (tmp_path / "finances.zip").open("rb") as file, archive.opened(file) as opened:
        restoring.restore(opened, force=True, advance=lambda _: None)
    assert everything() == before


DELETE_VALUES = """
import django
django.setup()
from accounts.models import AccountValue
AccountValue.objects.all().delete()
"""


def environment(**others):
    """Return what a process needs to use the database of this test, or another one."""
    at = connection.settings_dict
    url = f"sqlite:///{at['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    mine = {"DJANGO_ENV": "test", "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": url, "REDIS_URL": ""}
    return {**os.environ, **mine, **others}


def manage(*arguments, **others):
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env=environment(**others),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_a_backup_moves_to_the_other_kind_of_database_and_back(made, tmp_path):
    """To SQLite, and from it: with PostgreSQL under test this crosses both ways. The second file comes by a pipe."""
    other = {"DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}"}
    manage("migrate", "--verbosity", "0", **other)
    manage("restore", made, **other)
    (tmp_path / "moved.zip").write_bytes(manage("backup", "-", **other))
    before = everything()
    User.objects.all().delete()

    restore(tmp_path / "moved.zip", force=True)

    assert checksums(tmp_path / "moved.zip") == checksums(made)
    assert everything() == before


def test_a_database_that_is_not_of_this_version_is_neither_backed_up_nor_restored(made, tmp_path):
    old = {"DATABASE_URL": f"sqlite:///{tmp_path / 'old.sqlite3'}"}
    manage("migrate", "--verbosity", "0", **old)
    manage("migrate", "--verbosity", "0", "accounts", "0003", **old)

    for command in (["backup", tmp_path / "old.zip"], ["restore", made]):
        with pytest.raises(AssertionError, match=r"has not seen \d+ migrations of this version, .* accounts\.0004"):
            manage(*command, **old)
