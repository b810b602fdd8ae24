"""gunicorn with our configuration, as a real process."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from django.db import connection

from config import gunicorn
from config.tests.serving import ROOT, free_port, status, variables
from finances.counts import Memory


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is a file")
def test_workers_inherit_no_connection_to_the_database(serve):
    known = connection.settings_dict
    secret = f":{known['PASSWORD']}" if known["PASSWORD"] else ""
    place = f"{known['HOST']}:{known['PORT'] or 5432}/{known['NAME']}"
    port, server = serve(DATABASE_URL=f"postgres://{known['USER']}{secret}@{place}", WEB_CONCURRENCY="2")

    assert status(port) == 200
    assert psutil.Process(server.pid).children()
    assert [each for each in psutil.Process(server.pid).net_connections() if each.status == "ESTABLISHED"] == []


def test_a_database_that_is_away_keeps_nobody_from_starting(serve):
    port, _ = serve(DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/nowhere")

    assert status(port, "/health/ready") == 503


def test_a_caller_who_never_sends_the_body_does_not_hold_a_thread(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )

        others = status(port)
        answer = caller.recv(4096)

    assert others == 200
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_too_slow"' in answer or b"application/problem+json" in answer


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_a_caller_who_sends_the_head_letter_by_letter_does_not_hold_a_thread(port, is_first):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        if not is_first:
            caller.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert caller.recv(65536).startswith(b"HTTP/1.1 200 ")
        caller.sendall(b"GET /health/live HTTP/1.1\r\nX-Slow: ")
        stop = threading.Event()
        dripping = threading.Thread(target=drip, args=(caller, stop), daemon=True)
        dripping.start()

        others = status(port)

        stop.set()
        dripping.join(timeout=30)
    assert others == 200


def drip(caller: socket.socket, stop: threading.Event) -> None:
    """Send a letter now and then until nobody takes it."""
    with contextlib.suppress(OSError):
        while not stop.wait(0.2):
            caller.sendall(b"a")


def test_a_connection_that_has_been_open_for_long_may_bring_a_body(port):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        statuses = []
        for _ in range(2):
            connection.putrequest("POST", "/api/v1/auth/login")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", "2")
            connection.endheaders()
            time.sleep(0.3)
            connection.send(b"{}")
            with connection.getresponse() as answer:
                answer.read()
                statuses.append((answer.status, answer.headers["Connection"]))
            time.sleep(1.2)  # longer than a body may take

    assert statuses == [(400, "keep-alive")] * 2


def test_gunicorns_own_tls_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "key.pem").touch()
    options = ["--config", "config/gunicorn.py", "--bind", "127.0.0.1:0", "--keyfile", str(tmp_path / "key.pem")]

    started = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "gunicorn", *options],
        check=False,
        cwd=ROOT,
        env=variables(tmp_path),
        capture_output=True,
        text=True,
    )

    assert started.returncode == 1
    assert "key.pem; a proxy in front ends TLS" in started.stderr
    assert "Traceback" not in started.stderr


@pytest.fixture
def counted(serve) -> tuple[int, subprocess.Popen]:
    """Serve with two processes that count."""
    return serve(WEB_CONCURRENCY="2", METRICS_TOKEN=TOKEN)


TOKEN = "a-token-of-the-tests"


def read_metrics(port: int) -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        return connection.getresponse().read().decode()


def lived(port: int) -> float:
    """Return how many requests for `/health/live` all processes have counted."""
    [line] = [line for line in read_metrics(port).splitlines() if 'route="/health/live",status="200"' in line]
    return float(line.rpartition(" ")[2])


def ask_whether_it_lives(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/health/live")
        connection.getresponse().read()


def children(server: subprocess.Popen) -> list[int]:
    listed = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return sorted(int(pid) for pid in listed.split())


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found as Linux has them")
def test_each_process_tells_the_sum_of_all_also_of_those_that_were_replaced(counted):
    port, server = counted
    until_it_lived = lived(port)
    for _ in range(20):
        ask_whether_it_lives(port)
    sums = {lived(port) for _ in range(10)}

    before = children(server)
    os.kill(before[0], signal.SIGTERM)
    for _ in range(200):
        if len(children(server)) == 2 and before[0] not in children(server):
            break
        time.sleep(0.05)
    for _ in range(20):
        ask_whether_it_lives(port)

    assert sums == {until_it_lived + 20}
    assert lived(port) == until_it_lived + 40


def test_who_begins_goes_on_counting_for_its_place_and_for_those_that_nobody_takes_again(tmp_path, monkeypatch):
    monkeypatch.setenv("COUNTS_DIR", str(tmp_path))
    monkeypatch.setenv("METRICS_PLACE", "0")
    memory, end = Memory(), time.time() + 3600
    memory.clear()
    for place in range(5):
        (tmp_path / f"{place}.json").write_text(json.dumps({f"of {place}": [place + 1, end]}))
    for place in (1, 2, 3):
        os.utime(tmp_path / f"{place}.json", (0, 0))
    living = {number: SimpleNamespace(place=number) for number in (1, 2)}
    worker = SimpleNamespace()

    gunicorn.pre_fork(SimpleNamespace(WORKERS=living), worker)
    gunicorn.post_fork(None, worker)
    counted = set(memory.counts())
    memory.clear()

    assert worker.place == 0
    assert counted == {"of 0", "of 3"}
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["1", "2", "4"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found as Linux has them")
def test_counts_outlive_the_processes_that_counted_them(serve):
    often = {"GUNICORN_CMD_ARGS": "--max-requests 30 --max-requests-jitter 0", "THROTTLE_ANON": "3/day"}
    port, server = serve(**often)
    statuses = [status(port, "/health/cache") for _ in range(4)]

    processes, after = set(), set()
    for _ in range(100):
        with contextlib.suppress(OSError):  # a process that ends takes nobody in any more
            ask_whether_it_lives(port)
            after.add(status(port, "/health/cache"))
        processes |= set(children(server))

    assert statuses == [200, 200, 200, 429]
    assert len(processes) >= 3
    assert after == {429}
