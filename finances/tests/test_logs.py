import json
import logging

import pytest

from finances import request_context
from finances.logs import JSONFormatter, RequestFilter


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
