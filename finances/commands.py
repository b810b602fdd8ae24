"""What every management command shares: a dry run, progress, a summary, and an exit code that tells of failures."""

import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from finances.exceptions import FinancesError

SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a command did, in a sentence or two, what of it failed, and what went wrong without being in the way."""

    summary: str
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class ReportingCommand(BaseCommand):
    """A command that parses, calls one service in ``run``, and reports: the summary to stdout, all else to stderr.

    Exits with 1 when anything failed, or when ``run`` raised a ``FinancesError``.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--dry-run``; subclasses add their own after ``super()``."""
        parser.add_argument("--dry-run", action="store_true", help="do everything but keep nothing")

    @abstractmethod
    def run(self, **options: Any) -> Report:
        """Do the work."""

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run, and report."""
        try:
            report = self.run(**options)
        except FinancesError as exc:
            raise CommandError(exc.message) from exc
        self.stdout.write(f"Dry run, nothing is kept: {report.summary}" if options["dry_run"] else report.summary)
        for warning in report.warnings:
            self.stderr.write(f"Warning: {warning}")
        if report.failures:
            raise CommandError("\n".join(("Not everything went well:", *report.failures)))

    @contextmanager
    def progress(self, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        """Give a function that takes how many ``unit`` were done: a bar on a terminal, else a line now and then."""
        if sys.stderr.isatty():
            with tqdm(total=total, unit=f" {unit}", file=sys.stderr, leave=False) as bar:
                yield lambda count: _advance(bar, count)
        else:
            yield _lines(self.stderr.write, total=total, unit=unit)


def _advance(bar: "tqdm[Any]", count: int) -> None:
    bar.update(min(count, (bar.total or 0) - bar.n))


def _lines(write: Callable[[str], None], *, total: int, unit: str) -> Callable[[int], None]:
    """Make a function that counts, and writes a line every few seconds."""
    done, written_at = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done, written_at
        done = min(done + count, total)
        if time.monotonic() - written_at >= SECONDS_BETWEEN_LINES:
            written_at = time.monotonic()
            write(f"{done} of {total} {unit}")

    return advance
