"""``manage.py sync_securities``: bring names, exchanges, sectors and market capitalisations up to date."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from finances.commands import Report, ReportingCommand
from securities import batches


class Command(ReportingCommand):
    """Fetch profiles."""

    help = "Fetch what the providers know of some stored securities, by symbol, or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which securities."""
        super().add_arguments(parser)
        parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="a stored security")
        parser.add_argument("--all", action="store_true", help="every stored security")
        parser.add_argument(
            "--workers", type=int, default=1, help="how many at once (1); they share one provider's pace"
        )

    def run(self, **options: Any) -> Report:
        """Refresh each profile by itself."""
        if options["all"] == bool(options["symbols"]):
            raise CommandError("Name some symbols, or give --all.")
        names = options["symbols"] or batches.all_symbols()
        work = batches.check_profile if options["dry_run"] else batches.refresh_profile
        with self.progress(total=len(names), unit="securities") as advance:
            outcome = batches.run(names, work, workers=options["workers"], on_done=advance)
        return Report(outcome.summary, failures=tuple(outcome.failures))
