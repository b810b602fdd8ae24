"""``manage.py sync_rates``: ask the providers for exchange rates, of a day or of all days since another."""

from collections import Counter
from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from currencies import services
from currencies.providers import registry
from currencies.providers.protocol import Capability
from currencies.tally import SyncResult
from finances.commands import Report, ReportingCommand, day

FIRST_DAY = date(1999, 1, 4)  # the first day with euro reference rates


class Command(ReportingCommand):
    """Store exchange rates."""

    is_recorded = True
    help = (
        "Store the newest rates, and those of the days that were missed since the last ones of a provider that gives "
        "all of them by one question (the ECB, if RATE_PROVIDERS names it); or the rates of a day (--date), or all "
        "since a day (--since). Without a network, the ECB's history is loaded from what is installed: --provider "
        "ecb-archive."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which rates, and whose."""
        super().add_arguments(parser)
        parser.add_argument("--base", type=str.upper, default="USD", help="the currency whose rates (USD)")
        parser.add_argument("--date", type=day, metavar="YYYY-MM-DD", help="the rates of this day alone")
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="all rates since this day")
        parser.add_argument("--provider", choices=sorted(registry.PROVIDERS), help="this one alone")

    def validate(self, **options: Any) -> None:
        """Refuse two ranges at once, and a currency that is not stored.

        Raises:
            CommandError, InvalidValueError: for which of the two it is.
        """
        if options["date"] and options["since"]:
            raise CommandError("Give --date or --since, not both.")
        services.require_currency(options["base"])

    def run(self, **options: Any) -> Report:
        """Sync a day, a range, or what is new."""
        is_whole_archive = _is_archive(options["provider"], options["date"])
        if is_whole_archive and not options["since"] and services.is_archive_loaded():
            return Report("The archive is loaded already; --since compares it rate by rate.")
        if options["since"] or is_whole_archive:
            return self._sync_range(options)
        wanted = {key: options[key] for key in ("base", "provider", "dry_run")}
        if options["date"]:
            return _report(services.sync_rates(on=options["date"], **wanted))
        return _report(*services.catch_up(on=timezone.localdate(), **wanted))

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
        return Report(result.summary, failures=_failures_of_range(result), counts=result.counts)


def _report(newest: SyncResult, missed: SyncResult | None = None) -> Report:
    """Report the newest rates and those of the days that were missed; that some of these lack is a failure."""
    warnings = () if newest.is_empty else newest.warnings
    if missed is None:
        return Report(newest.summary, failures=newest.shortcomings, warnings=warnings, counts=newest.counts)
    failures = tuple(dict.fromkeys((*newest.shortcomings, *_failures_of_range(missed))))
    return Report(
        f"{newest.summary} {missed.summary}",
        failures=failures,
        warnings=tuple(warning for warning in warnings if warning not in failures),
        counts=Counter(newest.counts) + Counter(missed.counts),
    )


def _failures_of_range(result: SyncResult) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*result.failures, *result.shortcomings)))


def _is_archive(provider: str | None, day: date | None) -> bool:
    """Tell whether everything is wanted because the provider has the past only, and no day was named."""
    return bool(provider) and day is None and Capability.LATEST not in registry.by_name(str(provider)).capabilities
