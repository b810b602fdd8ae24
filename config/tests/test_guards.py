"""Production refuses to start with an unsafe setting and says which; tried on a real process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "DJANGO_ENV": "production",
    "DJANGO_SECRET_KEY": "k" * 60,
    "DJANGO_ALLOWED_HOSTS": "finances.example",
}


def start(tmp_path, **changes):
    """Start the settings in a process of its own, far from any .env, and return what it says."""
    variables = {**SAFE, **changes, "VAR_DIR": str(tmp_path), "PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
    return subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )


def test_safe_settings_start(tmp_path):
    assert start(tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"DJANGO_SECRET_KEY": None}, "DJANGO_SECRET_KEY"),
        ({"DJANGO_SECRET_KEY": "short"}, "DJANGO_SECRET_KEY"),
        ({"DJANGO_DEBUG": "true"}, "DJANGO_DEBUG"),
        ({"DJANGO_ALLOWED_HOSTS": ""}, "DJANGO_ALLOWED_HOSTS"),
        ({"DJANGO_ALLOWED_HOSTS": "*"}, "DJANGO_ALLOWED_HOSTS"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS"),
        ({"DJANGO_ENV": "prodution"}, "DJANGO_ENV"),
    ],
)
def test_an_unsafe_setting_is_refused_by_name(tmp_path, changes, name):
    started = start(tmp_path, **changes)

    assert started.returncode == 1
    assert name in started.stderr


def test_every_fault_is_named_at_once(tmp_path):
    started = start(tmp_path, DJANGO_SECRET_KEY="short", DJANGO_DEBUG="true")

    assert "DJANGO_SECRET_KEY" in started.stderr
    assert "DJANGO_DEBUG" in started.stderr


def test_without_any_setting_it_is_production_and_does_not_start(tmp_path):
    started = start(tmp_path, DJANGO_ENV=None, DJANGO_SECRET_KEY=None, DJANGO_ALLOWED_HOSTS=None)

    assert started.returncode == 1
    assert "DJANGO_SECRET_KEY" in started.stderr


def test_no_secret_is_shown_in_a_refusal(tmp_path):
    started = start(tmp_path, DJANGO_SECRET_KEY="tell-nobody")

    assert "tell-nobody" not in started.stderr
