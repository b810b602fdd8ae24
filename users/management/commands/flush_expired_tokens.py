"""`manage.py flush_expired_tokens`: forget sessions that are over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from users import sessions


class Command(BaseCommand):
    """Delete the token families whose every token has expired. Run it daily; it may run twice."""

    help = "Delete the token families whose every token has expired."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether only to count."""
        parser.add_argument("--dry-run", action="store_true", help="Count, and delete nothing.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Delete, and say how many."""
        count = sessions.flush(dry_run=options["dry_run"])
        verb = "would be deleted" if options["dry_run"] else "deleted"
        self.stdout.write(f"Expired token families {verb}: {count}")
