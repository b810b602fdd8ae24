"""The disk is full while people write: clear answers, nothing lost, and on as before once there is room again."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.faults.load import Load, Writer, household, one_value, open_account, register
from tests.faults.processes import wait_until
from tests.faults.servers import whose

pytestmark = pytest.mark.faults


class Disk:
    """A small file system in memory, which can grow."""

    def __init__(self, folder):
        self.folder = folder

    def mount(self, megabytes, *, how="size"):
        options = f"remount,size={megabytes}m" if how == "remount" else f"size={megabytes}m,mode=0777"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603

    @property
    def free_bytes(self):
        return shutil.disk_usage(self.folder).free


@pytest.fixture
def disk():
    """A disk of some megabytes; only root may make one."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    folder.chmod(0o755)  # or PostgreSQL's account does not come this far
    disk = Disk(folder)
    if os.geteuid() != 0 or not disk.mount(1):
        folder.rmdir()
        pytest.skip("only root can make a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S603, S607
    folder.rmdir()


@pytest.fixture
def url_on_disk(request, disk, sqlite_pattern, tmp_path):
    """Return the address of a database on that disk, with little room left."""
    if request.param == "sqlite":
        size = sqlite_pattern.stat().st_size
        disk.mount(size // 2**20 + 3, how="remount")
        shutil.copy(sqlite_pattern, disk.folder / "finances.sqlite3")
        yield f"sqlite:///{disk.folder}/finances.sqlite3"
        return
    server = request.getfixturevalue("postgresql")
    disk.mount(64, how="remount")
    place = disk.folder / "space"
    place.mkdir()
    if whose():
        os.chown(place, whose()["user"], whose()["group"])
    server.ask(f"CREATE TABLESPACE small LOCATION '{place}'")
    server.ask("CREATE DATABASE on_disk TEMPLATE pattern TABLESPACE small")
    used = 64 - disk.free_bytes // 2**20
    disk.mount(used + 3, how="remount")
    yield server.url("on_disk")
    server.drop("on_disk")
    server.ask("DROP TABLESPACE small")


def many_values(number):
    return [one_value(500 * number + place) for place in range(500)]


@pytest.mark.parametrize("url_on_disk", ["sqlite", pytest.param("postgresql", marks=pytest.mark.rare)], indirect=True)
def test_it_fills_up_and_gets_room_again(start_app, url_on_disk, disk, figures):
    app = start_app(url_on_disk)
    writers = household(app, "one")
    who = register(app, "two")
    writers.append(Writer(who, f"{app.api}/accounts/{open_account(app, who, 'first')}/values", many_values))

    with Load(*writers) as load:
        wait_until(lambda: sum(answer.status == 503 for answer in load.answers) > 10, seconds=120)
        alive, read = app.get("/health/live"), who.get(f"{app.api}/accounts", timeout=60)
        disk.mount(256, how="remount")
        before = load.acknowledged()
        wait_until(lambda: load.acknowledged() > before + 20)

    # A machine that is too busy may say that a body did not arrive in time.
    refusals = [answer for answer in load.answers if answer.status not in {201, 408}]
    figures(
        acknowledged=load.acknowledged(), answered_503=len(refusals), codes=sorted({each.code for each in refusals})
    )
    assert {answer.status for answer in refusals} == {503}
    assert {answer.retry_after for answer in refusals} == {"5"}
    assert (alive.status_code, read.status_code) == (200, 200)
    assert app.books.faults(load) == []


def test_a_backup_that_finds_no_room_says_so_and_leaves_nothing(start_app, sqlite_url, disk, figures):
    app = start_app(sqlite_url)
    with Load(*household(app, "one")) as load:
        wait_until(lambda: load.acknowledged() > 10)
    filling = disk.folder / "filling"
    filling.write_bytes(b"x" * (disk.free_bytes - 8192))

    done = app.manage("backup", str(disk.folder / "backup.zip"))

    figures(said=done.stderr.strip().splitlines()[-1:])
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in disk.folder.iterdir()] == ["filling"]
