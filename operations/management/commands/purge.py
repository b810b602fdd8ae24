"""``manage.py purge``: forget what nobody will ask for again."""

from typing import Any

from finances.commands import Report, ReportingCommand
from operations import services


class Command(ReportingCommand):
    """Delete old records of background work, ended sessions of the admin, and kept answers that are past their time."""

    is_recorded = True
    help = (
        "Delete what is kept for a time only: runs and due times of 90 days ago, tasks done a week ago or failed a "
        "month ago, sessions of the admin that ended, and answers kept for an Idempotency-Key. Daily is often enough."
    )

    def run(self, **options: Any) -> Report:
        """Delete, and say how much of what."""
        counts = services.purge(dry_run=options["dry_run"])
        sums = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        return Report(f"Deleted: {sums}.", counts={**counts, "done": sum(counts.values())})
