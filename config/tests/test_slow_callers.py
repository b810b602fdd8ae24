"""Callers of gunicorn who send slowly, or in pieces, or keep open what is to be closed; a single thread serves all."""

import http.client
import json
import socket
import threading
import time
from contextlib import ExitStack, closing, contextmanager

import pytest

from config.tests.serving import serving, status

PATIENT = {"HEAD_TIMEOUT": "60", "BODY_TIMEOUT": "60", "ANSWER_TIMEOUT": "60", "THROTTLE_LOGIN": "off"}
SOON = 20  # seconds; whoever had to wait for a dozen of these callers would wait for 24 at the least
HOST = b"Host: 127.0.0.1\r\n"
LIVE = b"GET /health/live HTTP/1.1\r\n" + HOST
LOGIN = b"POST /api/v1/auth/login HTTP/1.1\r\nContent-Type: application/json\r\n" + HOST
IN_CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def patient_port(tmp_path_factory):
    """Serve with deadlines that no test waits for."""
    with serving(tmp_path_factory.mktemp("patient"), **PATIENT) as (port, _):
        yield port


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


@contextmanager
def callers(port, says, count=12):
    with ExitStack() as stack:
        opened = [stack.enter_context(connect(port)) for _ in range(count)]
        for caller in opened:
            caller.sendall(says)
        time.sleep(0.5)
        yield opened


def read_answer(caller):
    """Return status, header fields and body of the next answer."""
    answer = http.client.HTTPResponse(caller)
    answer.begin()
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /health/live HT", id="a line"),
        pytest.param(LIVE + b"X-Slow: ", id="a head"),
        pytest.param(LOGIN + b"Content-Length: 100\r\n\r\n{", id="a body"),
        pytest.param(LOGIN + IN_CHUNKS + b"5\r\n{", id="a chunk"),
        pytest.param(LOGIN + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", id="a question"),
        pytest.param(LIVE + b"Connection: close\r\n\r\n", id="all, and stay"),
        pytest.param(LIVE + b"\r\n" + LIVE, id="all, and begin anew"),
        pytest.param(b"\r\n\r\nGET /", id="empty lines"),
        pytest.param(LIVE + b"Content-Length:" + b" " * 60_000 + b"\rx\r\n\r\n", id="a length of blanks"),
        pytest.param(LIVE + b"Transfer-Encoding: a" + b" " * 60_000 + b"b\r\n\r\n", id="blanks within chunks"),
        pytest.param(LIVE + b"Expect:" + b" " * 60_000 + b"x\r\n\r\n", id="blanks before a question"),
    ],
)
def test_a_dozen_callers_who_say_a_part_hold_up_nobody(patient_port, says):
    with callers(patient_port, says):
        began = time.monotonic()
        others = [status(patient_port, "/health/live") for _ in range(6)]
        seconds = time.monotonic() - began

    assert others == [200] * 6
    assert seconds < SOON


def test_as_many_as_there_are_threads_who_take_nothing_hold_up_nobody(patient_port):
    """Each asks for megabytes, and gets all of them once it takes them."""
    asks = (b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n") * 8
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket()) for _ in range(2)]
        for caller in opened:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.settimeout(30)
            caller.connect(("127.0.0.1", patient_port))
            caller.sendall(asks)
        time.sleep(2)
        began = time.monotonic()
        others = [status(patient_port, "/health/live") for _ in range(6)]
        seconds = time.monotonic() - began
        opened[0].sendall(LIVE + b"Connection: close\r\n\r\n")
        with opened[0].makefile("rb") as answers:
            taken = answers.read()

    assert others == [200] * 6
    assert seconds < SOON
    assert taken.count(b"HTTP/1.1 200 OK\r\n") == 9
    sizes = {len(answer) for answer in taken.split(b"HTTP/1.1 200 OK\r\n")[1:9]}
    assert max(sizes) - min(sizes) < 10


def test_a_head_that_is_late_is_closed_without_a_word(port):
    with callers(port, LIVE + b"X-Slow: ", count=3) as late:
        assert [caller.recv(4096) for caller in late] == [b""] * 3


