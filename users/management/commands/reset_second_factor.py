"""`manage.py reset_second_factor`: let somebody in again who lost both their device and their recovery codes."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from finances.commands import Report, ReportingCommand
from users import second_factor
from users.models import User


class Command(ReportingCommand):
    """Forget somebody's second factor, and sign them out everywhere."""

    help = "Forget somebody's second factor and recovery codes, and sign them out everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose it is."""
        super().add_arguments(parser)
        parser.add_argument("login", help="the person's email address or username")

    def run(self, **options: Any) -> Report:
        """Reset it."""
        user = User.objects.by_login(options["login"]).first()
        if user is None:
            raise CommandError(f"Nobody has the address or username {options['login']}.")
        with transaction.atomic():
            was_on = second_factor.reset(user=user)
            transaction.set_rollback(options["dry_run"])
        if not was_on:
            return Report(f"{user.email} has no second factor.")
        return Report(f"The second factor of {user.email} is off, and they are signed out everywhere.")
