"""What every management command shares: a dry run, progress, a summary, and an exit code that tells of failures."""

import argparse
import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from finances import runs
from finances.exceptions import FinancesError

SECONDS_BETWEEN_LINES = 5.0


def day(text: str) -> date:
    """Return the day that an argument names.

    Raises:
        ArgumentTypeError: it names none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text} is no day; write it as YYYY-MM-DD") from exc


@dataclass(frozen=True, slots=True)
class Report:
    """What a command did, in a sentence or two, what of it failed, and what went wrong without being in the way.

    ``counts`` says it in numbers, by short names; ``done`` is that of what went well.
    """

    summary: str
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class ReportingCommand(BaseCommand):
    """A command that parses, calls one service in ``run``, and reports: the summary to stdout, all else to stderr.

    Exits with 1 when anything failed, or when ``validate`` or ``run`` raised a ``FinancesError``. One that is recorded
    leaves a record of each run that is not a dry one nor refused by ``validate``, and can be run in the background; its
    ``arguments``, as they were written, are part of the record.
    """

    is_recorded = False
    arguments: Sequence[str] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--dry-run``; subclasses add their own after ``super()``."""
        parser.add_argument("--dry-run", action="store_true", help="do everything but keep nothing")

    def validate(self, **options: Any) -> None:
        """Refuse, before anything is done or recorded, what was typed and makes no sense: all does, unless said."""

    @abstractmethod
    def run(self, **options: Any) -> Report:
        """Do the work."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Keep the arguments, and run."""
        self.arguments = argv[2:]
        super().run_from_argv(argv)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run, and report."""
        try:
            self.validate(**options)
            report = self._recorded_run(options) if self.is_recorded and not options["dry_run"] else self.run(**options)
        except FinancesError as exc:
            raise CommandError(exc.message) from exc
        self.stdout.write(f"Dry run, nothing is kept: {report.summary}" if options["dry_run"] else report.summary)
        for warning in report.warnings:
            self.stderr.write(f"Warning: {warning}")
        if report.failures:
            raise CommandError("\n".join(("Not everything went well:", *report.failures)))

    def _recorded_run(self, options: dict[str, Any]) -> Report:
        name = type(self).__module__.rpartition(".")[2]
        with runs.recorded(name, arguments=self.arguments) as result:
            report = self.run(**options)
            result.take(
                summary=report.summary, failures=report.failures, warnings=report.warnings, counts=report.counts
            )
        return report

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
