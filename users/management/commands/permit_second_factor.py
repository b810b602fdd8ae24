"""`manage.py permit_second_factor`: let an administrator turn a second factor on where one is required."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from users import second_factor
from users.models import User


class Command(BaseCommand):
    """Print what lets an administrator bring a device where `ADMIN_REQUIRE_OTP` is set, for a quarter of an hour."""

    help = "Print what lets an administrator turn on a second factor where ADMIN_REQUIRE_OTP is set, for 15 minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose it will be."""
        parser.add_argument("login", help="the person's email address or username")

    def handle(self, *_: Any, **options: Any) -> None:
        """Sign it; nothing is kept."""
        user = User.objects.by_login(options["login"]).filter(is_superuser=True).first()
        if user is None:
            raise CommandError(f"No administrator has the address or username {options['login']}.")
        if second_factor.device_of(user) is not None:
            raise CommandError(f"{user.email} has a second factor; `reset_second_factor` takes it away.")
        self.stdout.write(second_factor.permission_for(user))
