"""``manage.py sync_prices``: bring prices up to date."""

from datetime import date
from functools import partial
from typing import Any

from django.core.management.base import CommandParser

from finances.commands import Report, ReportingCommand
from securities import batches, syncs
from securities.intervals import Interval
from securities.management import choice


class Command(ReportingCommand):
    """Fetch prices."""

    is_recorded = True
    help = (
        "Fetch what is missing of the prices of some securities: by symbol, of all, or of those that somebody holds. "
        "Safe to interrupt and to run twice at once; a later run goes on with what has waited longest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which prices."""
        super().add_arguments(parser)
        parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="a security; one that is not stored is added")
        parser.add_argument("--interval", choices=[i.value for i in Interval], default="1d", help="length of bars (1d)")
        parser.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="back to this day")
        choice.add_arguments(parser)

    def run(self, **options: Any) -> Report:
        """Sync each security by itself."""
        names = choice.names(options)
        work = partial(
            sync_one, interval=Interval(options["interval"]), since=options["since"], dry_run=options["dry_run"]
        )
        with self.progress(total=len(names), unit="securities") as advance:
            outcome = batches.run(names, work, workers=options["workers"], on_done=advance)
        summary = " ".join([outcome.summary, *outcome.problems])
        return Report(summary, failures=tuple(outcome.failures), counts=outcome.counts)


def sync_one(name: str, *, interval: Interval, since: date | None, dry_run: bool) -> syncs.SyncResult:
    """Sync the security called ``name``."""
    return syncs.sync_named(name=name, interval=interval, since=since, dry_run=dry_run)
