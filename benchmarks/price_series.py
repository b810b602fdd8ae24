"""How fast is a price series? Prints milliseconds, requests a second, and ratios, on PostgreSQL.

Run from the project's root: ``DATABASE_URL=postgres://… python -m benchmarks.price_series [seconds] [connections]``.
Asks for 2500 daily points of one of 50 securities: of our endpoint, with a split and 40 dividends to adjust for and
without, of the same answer through a ModelSerializer, and of PostgreSQL's JSON with no framework around it; first
within one process, then under gunicorn over several connections. Uses a test database beside that of
``DATABASE_URL``.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from benchmarks import database
from benchmarks.ingest import DAYS, FIRST_DAY, walk

SECURITIES = 50
ROUNDS = 40
RANGE = "start=2000-01-01&end=2040-01-01"
ADDRESSES = {
    "ours": f"/api/v1/securities/S1/prices?{RANGE}",
    "ours, adjusted": f"/api/v1/securities/PAYS/prices?{RANGE}",
    "ours, unchanged (304)": f"/api/v1/securities/S1/prices?{RANGE}",
    "ModelSerializer": "/serializer/S1",
    "bare": "/bare/S1",
}


def fill() -> str:
    """Store the securities and somebody who asks; return the access token."""
    from securities import ingest
    from securities.actions import Action, ActionKind
    from securities.intake import Intake
    from securities.intervals import Interval
    from securities.models import Security
    from users import sessions
    from users.models import User

    for number in range(SECURITIES):
        security = Security.objects.create(symbol=f"S{number}", name="A walk", currency_id="USD")
        ingest.store(security=security, interval=Interval.DAY, intake=Intake(bars=walk(number)))
    paying = Security.objects.create(symbol="PAYS", name="A walk with dividends", currency_id="USD")
    days = [(FIRST_DAY + timedelta(days=number)).date() for number in range(60, DAYS, 61)]
    actions = [Action(day, ActionKind.DIVIDEND, Decimal("0.5")) for day in days]
    actions.append(Action((FIRST_DAY + timedelta(days=1200)).date(), ActionKind.SPLIT, Decimal(4)))
    ingest.store(security=paying, interval=Interval.DAY, intake=Intake(bars=walk(1), actions=actions))
    user = User.objects.create_user("known@example.org", "correct horse battery")
    return str(sessions.start(user=user).access_token)


def within_one_process(token: str) -> None:
    """Ask each way in turn, many times, and print medians."""
    from rest_framework.test import APIClient

    from benchmarks import price_series_app

    client = APIClient(headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
    tag = client.get(ADDRESSES["ours"])["ETag"]

    def asking(name: str) -> Callable[[], Any]:
        if name == "bare":
            return lambda: price_series_app.bare("S1")
        headers = {"If-None-Match": tag} if "304" in name else {}
        return lambda: client.get(ADDRESSES[name], headers=headers)

    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ADDRESSES}
    for _ in range(ROUNDS):
        for name in ADDRESSES:
            ask = asking(name)
            started, worked = time.perf_counter(), time.process_time()
            answer = ask()
            if getattr(answer, "status_code", 200) not in {200, 304}:
                raise RuntimeError(f"{name} answered {answer.status_code}")
            times[name].append((time.perf_counter() - started, time.process_time() - worked))
    walls = {name: statistics.median(wall for wall, _ in taken) * 1000 for name, taken in times.items()}
    print(f"Within one process, median of {ROUNDS}:")
    for name, taken in times.items():
        cpu = statistics.median(cpu for _, cpu in taken) * 1000
        print(f"  {name:24} {walls[name]:7.2f} ms, {cpu:6.2f} of them CPU of Python")
    print(f"  ModelSerializer / ours   {walls['ModelSerializer'] / walls['ours']:.1f}")
    print(f"  bare / ours              {walls['bare'] / walls['ours']:.2f}")


@contextmanager
def gunicorn() -> Iterator[int]:
    """Serve with two workers of four threads, and yield the port."""
    from django.db import connection

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    known = connection.settings_dict
    secret = f":{known['PASSWORD']}" if known["PASSWORD"] else ""
    address = f"postgres://{known['USER']}{secret}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    from django.conf import settings

    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_ENV": "development",  # as a test it would not be served; the secret is what the token is signed with
        "DJANGO_DEBUG": "0",  # which notes every query
        "DJANGO_SECRET_KEY": settings.SECRET_KEY,
        "LOG_LEVEL": "ERROR",
        "THROTTLE_USER": "1000000/s",  # counted, like in earnest, but never refused
        "WEB_CONCURRENCY": "2",
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    command += ["--log-level", "error", "benchmarks.price_series_app:application"]
    server = subprocess.Popen(command, env=environment)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def load(port: int, address: str, headers: dict[str, str], *, seconds: float, connections: int) -> float:
    """Ask over ``connections`` kept open for some seconds; return requests a second.

    Raises:
        RuntimeError: an answer was neither 200 nor 304.
    """
    counts, wrong, end = [0] * connections, [], time.monotonic() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.monotonic() < end:
            connection.request("GET", address, headers=headers)
            response = connection.getresponse()
            response.read()
            if response.status not in {200, 304}:
                wrong.append(response.status)
                return
            counts[number] += 1

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(connections)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"{address} answered {wrong[0]}")
    return sum(counts) / (time.monotonic() - started)


def under_gunicorn(token: str, seconds: float, connections: int) -> None:
    """Load each way in turn, three times, and print medians."""
    rates: dict[str, list[float]] = {name: [] for name in ADDRESSES}
    with gunicorn() as port:
        headers = {"Authorization": f"Bearer {token}"}
        asking = http.client.HTTPConnection("127.0.0.1", port)
        asking.request("GET", ADDRESSES["ours"], headers=headers)
        tag = str(asking.getresponse().headers["ETag"])
        asking.close()
        for _ in range(3):
            for name, address in ADDRESSES.items():
                known = {**headers, "If-None-Match": tag} if "304" in name else headers
                rates[name].append(load(port, address, known, seconds=seconds, connections=connections))
    medians = {name: statistics.median(measured) for name, measured in rates.items()}
    print(f"Under gunicorn, {connections} connections, median of 3 times {seconds:g} s:")
    for name, median in medians.items():
        print(f"  {name:24} {median:7.0f} requests/s")
    print(f"  ours / ModelSerializer   {medians['ours'] / medians['ModelSerializer']:.1f}")
    print(f"  ours / bare              {medians['ours'] / medians['bare']:.2f}")


def main(seconds: float, connections: int) -> None:
    """Measure in a database of its own."""
    with database.of_its_own(only_postgresql=True):
        from django.db import connection

        token = fill()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        within_one_process(token)
        from benchmarks import price_series_app

        price_series_app.pool().close()
        under_gunicorn(token, seconds, connections)


if __name__ == "__main__":
    given = [*sys.argv[1:], *("5", "32")[len(sys.argv) - 1 :]]
    main(float(given[0]), int(given[1]))
