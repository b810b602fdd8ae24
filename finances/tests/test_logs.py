import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from finances import request_context
from finances.logs import ConsoleFormatter, JSONFormatter, RequestFilter

ROOT = Path(__file__).parents[2]


@pytest.fixture
def record():
    record = logging.makeLogRecord({"name": "finances.test", "levelname": "INFO", "msg": "%s done", "args": ("sync",)})
    record.rows = 42
    return record


def test_a_record_for_machines_is_one_json_object(record):
    RequestFilter().filter(record)

    written = JSONFormatter().format(record)

    entry = json.loads(written)
    assert "\n" not in written
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "INFO",
        "logger": "finances.test",
        "message": "sync done",
        "request_id": "-",
        "user_id": "-",
        "rows": 42,
    }


def test_a_record_knows_its_request_and_user(record):
    tokens = [request_context.request_id.set("abc"), request_context.user_id.set("u-1")]

    RequestFilter().filter(record)

    request_context.request_id.reset(tokens[0])
    request_context.user_id.reset(tokens[1])
    assert (record.request_id, record.user_id) == ("abc", "u-1")


def test_an_exception_keeps_its_traceback(record):
    try:
        raise ValueError("broken")  # noqa: TRY301
    except ValueError as exc:
        record.exc_info = (type(exc), exc, exc.__traceback__)

    entry = json.loads(JSONFormatter().format(record))

    assert "ValueError: broken" in entry["exception"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{'somebody@mail.example.org': (550, b'no such user')}", "{'<address>': (550, b'no such user')}"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer …"),
        ("token eyJhbGciOi.eyJzdWIi.c2lnbmF0 was refused", "token … was refused"),
        ("/reset/eyJhbGciOi.eyJzdWIi…", "/reset/……"),
        ("-".join(["eyJ"] * 20_000), "…"),  # at once: no letter is looked at again and again
        ("postgres://finances:open-sesame@db:5432/finances", "postgres://…@db:5432/finances"),
        ("GET /reset?token=abc&x=1", "GET /reset?token=…&x=1"),
        ("/v6/latest?api_key=k1 password=open-sesame", "/v6/latest?api_key=… password=…"),
        (f"to {'a' * 64}@{'b' * 63}.example.org: no", "to <address>: no"),
        ("100 @ 3 = 300; sync_prices --since=2024-01-01", "100 @ 3 = 300; sync_prices --since=2024-01-01"),
    ],
)
@pytest.mark.parametrize("formatter", [JSONFormatter(), ConsoleFormatter("{message}", style="{")])
def test_secrets_and_addresses_are_taken_out_of_every_line(formatter, text, written):
    try:
        raise OSError(text)  # noqa: TRY301
    except OSError as exc:
        record = logging.makeLogRecord({"msg": "sent to %s", "args": (text,), "exc_info": (OSError, exc, None)})
    record.extra = text

    line = formatter.format(record)

    said = json.loads(line) if isinstance(formatter, JSONFormatter) else {"message": line, "exception": line}
    assert f"sent to {written}" in said["message"]
    assert written in said["exception"]
    assert said.get("extra", written) == written


def said_by(tmp_path, environment, ask, **changes):
    """Return what a process of its own writes that ``ask``s something of Django's client."""
    variables = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_ENV": environment,
        "DJANGO_SECRET_KEY": "k" * 60,
        "DJANGO_ALLOWED_HOSTS": "testserver",
        "HTTPS_ONLY": "false",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path),
        **changes,
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"import django; django.setup(); from django.test import Client; {ask}"],
        cwd=ROOT, env=variables, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize(("environment", "is_json"), [("production", True), ("development", False)])
def test_lines_are_json_in_production_and_for_people_elsewhere(tmp_path, environment, is_json):
    said = said_by(tmp_path, environment, "Client().get('/health', {'q': 'private'})")

    line = said.strip().splitlines()[-1]
    assert "private" not in said
    if is_json:
        entry = json.loads(line)
        assert (entry["logger"], entry["status"], entry["route"]) == ("finances.middleware", 200, "/health")
        assert (len(entry["request_id"]), entry["user_id"]) == (32, "-")
    else:
        assert re.search(r"INFO +finances\.middleware \[[0-9a-f]{32}\] GET /health 200 ", line)


def test_of_an_answer_that_is_an_error_one_line_tells_and_none_its_query(tmp_path):
    nowhere = "postgres://nobody@127.0.0.1:1/nothing"

    said = said_by(tmp_path, "production", "Client().get('/health/ready', {'q': 'private'})", DATABASE_URL=nowhere)

    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["status"] for line in told if "/health/ready" in line["message"]] == [503]
    assert "private" not in said


def test_what_failed_is_told_without_its_query(tmp_path):
    told = "{'email': 'a@example.org', 'password': 'b'}, 'application/json'"
    sign_in = f"Client(raise_request_exception=False).post('/api/v1/auth/login?q=private', {told})"

    said = said_by(tmp_path, "production", sign_in)  # whose database has no tables

    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["status"] for line in told if "/auth/login" in line["message"]] == [500]
    assert any("no such table" in line.get("exception", "") for line in told)
    assert "private" not in said


def test_a_strange_host_is_one_line_without_the_host(tmp_path):
    said = said_by(tmp_path, "production", "Client().get('/api/v1', headers={'Host': 'strange'})")

    (line,) = (json.loads(line) for line in said.splitlines() if line.startswith("{"))
    assert (line["logger"], line["status"]) == ("finances.middleware", 400)
    assert "strange" not in said
