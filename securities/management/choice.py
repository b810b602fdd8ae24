"""Which securities a command is about."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from securities import batches
from securities.models import Security

# Each has a connection to the database, and waits for the same provider.
MAX_WORKERS = 32


def add_arguments(parser: CommandParser) -> None:
    """Let a command be told which securities, and how many at once."""
    parser.add_argument("--all", action="store_true", help="every stored security")
    parser.add_argument("--held", action="store_true", help="every security that somebody holds")
    parser.add_argument(
        "--workers", type=workers, default=1, help=f"how many at once (1, at most {MAX_WORKERS}); they share one pace"
    )


def workers(text: str) -> int:
    """Return how many workers an argument asks for.

    Raises:
        ArgumentTypeError: it is no number, or one of none or of too many.
    """
    if not (text.isdecimal() and 1 <= int(text) <= MAX_WORKERS):
        raise argparse.ArgumentTypeError(f"{text} is no number of workers from 1 to {MAX_WORKERS}")
    return int(text)


def names(options: Mapping[str, Any]) -> Sequence[str]:
    """Return the names that a command was told, each once.

    Raises:
        CommandError: it was told none, or in two ways.
    """
    if [bool(options["symbols"]), options["all"], options["held"]].count(True) != 1:
        raise CommandError("Name some symbols, or give --all or --held.")
    if options["symbols"]:
        return list(dict.fromkeys(symbol.strip().upper() for symbol in options["symbols"]))
    return batches.worthwhile(Security.objects.in_use() if options["held"] else Security.objects.all())