def test_a_body_may_come_in_pieces(patient_port):
    body = b"[" + b" " * 2_000_000 + b"x"
    with connect(patient_port) as caller:
        caller.sendall(LOGIN + b"Content-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 50_000):
            caller.sendall(body[start : start + 50_000])
            time.sleep(0.005)
        answered, _, said = read_answer(caller)

    assert answered == 400
    assert "column 2000002 " in json.loads(said)["detail"]  # where the x is


def test_a_head_may_come_letter_by_letter(patient_port):
    with connect(patient_port) as caller:
        for letter in LIVE + b"\r\n":
            caller.sendall(bytes([letter]))
            time.sleep(0.001)

        assert read_answer(caller)[0] == 200


def test_requests_may_come_several_at_once(patient_port):
    login = LOGIN + b"Content-Length: 2\r\n\r\n{}"
    with connect(patient_port) as caller:
        caller.sendall((LIVE + b"\r\n" + login) * 3 + LIVE[:10])
        time.sleep(0.2)
        caller.sendall(LIVE[10:] + b"Connection: close\r\n\r\n")
        with caller.makefile("rb") as answers:
            said = answers.read()

    assert [answer[:3] for answer in said.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"] * 3 + [b"200"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="none of it"),
        pytest.param(b"2\r\n{", id="a part"),
        pytest.param(b"0;ext\r\n\r\n", id="an extension"),
        pytest.param(b"00\r\nX-Trailer: a\r\n\r\n", id="zeros, and a trailer"),
        pytest.param(b"x\r\n", id="no size"),
        pytest.param(b"0\r\n\r\n" + LIVE + b"\r\n", id="all, and another request"),
    ],
)
def test_a_body_in_chunks_is_refused_at_once_and_ends_the_connection(patient_port, body):
    with connect(patient_port) as caller:
        caller.sendall(LOGIN + b"Expect: 100-continue\r\n" + IN_CHUNKS + body)
        with caller.makefile("rb") as answers:
            head, _, said = answers.read().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 411 ")
    assert b"\r\nConnection: close\r\n" in head
    assert json.loads(said)["code"] == "length_required"


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(b"Content-Length: 2\r\n" + IN_CHUNKS, id="a length, and chunks"),
        pytest.param(b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", id="chunks, and a length"),
        pytest.param(b"Content-Length: 90\r\nContent-Length: 90\r\n\r\n", id="a length twice"),
        pytest.param(b"Content-Length: 90\r\ncontent-length: 2\r\n\r\n", id="two lengths"),
        pytest.param(b"Content-Length: 90, 90\r\n\r\n", id="a list of lengths"),
        pytest.param(b"Content-Length: +90\r\n\r\n", id="a sign"),
        pytest.param(b"Content-Length: -90\r\n\r\n", id="less than nothing"),
        pytest.param(b"Content-Length: 0x5a\r\n\r\n", id="another notation"),
        pytest.param(b"Content-Length: 9_0\r\n\r\n", id="an underscore"),
        pytest.param(b"Content-Length: \xb2\r\n\r\n", id="a digit that is none"),
        pytest.param(b"Content-Length:\r\n\r\n", id="no length"),
        pytest.param(b"Content-Length : 90\r\n\r\n", id="a blank before the colon"),
        pytest.param(b"Content-Length:\x0b90\r\n\r\n", id="a blank that is none"),
        pytest.param(b"Content-Length: 9\r\n 0\r\n\r\n {}{}{}{}", id="two lines"),
        pytest.param(b"X: y\r\n Content-Length: 90\r\n\r\n", id="a folded line"),
        pytest.param(b"Transfer-Encoding : chunked\r\n\r\n", id="chunks, and a blank"),
        pytest.param(b"Transfer-Encoding: chunked, chunked\r\n\r\n", id="chunks of chunks"),
        pytest.param(b"Transfer-Encoding: chunked\r\n" + IN_CHUNKS, id="chunks twice"),
        pytest.param(b"Transfer-Encoding: identity\r\n\r\n", id="no chunks"),
        pytest.param(b"Transfer-Encoding: chunked, gzip\r\n\r\n", id="chunks, packed"),
        pytest.param(b"Transfer-Encoding: \x0bchunked\r\n\r\n", id="chunks, and a blank that is none"),
        pytest.param(b"Content-Length: 90\n\r\n\r\n", id="a line that ends otherwise"),
        pytest.param(b"Content-Length: 90\rX: y\r\n\r\n", id="half an end of a line"),
    ],
)
def test_what_two_may_read_as_different_requests_is_refused_at_once(patient_port, says):
    """Nothing of what follows is taken for a request, and nobody waits for a body."""
    with connect(patient_port) as caller:
        caller.sendall(LOGIN + says + b"{}" + LIVE + b"\r\n")
        with caller.makefile("rb") as answers:
            said = answers.read()

    assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert said.count(b"HTTP/1.1 ") == 1


