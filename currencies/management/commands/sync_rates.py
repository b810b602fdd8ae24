"""``manage.py sync_rates``: ask the providers for exchange rates, of a day or of all days since another."""

from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from currencies import services
from currencies.providers import registry
from currencies.providers.protocol import Capability
from finances.commands import Report, ReportingCommand, day

FIRST_DAY = date(1999, 1, 4)  # the first day with euro reference rates


class Command(ReportingCommand):
    """Store exchange rates."""

    is_recorded = True
    help = (
        "Store the rates of a day (--date, today unless given), or all since a day (--since). Without a network, the "
        "ECB's history is loaded from what is installed: --provider ecb-archive."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which rates, and whose."""
        super().add_arguments(parser)
        parser.add_argument("--base", type=str.upper, default="USD", help="the currency whose rates (USD)")
        parser.add_argument("--date", type=day, metavar="YYYY-MM-DD", help="the rates of this day")
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="all rates since this day")
        parser.add_argument("--provider", choices=sorted(registry.PROVIDERS), help="this one alone")

    def run(self, **options: Any) -> Report:
        """Sync a day or a range."""
        if options["date"] and options["since"]:
            raise CommandError("Give --date or --since, not both.")
        is_whole_archive = _is_archive(options["provider"], options["date"])
        if is_whole_archive and not options["since"] and services.is_archive_loaded():
            return Report("The archive is loaded already; --since compares it rate by rate.")
        if options["since"] or is_whole_archive:
            return self._sync_range(options)
        result = services.sync_rates(
            base=options["base"],
            on=options["date"] or timezone.localdate(),
            provider=options["provider"],
            dry_run=options["dry_run"],
        )
        warnings = () if result.is_empty else result.warnings
        return Report(result.summary, failures=result.shortcomings, warnings=warnings, counts=result.counts)

    def _sync_range(self, options: dict[str, Any]) -> Report:
        since, until = options["since"] or FIRST_DAY, timezone.localdate()
        with self.progress(total=(until - since).days + 1, unit="days") as advance:
            result = services.sync_history(
                since=since,
                until=until,
                provider=options["provider"],
                base=options["base"],
                dry_run=options["dry_run"],
                on_progress=advance,
            )
        return Report(
            result.summary,
            failures=tuple(dict.fromkeys((*result.failures, *result.shortcomings))),
            counts=result.counts,
        )


def _is_archive(provider: str | None, day: date | None) -> bool:
    """Tell whether everything is wanted because the provider has the past only, and no day was named."""
    return bool(provider) and day is None and Capability.LATEST not in registry.by_name(str(provider)).capabilities
