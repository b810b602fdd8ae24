"""`manage.py flush_expired_tokens`: forget sessions that are over."""

from typing import Any

from finances.commands import Report, ReportingCommand
from users import sessions


class Command(ReportingCommand):
    """Delete the token families whose every token has expired. Run it daily; it may run twice."""

    is_recorded = True
    help = "Delete the token families whose every token has expired."

    def run(self, **options: Any) -> Report:
        """Delete, and say how many."""
        count = sessions.flush(dry_run=options["dry_run"])
        return Report(f"Expired token families deleted: {count}", counts={"done": count})
