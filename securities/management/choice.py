"""Which securities a command is about."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.core.management.base import CommandError, CommandParser

from securities import batches
from securities.models import Security

# Each has a connection to the database, and waits for the same provider.
MAX_WORKERS = 32


class Choice(NamedTuple):
    """The names of securities, and a sentence on those that are left out, if any."""

    names: Sequence[str]
    left_out: str = ""


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


def validate(options: Mapping[str, Any]) -> None:
    """Refuse a command that was told no securities, or in two ways.

    Raises:
        CommandError: it was.
    """
    if [bool(options["symbols"]), options["all"], options["held"]].count(True) != 1:
        raise CommandError("Name some symbols, or give --all or --held.")


def choose(options: Mapping[str, Any]) -> Choice:
    """Return the names that a command was told, each once, and what is left out where it was told none."""
    if options["symbols"]:
        return Choice(list(dict.fromkeys(symbol.strip().upper() for symbol in options["symbols"])))
    wanted = Security.objects.in_use() if options["held"] else Security.objects.all()
    return Choice(batches.worthwhile(wanted), batches.left_out(wanted))
