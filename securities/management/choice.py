"""Which securities a command is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from securities import batches
from securities.models import Security


def add_arguments(parser: CommandParser) -> None:
    """Let a command be told which securities, and how many at once."""
    parser.add_argument("--all", action="store_true", help="every stored security")
    parser.add_argument("--held", action="store_true", help="every security that somebody holds")
    parser.add_argument("--workers", type=int, default=1, help="how many at once (1); they share one provider's pace")


def names(options: Mapping[str, Any]) -> Sequence[str]:
    """Return the names that a command was told.

    Raises:
        CommandError: it was told none, or in two ways.
    """
    if [bool(options["symbols"]), options["all"], options["held"]].count(True) != 1:
        raise CommandError("Name some symbols, or give --all or --held.")
    if options["symbols"]:
        return list(options["symbols"])
    return batches.worthwhile(Security.objects.in_use() if options["held"] else Security.objects.all())
