"""What gunicorn itself logs: as all else is logged, and nothing of what somebody sent."""

import json
import re
import socket

import pytest

from config.gunicorn_log import Logger
from config.tests.house import GET, read_all
from config.tests.serving import LOG, serving, status

SECRET = "private-and-secret"
TOKEN = f"eyJ{SECRET}.eyJ{SECRET}.c2lnbmF0"
NO_REQUESTS = {
    "a header without a colon": b"GET / HTTP/1.1\r\nAuthorization Bearer TOKEN\r\n\r\n",
    "a header with a strange name": b"GET / HTTP/1.1\r\nHost: a\r\nTOKEN[]: a\r\n\r\n",
    "a header with a strange value": b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: TOKEN\0\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: b\r\n TOKEN\r\n\r\n",
    "an address that is none": b"GET http://[/api?token=TOKEN HTTP/1.1\r\nHost: a\r\n\r\n",
    "a line that is none": b"TOKEN\r\n\r\n",
    "a method that is none": b"TOKEN= / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a method in small letters": b"private-and-secret / HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version that is none": b"GET / TOKEN\r\nHost: a\r\n\r\n",
    "an expectation of another kind": b"GET / HTTP/1.1\r\nHost: a\r\nExpect: TOKEN\r\n\r\n",
    "a coding that nobody knows": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: TOKEN\r\n\r\n",
    "a line that is too long": b"GET /?token=TOKEN" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a field that is too long": b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: TOKEN" + b"x" * 9000 + b"\r\n\r\n",
    "too many fields": b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-TOKEN: a\r\n" * 200 + b"\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: TOKEN\r\n\r\n",
}


@pytest.fixture(scope="module", params=["json", "console"])
def log_format(request):
    return request.param


@pytest.fixture(scope="module")
def served(tmp_path_factory, log_format):
    folder = tmp_path_factory.mktemp("log")
    with serving(folder, LOG_FORMAT=log_format, PYTHONWARNINGS="ignore") as (port, _):
        yield port, folder / LOG


@pytest.mark.parametrize("says", NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_of_what_is_no_request_only_the_kind_of_its_fault_is_logged(served, says, log_format):
    port, log = served
    before = len(log.read_text())

    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(says.replace(b"TOKEN", TOKEN.encode()))
        answer = caller.recv(4096)
    assert status(port, "/health/live") == 200

    logged = log.read_text()[before:]
    assert re.match(rb"HTTP/1.1 [45]\d\d ", answer)
    assert re.search(r"Invalid request from ip=-: .*(Invalid|Limit|too large|Unsupported|Obsolete|Expectation)", logged)
    assert SECRET not in logged
    assert "127.0.0.1" not in logged
    if log_format == "json":
        assert all(json.loads(line)["request_id"] for line in logged.splitlines())


def test_every_line_is_one_of_ours(served, log_format):
    lines = served[1].read_text().splitlines()

    assert any("Booting worker" in line for line in lines)
    if log_format == "json":
        assert {"gunicorn.error", "finances.middleware"} <= {json.loads(line)["logger"] for line in lines}
    else:
        assert all(re.match(r"\d{4}-\d\d-\d\d [\d:,]{12} [A-Z]+ +[a-z_.]+ \[", line) for line in lines)


def test_of_a_request_that_fails_no_query_is_logged(house, caplog):
    def fail(_environ, _start_response):
        raise OverflowError("the application fails")

    house.worker.wsgi = fail
    house.worker.log = Logger(house.worker.cfg)
    house.worker.log.error_log.addHandler(caplog.handler)
    house.stack.callback(house.worker.log.error_log.removeHandler, caplog.handler)
    caller, _ = house.caller()

    caller.sendall(GET.replace(b"/ ", f"/path?note={SECRET} ".encode(), 1))
    house.go_on()

    assert read_all(caller).startswith(b"HTTP/1.1 500 ")
    assert [record.getMessage() for record in caplog.records] == ["Error handling request GET /path"]
    assert "the application fails" in caplog.text
