"""``manage.py restore``: the database as a backup has it."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from finances.commands import Report, ReportingCommand
from operations import files
from operations.backups import archive, restoring


class Command(ReportingCommand):
    """Replace everything by what a backup holds."""

    help = (
        "Replace everything in the database by what is in a file that `backup` wrote, on either database: all of it or "
        "nothing. Refuses a file that is not whole, and a database that holds people or prices. Everybody signs in "
        "again afterwards. Restart the server then, if it was running without Redis."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the backup; - for stdin")
        parser.add_argument("--force", action="store_true", help="replace the people and the prices that are there")

    def run(self, **options: Any) -> Report:
        """Restore the backup."""
        with opened(options["file"]) as file, archive.opened(file) as backup:
            manifest = backup.manifest
            with self.progress(total=2 * manifest.row_count, unit="rows read") as advance:
                restoring.restore(backup, force=options["force"], dry_run=options["dry_run"], advance=advance)
        return Report(
            f"{manifest.row_count} rows of {len(manifest.tables)} tables are as they were on {manifest.made_at}, when "
            f"version {manifest.project_version} of Finances wrote them from {manifest.database}."
        )


@contextmanager
def opened(name: str) -> Iterator[IO[bytes]]:
    """Open the file; what comes from stdin is put into one first, since it is read twice.

    Raises:
        CommandError: it cannot be read.
    """
    if name == files.STANDARD_STREAM:
        with tempfile.TemporaryFile(dir=settings.VAR_DIR) as copied:
            shutil.copyfileobj(sys.stdin.buffer, copied)
            yield copied
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - the errors of those who read it are others
    except OSError as exc:
        raise CommandError(f"{name} cannot be read: {exc.strerror}.") from exc
    with file:
        yield file