def test_who_asks_whether_to_go_on_is_told_once(patient_port):
    with connect(patient_port) as caller:
        caller.sendall(LOGIN + b"Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n")
        said = caller.recv(4096)
        caller.sendall(b"{}")
        answered, _, _ = read_answer(caller)
        caller.sendall(LOGIN + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}")
        time.sleep(0.5)
        both = caller.recv(65536)

    assert said == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answered == 400
    assert both.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 ")


def test_a_body_that_is_too_large_is_refused_by_its_length(patient_port):
    with connect(patient_port) as caller:
        caller.sendall(LOGIN + b"Content-Length: 100000000\r\n\r\n[")

        assert read_answer(caller)[0] == 413


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        pytest.param(b"GET /health/live HTTP/1.1\nHost: a\n\n", b"HTTP/1.1 400 Bad Request", id="lines"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, b"", id="length"),
    ],
)
def test_what_is_no_head_is_not_waited_for(patient_port, says, answer):
    with connect(patient_port) as caller:
        caller.sendall(says)

        assert caller.recv(4096).partition(b"\r\n")[0] == answer


def test_who_says_that_no_more_comes_is_answered(patient_port):
    with connect(patient_port) as caller:
        caller.sendall(LIVE + b"\r\n")
        caller.shutdown(socket.SHUT_WR)

        assert read_answer(caller)[0] == 200


def test_who_sends_most_is_let_go_where_all_of_it_is_too_much(patient_port):
    """Five times twenty megabytes, and none of them the last byte."""
    size = 20_000_000
    head = LOGIN + b"Content-Length: %d\r\n\r\n" % size
    with callers(patient_port, head, count=5) as opened:
        sending = [threading.Thread(target=send_most, args=(caller, b"x" * (size - 1))) for caller in opened]
        for thread in sending:
            thread.start()
        for thread in sending:
            thread.join(timeout=60)
        for _ in range(10):  # the last megabytes may still be on their way
            let_go = [caller for caller in opened if is_let_go(caller)]
            if len(let_go) > 1:
                break

        assert 2 <= len(let_go) < 5
        assert status(patient_port, "/health/live") == 200


def send_most(caller, body):
    try:
        caller.sendall(body)
    except OSError:
        return


def is_let_go(caller):
    caller.settimeout(1)
    try:
        caller.recv(12)  # the end, or what was said before it
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def test_a_connection_that_is_closed_brings_the_whole_answer(patient_port):
    """Though the caller goes on sending what nobody reads."""
    with closing(connect(patient_port)) as caller:
        caller.sendall(b"GET /openapi.json HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n" + b"x" * 100_000)
        answered, headers, said = read_answer(caller)

    assert answered == 200
    assert len(said) == int(headers["Content-Length"])


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (b"GET /api/v1/accounts?q=" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET /api/v1/accounts HTTP/1.1\r\n" + HOST + b"X-Long: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET /api/v1/accounts HTTP/7.1\r\n" + HOST + b"\r\n", 400),
        (LOGIN + b"Content-Length: +5\r\n\r\n{}   ", 400),
        (LOGIN + b"Transfer-Encoding: brotli\r\n\r\n{}", 501),
    ],
    ids=["address", "field", "version", "length", "coding"],
)
def test_what_is_no_request_is_refused_like_everything_else(patient_port, says, expected):
    with closing(connect(patient_port)) as caller:
        caller.sendall(says)

        status, fields, body = read_answer(caller)

    assert (status, json.loads(body)["status"]) == (expected, expected)
    assert fields["Content-Type"] == "application/problem+json"
    assert (fields["X-Content-Type-Options"], fields["Cache-Control"]) == ("nosniff", "no-store")
