"""Production refuses to start with an unsafe setting and says which; tried on a real process."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from gunicorn.config import Config

from config import guards

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "DJANGO_ENV": "production",
    "DJANGO_SECRET_KEY": "k" * 60,
    "DJANGO_ALLOWED_HOSTS": "finances.example",
}


def start(tmp_path, code="import config.settings", **changes):
    """Start the settings in a process of its own, far from any .env, and return what it says."""
    variables = {**SAFE, **changes, "VAR_DIR": str(tmp_path), "PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
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


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"TRUSTED_PROXY_COUNT": "abc"}, "TRUSTED_PROXY_COUNT"),
        ({"DATABASE_URL": "mysql://somewhere/x"}, "DATABASE_URL"),
        ({"DJANGO_SECRET_KEY_FALLBACKS": "short"}, "DJANGO_SECRET_KEY_FALLBACKS"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(tmp_path, changes, name):
    started = start(tmp_path, **changes)

    assert started.returncode == 1
    assert name in started.stderr


def test_the_options_of_a_database_url_are_kept(tmp_path):
    url = "postgres://u:p@db.example/d?sslmode=verify-full"
    ask = "from config import settings; print(settings.DATABASES['default']['OPTIONS']['sslmode'])"

    started = start(tmp_path, ask, DATABASE_URL=url)

    assert started.stdout.strip() == "verify-full"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"THROTTLE_LOGIN": "ten/min"}, "THROTTLE_LOGIN"),
        ({"THROTTLE_LOGIN": "10/month"}, "THROTTLE_LOGIN"),
        ({"RATE_PROVIDERS": "ecbb"}, "RATE_PROVIDERS"),
        ({"PRICE_PROVIDERS": "yahooo"}, "PRICE_PROVIDERS"),
        ({"DEFAULT_BASE_CURRENCY": "cad"}, "DEFAULT_BASE_CURRENCY"),
    ],
)
def test_a_setting_that_only_an_app_understands_is_checked_at_the_start(tmp_path, changes, name):
    check = "from django.core import management; import django; django.setup(); management.call_command('check')"

    started = start(tmp_path, check, DJANGO_SETTINGS_MODULE="config.settings", **changes)

    assert started.returncode == 1
    assert name in started.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("worker_class", "gthread"),
        ("http_protocols", "h2,h1"),
        ("protocol", "uwsgi"),
        ("proxy_protocol", "auto"),
        ("http_parser", "fast"),
        ("permit_obsolete_folding", True),
        ("strip_header_spaces", True),
        ("header_map", "dangerous"),
    ],
)
def test_a_setting_of_gunicorn_that_lets_callers_hold_threads_or_deceive_is_refused(name, value):
    ours = Config()
    ours.set("worker_class", "config.threads.Worker")
    ours.set("http_parser", "python")
    guards.require_known_serving(ours)

    ours.set(name, value)

    with pytest.raises(ImproperlyConfigured, match=f"gunicorn's {name} is "):
        guards.require_known_serving(ours)


@pytest.mark.parametrize(
    ("command", "url", "seconds"),
    [
        ("worker", "postgres://finances@127.0.0.1/finances", 600),
        ("runserver", "postgres://finances@127.0.0.1/finances", 0),
        ("runserver", "postgres://finances@127.0.0.1/finances?conn_max_age=30", 0),
        ("worker", "postgres://finances@127.0.0.1/finances?conn_max_age=30", 30),
    ],
)
def test_threads_keep_connections_where_they_stay(tmp_path, command, url, seconds):
    said = f"import sys; sys.argv = ['manage.py', '{command}']; from config.settings import DATABASES"

    started = start(tmp_path, f"{said}; print(DATABASES['default'].get('CONN_MAX_AGE', 0))", DATABASE_URL=url)

    assert (started.stdout.strip(), started.returncode) == (str(seconds), 0), started.stderr


@pytest.mark.parametrize("apart", ["redis://limits:6379/0", "", None])
def test_counts_towards_limits_may_live_apart_from_what_makes_room(tmp_path, apart):
    said = "from config.settings import CACHES; print({name: cache['LOCATION'] for name, cache in CACHES.items()})"

    started = start(tmp_path, said, REDIS_URL="redis://redis:6379/0", LIMITS_REDIS_URL=apart)

    here = "redis://redis:6379/0"
    assert ast.literal_eval(started.stdout) == {
        "default": here, "http": here, "throttles": apart or here, "locks": here,
    }, started.stderr  # fmt: skip


@pytest.mark.parametrize("here", ["", None])
def test_a_redis_for_limits_alone_is_refused_in_a_sentence(tmp_path, here):
    started = start(tmp_path, REDIS_URL=here, LIMITS_REDIS_URL="redis://limits:6379/0")

    assert started.returncode == 1
    assert "LIMITS_REDIS_URL is set without REDIS_URL" in started.stderr


def test_without_any_redis_both_may_be_empty(tmp_path):
    said = "from config.settings import CACHES; print(CACHES['throttles'])"

    started = start(tmp_path, said, REDIS_URL="", LIMITS_REDIS_URL="")

    assert ast.literal_eval(started.stdout) == {"BACKEND": "finances.counts.Memory"}, started.stderr


def test_there_is_no_other_way_to_serve_that_these_settings_do_not_know():
    assert importlib.util.find_spec("config.asgi") is None
    assert settings.WSGI_APPLICATION == "config.wsgi.application"
    assert getattr(settings, "ASGI_APPLICATION", None) is None
