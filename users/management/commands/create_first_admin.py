"""`manage.py create_first_admin`: somebody to sign in as, on an empty development database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from users import services


class Command(BaseCommand):
    """Create an administrator when there is no user at all, and print the password once."""

    help = "Create an administrator on an empty development database and print the generated password once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address to sign in with."""
        parser.add_argument("--email", default="admin@localhost.localdomain")

    def handle(self, *_: Any, **options: Any) -> None:
        """Create, or say nothing when people exist."""
        if settings.IN_PRODUCTION:
            raise CommandError("In production, use `manage.py createsuperuser`: it asks for the password.")
        created = services.create_first_admin(email=options["email"])
        if created is None:
            return
        user, password = created
        self.stdout.write(
            "An administrator was created; this password is shown only now:\n"
            f"    email:    {user.email}\n"
            f"    password: {password}"
        )
