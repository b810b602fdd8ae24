"""``manage.py seed_demo``: a made-up household, to try things out with."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.demo import seeding
from currencies import services as currencies
from finances.commands import Report, ReportingCommand
from finances.local_days import today_in

ARCHIVE = "ecb-archive"  # the real exchange rates, for which no network is needed


class Command(ReportingCommand):
    """Store the demo household: accounts of all types, balances, holdings and prices; the exchange rates are real."""

    help = (
        "Give somebody a made-up household: accounts of all ten types in CAD, USD and EUR, 24 months of balances, and "
        "holdings in made-up securities with prices up to today. Done again, it adds what is new since. Accounts that "
        "they have already are left alone, also those of the same name. Exchange rates are the real ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add whose household it is."""
        super().add_arguments(parser)
        parser.add_argument(
            "--email", default="demo@localhost.localdomain", help="whose; made with a new password when there is nobody"
        )

    def run(self, **options: Any) -> Report:
        """Seed, and tell the password once."""
        if settings.IN_PRODUCTION:
            raise CommandError("Made-up data has no place in production.")
        on = today_in(seeding.zone_of(options["email"]))
        seeded = seeding.seed(email=options["email"], on=on, dry_run=options["dry_run"])
        since = seeding.month_ends(on)[0]
        rates = currencies.sync_history(since=since, until=on, provider=ARCHIVE, dry_run=options["dry_run"])
        summary = (
            f"New for {seeded.email}: {seeded.account_count} accounts, {seeded.value_count} balances, "
            f"{seeded.holding_count} holdings, {seeded.price_count} prices of made-up securities."
        )
        if not seeded.password:
            summary += (
                f"\n{seeded.email} was here already; `manage.py changepassword {seeded.email}` sets another password."
            )
        elif not options["dry_run"]:
            summary += f"\nSign in as {seeded.email} with the password {seeded.password}, which is shown only now."
        return Report(summary, failures=rates.failures)
