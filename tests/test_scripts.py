"""The scripts behind `make` work from nothing, and refuse in plain words."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PYTHON = sys.executable


@pytest.fixture
def clone(tmp_path):
    """Copy the scripts, and what they read, to a folder with a space in its name."""
    folder = tmp_path / "my clone"
    folder.mkdir()
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, folder / name)
    for name in (".env.example", ".python-version"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def bare_path(tmp_path):
    """Make a PATH that holds the tools of a minimal system, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cat", "cksum", "dirname", "mkdir", "rm", "sleep"):
        (folder / tool).symlink_to(shutil.which(tool))
    return str(folder)


def run(*command, **options):
    nobody = subprocess.DEVNULL
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=nobody, **options)  # noqa: S603


def values(file):
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if line[:1].isupper())


def test_the_first_run_writes_secrets_that_only_the_owner_can_read(clone):
    written = run(clone / "scripts/write_env")

    assert written.returncode == 0
    assert (clone / ".env").stat().st_mode & 0o777 == 0o600
    assert values(clone / ".env")["DJANGO_ENV"] == "development"
    assert len(values(clone / ".env")["DJANGO_SECRET_KEY"]) == 96
    assert len(values(clone / ".env")["POSTGRES_PASSWORD"]) == 96
    assert sorted(path.name for path in clone.glob(".env*")) == [".env", ".env.example"]


def test_every_clone_has_secrets_of_its_own(clone):
    run(clone / "scripts/write_env")
    first = values(clone / ".env")
    (clone / ".env").unlink()

    run(clone / "scripts/write_env")

    assert values(clone / ".env")["DJANGO_SECRET_KEY"] != first["DJANGO_SECRET_KEY"]
    assert values(clone / ".env")["POSTGRES_PASSWORD"] != first["POSTGRES_PASSWORD"]


def test_an_existing_env_file_is_never_touched(clone):
    (clone / ".env").write_text("MINE=1\n")

    written = run(clone / "scripts/write_env")

    assert written.returncode == 0
    assert (clone / ".env").read_text() == "MINE=1\n"


def test_without_a_python_bootstrap_says_what_to_install(clone, bare_path):
    refused = run(clone / "scripts/bootstrap", env={"PATH": bare_path, "HOME": str(clone)})

    assert refused.returncode == 1
    for way in ("apt install", "dnf install", "brew install", "pyenv install", "uv python install"):
        assert way in refused.stderr
    assert not (clone / ".venv").exists()
    assert not (clone / ".venv.lock").exists()


def test_an_old_python_is_not_taken(clone, bare_path):
    old = Path(bare_path) / "python3"
    old.write_text("#!/bin/sh\nexit 3\n")  # what the version check of an older Python ends with
    old.chmod(0o755)

    refused = run(clone / "scripts/bootstrap", env={"PATH": bare_path, "HOME": str(clone)})

    assert refused.returncode == 1
    assert "found none" in refused.stderr


def test_a_python_that_was_named_is_not_replaced_by_another(clone):
    refused = run(clone / "scripts/bootstrap", env=os.environ | {"PYTHON": "false"})

    assert refused.returncode == 1
    assert "PYTHON=false is not" in refused.stderr


def test_a_busy_port_is_said_before_anything_is_served():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        refused = run(PYTHON, ROOT / "scripts/check_port.py", "127.0.0.1", str(port))

    assert refused.returncode == 1
    assert f"Port {port} of 127.0.0.1 is busy" in refused.stderr


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_what_is_no_port_is_refused(port):
    refused = run(PYTHON, ROOT / "scripts/check_port.py", "127.0.0.1", port)

    assert refused.returncode == 1
    assert "is no port" in refused.stderr


def test_what_cannot_be_undone_is_not_done_when_nobody_can_be_asked():
    refused = run(ROOT / "scripts/confirm", "Everything will be lost.", env={"PATH": os.environ["PATH"]})
    meant = run(ROOT / "scripts/confirm", "Everything will be lost.", env={"PATH": os.environ["PATH"], "YES": "1"})

    assert (refused.returncode, meant.returncode) == (1, 0)


@pytest.mark.parametrize(("lines", "complaint"), [(40, ""), (41, "app.py:1 long() has 41 lines, of 40")])
def test_a_long_function_is_found(clone, lines, complaint):
    small = "".join(f"def small_{number}():\n    pass\n" for number in range(10))
    (clone / "app.py").write_text("def long():\n" + "    pass\n" * (lines - 1) + small)

    checked = run(PYTHON, clone / "scripts/check_sizes.py")

    assert checked.stderr.strip() == complaint


def test_tests_on_services_are_skipped_with_the_reason_and_fail_where_they_are_required():
    # Port 1 belongs to a service that nobody runs.
    away = {"DATABASE_URL": "postgres://me:hidden@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1"}

    skipped = run(PYTHON, ROOT / "scripts/services.py", env=os.environ | away)
    failed = run(PYTHON, ROOT / "scripts/services.py", env=os.environ | away | {"CI_REQUIRE_SERVICES": "1"})

    assert (skipped.returncode, failed.returncode) == (0, 1)
    assert "PostgreSQL at 127.0.0.1:1/x does not answer" in skipped.stdout
    assert "Redis at 127.0.0.1:1 does not answer" in skipped.stdout
    assert "hidden" not in skipped.stdout + skipped.stderr


def test_settings_that_cannot_be_are_refused_before_anything_is_done(tmp_path):
    known = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DJANGO_ENV": "development", "VAR_DIR": str(tmp_path)}
    wrong = {"DJANGO_SECRET_KEY": "k" * 60, "THROTTLE_LOGIN": "lots", "SEED_DEMO": "0"}

    refused = run(PYTHON, "scripts/prepare.py", cwd=ROOT, env=known | wrong)

    assert refused.returncode == 1
    assert "THROTTLE_LOGIN: 'lots' is not a rate such as 10/min" in refused.stderr
    assert refused.stdout == ""  # no migration, no administrator
