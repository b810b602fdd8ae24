"""``manage.py import_user``: a person, of the file that ``export_user`` wrote."""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from finances import runs
from finances.commands import Report, ReportingCommand
from operations import files
from operations.persons import importing, layout


class Command(ReportingCommand):
    """Make a new user of a file."""

    help = (
        "Make a new user of a file that export_user wrote, with everything that is in it, all or nothing. Prices and "
        "exchange rates are those that are here. The user may administer nothing. Without --password-stdin they get "
        "a password by 'forgot password'."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, and what does not come from it."""
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the file; - for stdin")
        parser.add_argument("--email", help="of the new user, in place of that in the file")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from stdin, one line")

    def run(self, **options: Any) -> Report:
        """Import."""
        if options["file"] == files.STANDARD_STREAM and options["password_stdin"]:
            raise CommandError("Stdin is either the file or the password.")
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else None
        try:
            imported = importing.import_person(
                content_of(options["file"]), email=options["email"], password=password, dry_run=options["dry_run"]
            )
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        if not options["dry_run"]:
            with runs.recorded("import_user") as run:
                by = f"user {os.getuid()} of the system"
                run.succeed(f"{by} made the person {imported.user.pk} of a file", rows=imported.row_count)
        warnings = []
        if imported.new_symbols:
            told = f"{len(imported.new_symbols)} securities have no prices here: {', '.join(imported.new_symbols)}."
            warnings.append(f"{told} Run sync_prices for them, or import_prices.")
        return Report(
            f"{imported.user.email} ({imported.user.username}) has {imported.row_count} rows.", warnings=tuple(warnings)
        )


def content_of(name: str) -> bytes:
    """Read the file, but no more than can be one.

    Raises:
        CommandError: it cannot be read.
    """
    if name == files.STANDARD_STREAM:
        return sys.stdin.buffer.read(layout.LARGEST_FILE + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(layout.LARGEST_FILE + 1)
    except OSError as exc:
        raise CommandError(f"{name} cannot be read: {exc.strerror}.") from exc
