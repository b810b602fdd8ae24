"""``manage.py sync_currencies``: bring the list of currencies up to date with ISO 4217, as it is installed."""

from typing import Any

from django.db import transaction

from currencies import services
from finances.commands import Report, ReportingCommand


class Command(ReportingCommand):
    """Add new currencies, and mark ended ones."""

    is_recorded = True
    help = (
        "Add the currencies that ISO 4217 has and the database lacks, and mark those that ended as no longer in use. "
        "Names are left alone. Needs no network; doing it again changes nothing."
    )

    def run(self, **options: Any) -> Report:
        """Sync the list."""
        with transaction.atomic():
            result = services.sync_currencies()
            transaction.set_rollback(options["dry_run"])
        changes = [
            f"{words}: {', '.join(codes)}."
            for words, codes in (("Added", result.added), ("No longer in use", result.ended))
            if codes
        ]
        counts = {"done": len(result.added) + len(result.ended)}
        return Report(" ".join(changes) or "The currencies are those of ISO 4217.", counts=counts)
