"""``manage.py worker``: does what waits in the queue, and what is due."""

from argparse import ArgumentTypeError
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from operations.models import LEASE
from operations.workers import QUEUES, Duties, Process


def seconds(text: str) -> float:
    """Read a positive number of seconds."""
    number = float(text)
    if not 0 < number <= 24 * 3600:
        raise ArgumentTypeError("must be more than 0, and a day at most")
    return number


class Command(BaseCommand):
    """Work until told to stop."""

    help = (
        "Run the tasks that wait in the queue, and what the schedule has due. Any number of these may run: none does "
        "what another does. SIGTERM ends it when its present tasks are done. Needs WORKERS=true."
    )

    def check(self, *args: Any, **options: Any) -> None:
        """Check as every command does; one check asks for the database's version, and may find the database away."""
        with suppress(OperationalError):
            super().check(*args, **options)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to do, and how patiently."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--no-schedule", action="store_true", help="run tasks alone")
        what.add_argument("--only-schedule", action="store_true", help="enqueue what is due, and run nothing")
        parser.add_argument("--queue", action="append", choices=QUEUES, help="run the tasks of this queue alone")
        parser.add_argument("--once", action="store_true", help="end when nothing is left to do")
        parser.add_argument("--interval", type=seconds, default=1.0, help="seconds between two looks for work (1)")
        parser.add_argument(
            "--lease",
            type=seconds,
            default=LEASE.total_seconds(),
            help=f"seconds after which a worker that was not seen is taken for dead ({LEASE.seconds})",
        )
        parser.add_argument("--alive-file", type=Path, help="touch this file at each look, for a health check")

    def handle(self, *_: Any, **options: Any) -> None:
        """Work.

        Raises:
            CommandError: there is no queue to work on, or the process broke.
        """
        if not settings.WORKERS:
            raise CommandError(
                "Without workers the server runs its tasks itself, and nothing waits for one. "
                "Set WORKERS=true, for the server and for its workers."
            )
        duties = Duties(
            queues=() if options["only_schedule"] else tuple(options["queue"] or QUEUES),
            keeps_schedule=not options["no_schedule"],
            ends_when_idle=options["once"],
            interval=options["interval"],
            lease=timedelta(seconds=options["lease"]),
            alive_file=options["alive_file"],
        )
        if not Process(duties).run():
            raise CommandError("A part of the worker broke; its log says why.")
