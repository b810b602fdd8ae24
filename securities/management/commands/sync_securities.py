"""``manage.py sync_securities``: bring names, exchanges, sectors and market capitalisations up to date."""

from typing import Any

from django.core.management.base import CommandParser

from finances.commands import Report, ReportingCommand
from securities import batches
from securities.management import choice


class Command(ReportingCommand):
    """Fetch profiles."""

    is_recorded = True
    help = "Fetch what the providers know of some stored securities: by symbol, of all, or of those somebody holds."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which securities."""
        super().add_arguments(parser)
        parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="a stored security")
        choice.add_arguments(parser)

    def validate(self, **options: Any) -> None:
        """Refuse to be told no securities, or in two ways.

        Raises:
            CommandError: it was.
        """
        choice.validate(options)

    def run(self, **options: Any) -> Report:
        """Refresh each profile by itself."""
        names, left_out = choice.choose(options)
        work = batches.check_profile if options["dry_run"] else batches.refresh_profile
        with self.progress(total=len(names), unit="securities") as advance:
            outcome = batches.run(names, work, workers=options["workers"], on_done=advance)
        summary = f"{outcome.summary} {left_out}".strip()
        return Report(summary, failures=tuple(outcome.failures), counts={"done": outcome.done})
