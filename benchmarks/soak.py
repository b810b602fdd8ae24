"""Does it stay as it is under hours of mixed load? Prints memory, connections, files, threads and latency over time.

Run from the project's root: ``python -m benchmarks.soak [minutes] [--callers N]``; three minutes unless told, 60 for an
hour. Serves with gunicorn as in production, and a worker, on a PostgreSQL and a Redis of its own, both installed here.
Callers record values, by one and by twenty, read lists and figures, sign in, and send what is refused. The first fifth
of the time warms up; after it the verdict compares the second half with the first, and fails when something has grown:
memory by more than 10 % and 20 MB, files and connections by more than 10, the median latency by more than a half.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import requests

from tests.faults.app import App
from tests.faults.books import Books
from tests.faults.load import one_value, open_account, register, sign_in
from tests.faults.servers import PostgreSQL, Redis

SAMPLES = 20
PAGE = 4096
TURNS_A_SESSION = 200


class Caller:
    """Somebody who does everything in turn, one request after the other; ``seconds`` has how long each took."""

    def __init__(self, app: App, number: int) -> None:
        self.app, self.name = app, f"caller-{number}"
        self.who = register(app, self.name)
        self.account = open_account(app, self.who, "first", is_investment_account=False)
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.recorded = 0

    def run(self, over: threading.Event) -> None:
        """Call until ``over``."""
        for number in itertools.count():
            if over.is_set():
                return
            if number % TURNS_A_SESSION == TURNS_A_SESSION - 1:
                sign_in(self.app, self.who, self.name)
            for method, path, body in self.turn(number):
                self.call(method, path, body)

    def turn(self, number: int) -> list[tuple[str, str, Any]]:
        """Return the requests of one turn."""
        values = f"/accounts/{self.account}/values"
        batch = [{**one_value(20 * number + place), "timestamp": f"19{70 + place}-01-01"} for place in range(20)]
        return [
            ("POST", values, one_value(number)),
            ("GET", values + "?limit=50", None),
            ("GET", "/accounts", None),
            ("GET", "/dashboard", None),
            ("GET", "/net-worth?start=2001-01-01&interval=year", None),
            ("PATCH", f"/accounts/{self.account}", {"description": f"turn {number}"}),
            ("POST", values, batch if number == 0 else {"value": "no number"}),
            ("GET", f"/accounts/{uuid.uuid4()}", None),
            ("GET", "/currencies?limit=20", None),
        ]

    def call(self, method: str, path: str, body: Any) -> None:
        """Send one request, and note what came of it."""
        began = time.monotonic()
        answer = self.who.request(method, self.app.api + path, json=body, timeout=60)
        self.seconds.append(time.monotonic() - began)
        self.statuses[answer.status_code] += 1
        if answer.status_code == requests.codes.created:
            self.recorded += len(answer.json()) if isinstance(answer.json(), list) and body else 1


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def look(app: App, postgresql: PostgreSQL, redis: Redis, database: str) -> dict[str, float]:
    """Return what the server uses now: memory in MB, and numbers of open files, threads and connections."""
    web, worker = app.web_processes, app.worker.pid
    return {
        "web MB": sum(map(resident, web)) / 1e6,
        "worker MB": resident(worker) / 1e6,
        "files": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (*web, worker)),
        "threads": sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in (*web, worker)),
        "PostgreSQL": len(postgresql.sessions(database)),
        "Redis": redis.clients(),
    }


def soak(app: App, servers: tuple[PostgreSQL, Redis, str], seconds: float, count: int) -> list[dict[str, float]]:
    """Put the server under load for ``seconds``; return a sample for each twentieth of it, printing each."""
    callers = [Caller(app, number) for number in range(count)]
    over = threading.Event()
    threads = [threading.Thread(target=caller.run, args=(over,), daemon=True) for caller in callers]
    for thread in threads:
        thread.start()
    samples, began = [], time.monotonic()
    for number in range(1, SAMPLES + 1):
        time.sleep(max(0.0, began + number * seconds / SAMPLES - time.monotonic()))
        taken = sorted(itertools.chain.from_iterable(caller.seconds for caller in callers))
        for caller in callers:
            caller.seconds = []
        sample = look(app, *servers) | {
            "requests": len(taken),
            "median ms": statistics.median(taken) * 1000,
            "p95 ms": taken[int(len(taken) * 0.95)] * 1000,
        }
        samples.append(sample)
        print(f"{number * seconds / SAMPLES / 60:6.1f} min", *(f"{name} {value:.0f}" for name, value in sample.items()))
    over.set()
    for thread in threads:
        thread.join(timeout=120)
    statuses = sum((caller.statuses for caller in callers), Counter[int]())
    print("answers by status:", dict(sorted(statuses.items())))
    if max(statuses) >= requests.codes.server_error:
        print("GROWN OR BROKEN: some answers were 5xx")
    return samples


def verdict(samples: list[dict[str, float]]) -> list[str]:
    """Return what has grown from the first half to the second, once all is warm."""
    warm = samples[len(samples) // 5 :]
    halves = warm[: len(warm) // 2], warm[len(warm) // 2 :]
    grown = []
    for name in samples[0]:
        first, second = (statistics.median(sample[name] for sample in half) for half in halves)
        limits = {"MB": max(first * 1.1, first + 20), "ms": first * 1.5 + 5}
        limit = next((limits[unit] for unit in limits if name.endswith(unit)), first + 10)
        print(f"{name}: {first:.0f} in the first half, {second:.0f} in the second")
        if name != "requests" and second > limit:
            grown.append(f"{name} from {first:.0f} to {second:.0f}")
    return grown


def main() -> int:
    """Start everything, measure, print, and end everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=3)
    parser.add_argument("--callers", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        folder = Path(place)
        postgresql, redis = PostgreSQL(), Redis(folder)
        app = App(folder, postgresql.url("soak"), REDIS_URL=redis.url)
        try:
            postgresql.start()
            redis.start()
            postgresql.create("soak")
            app.manage("migrate", "--verbosity=0").check_returncode()
            app.start()
            samples = soak(app, (postgresql, redis, "soak"), options.minutes * 60, options.callers)
            recorded = Books(app.environment["DATABASE_URL"]).rows("SELECT COUNT(*) FROM accounts_accountvalue")
            print(f"{recorded[0][0]} values are stored")
        finally:
            app.stop()
            redis.stop()
            postgresql.remove()
    grown = verdict(samples)
    print("All is flat." if not grown else f"GROWN: {', '.join(grown)}")
    return len(grown)


if __name__ == "__main__":
    sys.exit(main())
