"""``manage.py sync_prices``: bring prices up to date."""

from collections.abc import Sequence
from datetime import UTC, date
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from finances.commands import Report, ReportingCommand, day
from securities import batches, quotes, syncs
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
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="back to this day")
        parser.add_argument("--quotes", action="store_true", help="only the latest price, of fifty by one question")
        choice.add_arguments(parser)

    def validate(self, **options: Any) -> None:
        """Refuse a day to come, and what has no meaning for a quote.

        Raises:
            CommandError: what is asked for cannot be.
        """
        choice.validate(options)
        if options["since"] is not None and options["since"] > timezone.localdate(timezone=UTC):
            raise CommandError(f"{options['since']} is still to come; there are no prices since then.")
        is_of_bars = options["since"] is not None or options["interval"] != Interval.DAY or options["workers"] != 1
        if options["quotes"] and is_of_bars:
            raise CommandError("--quotes goes with neither --since nor --interval nor --workers.")

    def run(self, **options: Any) -> Report:
        """Sync each security by itself."""
        names, left_out = choice.choose(options)
        if options["quotes"]:
            return self.run_quotes(names, left_out, dry_run=options["dry_run"])
        work = partial(
            sync_one, interval=Interval(options["interval"]), since=options["since"], dry_run=options["dry_run"]
        )
        with self.progress(total=len(names), unit="securities") as advance:
            outcome = batches.run(names, work, workers=options["workers"], on_done=advance)
        summary = " ".join(filter(None, [outcome.summary, left_out, *outcome.problems]))
        return Report(summary, failures=tuple(outcome.failures), counts=outcome.counts)

    def run_quotes(self, names: Sequence[str], left_out: str, *, dry_run: bool) -> Report:
        """Store the latest price of each security."""
        with self.progress(total=len(names), unit="securities") as advance:
            outcome = quotes.refresh(names, dry_run=dry_run, on_done=advance)
        summary = f"{outcome.summary} {left_out}".strip()
        return Report(summary, failures=tuple(outcome.failures))


def sync_one(name: str, *, interval: Interval, since: date | None, dry_run: bool) -> syncs.SyncResult:
    """Sync the security called ``name``."""
    return syncs.sync_named(name=name, interval=interval, since=since, dry_run=dry_run)
