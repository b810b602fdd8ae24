"""Measures everything, and reports."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from benchmarks.endpoints import answers, data, report, rows, searching
from benchmarks.endpoints.report import Figure
from benchmarks.endpoints.rows import Request, Row
from benchmarks.endpoints.servers import Server, all_serving

LOAD = Path(__file__).parent / "load.py"
WARM_UP = 200  # requests of each way before any is counted
DASHBOARDS = 200
WARM_DASHBOARD, FRESH_DASHBOARD = 10, 60  # ms of CPU
MEMORY = 120  # MiB a worker
GROWTH = 5  # MiB a worker that are noise, over all requests
SETTLED = 20_000  # requests after which caches and arenas are as large as they get


@dataclass(frozen=True, slots=True)
class Measured:
    """What asking for a while came to: requests a second, and ms of CPU of each."""

    rate: float
    median: float  # ms until the answer
    worker: float
    database: float
    load: float


class Bench:
    """The servers, and a clock of instants that no row has yet."""

    def __init__(self, servers: dict[str, Server], database: Any) -> None:
        """Begin two days ago, later than an earlier run on a kept database has come."""
        self.servers, self.database = servers, database
        self.instant = time.time_ns() // 1000 - 2 * 86_400_000_000

    def database_cpu(self) -> float:
        """Return the seconds of CPU of the database's processes for us; 0 where they cannot be seen."""
        pids = self.database.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
        seconds = 0.0
        for (pid,) in pids:
            try:
                process = psutil.Process(pid)
                seconds += sum(process.cpu_times()[:2]) if process.name().startswith("postgres") else 0
            except psutil.Error:
                continue
        return seconds

    def ask(
        self, server: str, requests: list[Request], *, connections: int, seconds: float = 60, count: int | None = None
    ) -> tuple[Measured, dict[str, int]]:
        """Ask for some seconds or some count; return what it took, and how many answers had which status."""
        asked = self.servers[server]
        given = {
            "port": asked.port, "connections": connections, "seconds": seconds, "count": count, "requests": requests,
            "start": self.instant,
        }  # fmt: skip
        before, database_before = asked.cpu(), self.database_cpu()
        done = subprocess.run(
            [sys.executable, "-S", "-E", str(LOAD)],
            input=json.dumps(given),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        told = json.loads(done.stdout)
        self.instant = max(self.instant, told["end"])
        each = 1000 / told["answered"]
        measured = Measured(
            told["answered"] / told["seconds"],
            told["latencies"]["median"],
            (asked.cpu() - before) * each,
            (self.database_cpu() - database_before) * each,
            told["cpu"] * each,
        )
        return measured, told["statuses"]

    def ask_all(self, row: Row, way: str, **how: Any) -> Measured:
        """Ask a row's question in one way.

        Raises:
            RuntimeError: an answer was another than expected.
        """
        measured, statuses = self.ask(row.server(way), row.ways[way], **how)
        expected = {str(row.status), "200"} if row.status == 304 else {str(row.status)}  # noqa: PLR2004
        if not expected.issuperset(statuses):
            raise RuntimeError(f"{row.name}, {way}: answers with {statuses}")
        return measured


def compare(bench: Bench, row: Row, given: argparse.Namespace, connections: int) -> dict[str, list[Measured]]:
    """Ask in each way in turn, round by round."""
    for way in row.ways:
        bench.ask_all(row, way, connections=connections, count=WARM_UP, seconds=given.seconds)
    measured: dict[str, list[Measured]] = {way: [] for way in row.ways}
    for _ in range(given.rounds):
        for way, found in measured.items():
            found.append(bench.ask_all(row, way, connections=connections, seconds=given.seconds))
    return measured


def targets(row: Row, measured: dict[str, list[Measured]]) -> list[Figure]:
    """Return the ratios that the row must reach: medians of those of the rounds."""
    figures = []
    for target in row.targets:
        pairs = zip(measured[target.way], measured[target.than], strict=True)
        ratio = statistics.median(one.rate / other.rate for one, other in pairs)
        cpu = [
            statistics.median(each.worker + each.database for each in measured[way])
            for way in (target.way, target.than)
        ]
        figures.append(
            Figure(f"{target.way} / {target.than}", f"{ratio:.2f}", f"≥ {target.least:g}", ratio >= target.least,
                   f"{cpu[1] / cpu[0]:.2f} by CPU")
        )  # fmt: skip
    return figures


def dashboards(bench: Bench, people: list[data.Asker], given: argparse.Namespace) -> list[Figure]:
    """Return the CPU of a dashboard, of what has been asked before and after a write."""
    warm, written = rows.dashboards(people), rows.posts(people, rows.API)[: len(people)]
    bench.ask("ours", warm, connections=1, count=2 * len(people))
    found: dict[str, list[float]] = {"warm": [], "after a write": []}
    for _ in range(given.rounds):
        known, _ = bench.ask("ours", warm, connections=1, count=DASHBOARDS)
        alone, _ = bench.ask("ours", written, connections=1, count=len(people))
        both, _ = bench.ask("ours", rows.dashboards_after_writes(people), connections=1, count=2 * len(people))
        found["warm"].append(known.worker)
        found["after a write"].append(both.worker * 2 - alone.worker)
    limits = {"warm": WARM_DASHBOARD, "after a write": FRESH_DASHBOARD}
    medians = {name: statistics.median(values) for name, values in found.items()}
    return [
        Figure(f"dashboard, {name}", f"{ms:.1f} ms of CPU", f"≤ {limits[name]} ms", ms <= limits[name])
        for name, ms in medians.items()
    ]


def memory(bench: Bench, asked: list[Request], count: int) -> list[Figure]:
    """Return what each worker has at the end, and by how much it grew in ``count`` requests, once everything was asked.

    Growth is that of the resident memory: what belongs to a worker grows, too, as it writes to what it shared before.
    """
    server = bench.servers["ours"]
    settled = min(SETTLED, count)
    bench.ask("ours", asked, connections=32, count=settled, seconds=3600)
    own, before = server.memory(), server.resident()
    bench.ask("ours", asked, connections=32, count=count, seconds=3600)
    after, resident = server.memory(), server.resident()
    grown = max(one - other for one, other in zip(resident, before, strict=True))
    unshared = max(one - other for one, other in zip(after, own, strict=True))
    return [
        Figure("memory of a worker", f"{max(after):.0f} MiB", f"≤ {MEMORY} MiB", max(after) <= MEMORY,
               f"{max(resident):.0f} MiB resident, with what workers share"),
        Figure(f"its growth over {count:,} requests", f"{grown:+.1f} MiB", f"≤ {GROWTH} MiB", grown <= GROWTH,
               f"{unshared:+.1f} MiB with what is shared no more"),
    ]  # fmt: skip


def wanted(name: str, given: argparse.Namespace) -> bool:
    """Tell whether a row is asked for."""
    return not given.only or any(word in name for word in given.only)


def tags_of(bench: Bench, row: Row) -> list[str]:
    """Return the tags of our answers."""
    return [str(answers.fetch(bench.servers["ours"], request).headers["ETag"]) for request in row.ways["ours"]]


def measure(bench: Bench, given: argparse.Namespace, written: report.Report) -> None:
    """Measure all that is wanted; what writes comes last, so that the others find the rows as they were made."""
    people, wide, symbols = data.askers(are_wide=False), data.askers(are_wide=True), data.symbols()
    table = rows.table(people, wide, symbols)
    series, writing = table[0], table[-1]
    for row in table:
        if wanted(row.name, given):
            answers.require_same(row, bench.servers)
    reading = [series, rows.unchanged(series, tags_of(bench, series)), *table[1:-1]]
    compared = [row for row in reading if wanted(row.name, given)]
    for row in compared:
        compare_and_write(bench, row, given, written)
    if wanted("search", given):
        title = f"Search in {data.LISTED * given.scale:,.0f} securities, in the database"
        written.figures(title, searching.figures(given.rounds))
    if wanted("memory", given) and given.requests:
        asked = [row.ways["ours"][place] for place in range(len(people)) for row in table[:-1]]
        written.figures("Memory", memory(bench, asked, given.requests))
    if wanted("dashboard", given):
        written.figures("Dashboard", dashboards(bench, people, given))
    if wanted(writing.name, given):
        compare_and_write(bench, writing, given, written)


def compare_and_write(bench: Bench, row: Row, given: argparse.Namespace, written: report.Report) -> None:
    """Measure a row with each number of connections, and report it."""
    for connections in given.connections:
        measured = compare(bench, row, given, connections)
        title = f"{row.name}, {connections} connection{'s'[: connections > 1]}"
        written.comparison(title, measured, targets(row, measured))


def run(given: argparse.Namespace, folder: Path) -> None:
    """Fill, serve, measure, report."""
    from django.core import management
    from django.db import connection

    management.call_command("migrate", verbosity=0)
    started = time.perf_counter()
    if not data.is_filled(connection):
        data.fill(connection, given.scale)
    written = report.Report(given, connection, time.perf_counter() - started)
    with (
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as watching,
        all_serving(folder) as servers,
    ):
        measure(Bench(servers, watching), given, written)
    written.close()
