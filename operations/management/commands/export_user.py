"""``manage.py export_user``: everything one person owns, in one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from finances.commands import Report, ReportingCommand
from operations import files
from operations.persons import exporting, layout


class Command(ReportingCommand):
    """Write a person's file."""

    help = (
        "Write everything that one person owns, with its history, to a JSON file that import_user makes the same "
        "person of, here or elsewhere. docs/export-format.md describes it. No password is in it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add whose, and where to."""
        super().add_arguments(parser)
        parser.add_argument("email", metavar="EMAIL", help="whose: email or username")
        parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="where to; stdout unless given")
        parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")

    def run(self, **options: Any) -> Report:
        """Export."""
        email, written = options["email"], 0

        def counted(write: Any) -> Any:
            def count(line: bytes) -> None:
                nonlocal written
                written += len(line)
                write(line)

            return count

        keep = not options["dry_run"]
        if options["file"] == files.STANDARD_STREAM:
            self.stdout = self.stderr  # what is written there is the file
            target = files.stdout(keep=keep)
        else:
            target = files.written_whole(Path(options["file"]), overwrite=options["force"], keep=keep)
        with target as file:
            export = exporting.export(email=email, write=counted(file.write))
        too_large = f"The file is larger than import_user takes ({layout.LARGEST_FILE // 1024**2} MiB)."
        warnings = (too_large,) if written > layout.LARGEST_FILE else ()
        return Report(f"{export.row_count} rows of {export.user.email}, in {written} bytes.", warnings=warnings)
