"""What was measured, printed as it comes and written to a file at the end."""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import psutil

PACKAGES = ("django", "djangorestframework", "djangorestframework-simplejwt", "psycopg", "gunicorn", "orjson", "redis")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure beside its target."""

    name: str
    value: str
    target: str
    is_met: bool
    remark: str = ""

    def cells(self) -> list[str]:
        """Return the cells of its row in a table."""
        return [self.name, self.value, self.target, "met" if self.is_met else "**missed**", self.remark]


class Report:
    """Collects paragraphs and tables of Markdown."""

    def __init__(self, given: argparse.Namespace, connection: Any, seconds: float) -> None:
        """Begin with the machine, the versions and the command."""
        self.given, self.lines, self.targets = given, [], list[list[str]]()
        self.head = [
            f"Made by `{command()}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, of commit {commit()}.", "",
            f"- {machine()}",
            f"- Python {platform.python_version()}, {', '.join(map(version, PACKAGES))}",
            f"- {servers(connection)}",
            f"- Data at scale {given.scale:g}, filled in {seconds:.0f} s: {sizes(connection)}",
            f"- {given.rounds} rounds of {given.seconds:g} s of each way in turn; medians, of ratios too",
            f"- Load average {os.getloadavg()[0]:.1f} at the beginning",
        ]  # fmt: skip
        print("\n".join(self.head), flush=True)

    def say(self, *lines: str) -> None:
        """Print lines, and keep them."""
        self.lines += lines
        print("\n".join(lines), flush=True)

    def comparison(self, title: str, measured: dict[str, list[Any]], figures: list[Figure]) -> None:
        """Tell what each way came to, and the ratios."""
        self.say("", f"### {title}", "")
        columns = ("rate", "median", "worker", "database", "load")
        head = ("", "requests/s", "ms to the answer", "CPU ms, worker", "CPU ms, database", "CPU ms, load")
        body = [
            [way, *(f"{statistics.median(getattr(each, name) for each in found):.2f}" for name in columns)]
            for way, found in measured.items()
        ]
        self.say(*table(head, body))
        self.keep(title, figures)

    def figures(self, title: str, figures: list[Figure]) -> None:
        """Tell figures that have no rounds of their own."""
        self.say("", f"### {title}")
        self.keep(title, figures)

    def keep(self, title: str, figures: list[Figure]) -> None:
        """Tell which targets are met."""
        self.targets += [[title, *figure.cells()] for figure in figures]
        self.say("", *table(("", "measured", "target", "", ""), [figure.cells() for figure in figures]))

    def close(self) -> None:
        """Print all targets once more, and write the file."""
        summary = table(("", "", "measured", "target", "", ""), self.targets)
        missed = sum("**missed**" in cells for cells in self.targets)
        verdict = f"{len(self.targets) - missed} of {len(self.targets)} targets met."
        print("\n".join(["", *summary, "", verdict]))
        if self.given.results:
            targets = ["", "## Targets", "", verdict, "", *summary]
            text = ["# Results", "", *self.head, *targets, "", "## Measurements", *self.lines, ""]
            self.given.results.write_text("\n".join(text))


def table(head: tuple[str, ...], body: list[list[str]]) -> list[str]:
    """Return a table of Markdown, its columns aligned."""
    cells = [list(head), *body]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    aligned = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    lines = [f"| {' | '.join(row)} |" for row in aligned]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def version(package: str) -> str:
    """Return a package with its version."""
    return f"{package} {metadata.version(package)}"


def command() -> str:
    """Return the command as it may be given again."""
    return " ".join(["python -m benchmarks.endpoints", *sys.argv[1:]])


def commit() -> str:
    """Return the commit that is measured."""
    told = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def machine() -> str:
    """Return what it runs on."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as told:  # noqa: PTH123 - no file of ours
            model = next(line.split(":")[1].strip() for line in told if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    size = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores ({model}), {size:.0f} GiB, {platform.system()} {platform.release()}"


def servers(connection: Any) -> str:
    """Return the versions of the servers."""
    from django_redis import get_redis_connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = cursor.fetchone()[0]
        cursor.execute("SELECT name || ' ' || setting FROM pg_settings WHERE name IN ('shared_buffers', 'fsync')")
        settings = ", ".join(row[0] for row in cursor.fetchall())
    return f"PostgreSQL {postgresql} ({settings}), Redis {get_redis_connection('default').info()['redis_version']}"


def sizes(connection: Any) -> str:
    """Return how many rows the large tables have."""
    names = (
        "securities_security", "securities_securityprice", "users_user", "accounts_account", "accounts_accountvalue",
        "accounts_holding",
    )  # fmt: skip
    with connection.cursor() as cursor:
        counts = []
        for name in names:
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 - names of our own
            counts.append(f"{cursor.fetchone()[0]:,} {name.partition('_')[2]}")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return f"{', '.join(counts)} ({cursor.fetchone()[0]})"
