"""``manage.py import_prices``: prices from files, without any provider."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from finances.commands import Report, ReportingCommand
from finances.exceptions import FinancesError
from securities import imports
from securities.imports import Word
from securities.intervals import Interval
from securities.symbols import require_symbol


class Command(ReportingCommand):
    """Import files of prices."""

    is_recorded = True
    help = (
        "Store the prices in CSV files as those of one security. Columns are found by their names: Yahoo's, Stooq's or "
        "any with a date and a close; plain or gzipped. A file is stored at once or not at all, and again without "
        "harm; rows that cannot be believed are held back and counted. Whether splits were taken out of the prices is "
        "seen in them; a file in which it cannot be seen is refused until --adjusted or --as-traded says it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the files, and what they are of."""
        super().add_arguments(parser)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--symbol", required=True, help="the security; made when there is none")
        parser.add_argument("--currency", required=True, help="of the prices, as quoted: USD, or GBp for pence")
        parser.add_argument("--interval", choices=[i.value for i in Interval], help="told from the rows unless given")
        parser.add_argument("--replace", action="store_true", help="also when most of what is stored disagrees")
        of_splits = parser.add_mutually_exclusive_group()
        of_splits.add_argument(
            "--adjusted", action="store_true", help="all splits were taken out of the prices, whatever they show"
        )
        of_splits.add_argument(
            "--as-traded", action="store_true", help="no split was taken out of the prices, whatever they show"
        )

    def validate(self, **options: Any) -> None:
        """Refuse what is no symbol or currency, and to begin where none of the files exists.

        Raises:
            CommandError, InvalidValueError: for which of them it is.
        """
        require_symbol(options["symbol"])
        imports.require_currency(options["currency"])
        if all(is_missing(path) for path in options["files"]):
            raise CommandError(f"There is no file {' or '.join(map(str, options['files']))}.")

    def run(self, **options: Any) -> Report:
        """Import each file by itself."""
        messages, failures = [], []
        interval = Interval(options["interval"]) if options["interval"] else None
        is_told = options["adjusted"] or options["as_traded"]
        word = Word(options["replace"], options["adjusted"] if is_told else None)
        with self.progress(total=len(options["files"]), unit="files") as advance:
            for path in options["files"]:
                try:
                    result = imports.import_prices(
                        path=path,
                        symbol=options["symbol"],
                        currency=options["currency"],
                        interval=interval,
                        word=word,
                        dry_run=options["dry_run"],
                    )
                    messages.append(result.message)
                except FinancesError as exc:
                    failures.append(f"{path.name}: {exc.message}")
                advance(1)
        counts = {"done": len(messages)}
        return Report("\n".join(messages) or "Nothing was imported.", failures=tuple(failures), counts=counts)


def is_missing(path: Path) -> bool:
    """Tell whether there is no such file; of one that cannot be reached the import says why."""
    try:
        path.stat()
    except OSError as exc:
        return isinstance(exc, FileNotFoundError)
    return False
