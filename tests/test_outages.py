"""What the server answers while its database or its Redis is away; tried on a real process that finds neither."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError

from finances.api.errors import translate

ROOT = Path(__file__).resolve().parents[1]
NOBODY_LISTENS = "127.0.0.1:1"
ASK = """
import json, sys, django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
answers = {}
for path in sys.argv[1:]:
    login = {"username": "somebody", "password": "something"}
    response = client.post(path, login, "application/json") if path.endswith("/login") else client.get(path)
    answers[path] = [response.status_code, response["Content-Type"], response.get("Retry-After"), response.text]
print(json.dumps(answers))
"""


def ask(tmp_path, *paths, **variables):
    """Ask a process of its own; return status, media type, Retry-After and body of each path (the login is a POST)."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ENV": "production",
        "DJANGO_SECRET_KEY": "k" * 60,
        "DJANGO_ALLOWED_HOSTS": "testserver",
        "HTTPS_ONLY": "false",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path),
        **variables,
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", ASK, *paths],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def without_postgresql(tmp_path_factory):
    return ask(
        tmp_path_factory.mktemp("var"),
        "/health",
        "/health/database",
        "/api/v1/auth/login",
        DATABASE_URL=f"postgres://nobody@{NOBODY_LISTENS}/nothing",
    )


def test_the_process_is_well_without_its_database(without_postgresql):
    assert without_postgresql["/health"][0] == 200


def test_the_databases_health_is_a_503_while_it_is_away(without_postgresql):
    status, media_type, retry_after, body = without_postgresql["/health/database"]

    assert (status, media_type, retry_after) == (503, "application/json", "5")
    assert json.loads(body) == {"status": "unhealthy", "backend": "postgresql"}


def test_a_call_is_told_to_come_back_while_the_database_is_away(without_postgresql):
    status, media_type, retry_after, body = without_postgresql["/api/v1/auth/login"]

    assert (status, media_type, retry_after) == (503, "application/problem+json", "5")
    assert json.loads(body)["code"] == "database_unavailable"


def test_the_caches_health_is_a_503_while_redis_is_away(tmp_path):
    answers = ask(tmp_path, "/health", "/health/cache", REDIS_URL=f"redis://{NOBODY_LISTENS}/0")

    assert answers["/health"][0] == 200
    assert answers["/health/cache"][0] == 503
    assert json.loads(answers["/health/cache"][3])["status"] == "unhealthy"


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE])
def test_a_disk_that_takes_no_more_is_something_that_passes(code):
    refused, failed = OperationalError("the disk"), sqlite3.OperationalError("the disk")
    failed.sqlite_errorcode, refused.__cause__ = code, failed

    answer = translate(refused)

    assert (answer.status_code, answer.get_codes(), answer.wait) == (503, "database_unavailable", 5)
