"""``manage.py backup``: the whole database in one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from finances.commands import Report, ReportingCommand
from operations import files
from operations.backups import making
from operations.backups.archive import Manifest


class Command(ReportingCommand):
    """Write a backup while the server goes on."""

    help = (
        "Write everything in the database, as it is at one moment, to one file that `restore` reads, on SQLite as on "
        "PostgreSQL. The file is there when all of it is, only its owner can read it, and it carries checksums. Keep "
        ".env with it: the secrets are not in it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="where to, such as finances-2026-01-31.zip; - for stdout")
        parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")

    def run(self, **options: Any) -> Report:
        """Write the backup."""
        keep = not options["dry_run"]
        if options["file"] == files.STANDARD_STREAM:
            self.stdout = self.stderr  # what is written there is the backup
            name, target = "the stream", files.stdout(keep=keep)
        else:
            name = options["file"]
            target = files.written_whole(Path(name), overwrite=options["force"], keep=keep)
        with target as file:
            manifest = self.make(file)
        return Report(
            f"{manifest.row_count} rows of {len(manifest.tables)} tables are in {name}. "
            "Keep .env with it: it holds the secrets that belong to it."
        )

    def make(self, file: Any) -> Manifest:
        """Write to ``file``, and tell how far it is."""
        with self.progress(total=making.count_rows(), unit="rows") as advance:
            return making.make(file, advance=advance)
