"""``manage.py trim_prices``: forget old bars of minutes and hours."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from finances.commands import Report, ReportingCommand
from securities import trimming
from securities.intervals import Interval

TOO_MANY_DIGITS = 6  # of days, which lead to a year before the first one
INTRADAY = [interval.value for interval in Interval if interval.is_intraday]


class Command(ReportingCommand):
    """Delete bars within a day that are past their time."""

    is_recorded = True
    help = (
        "Delete prices by the minute or the hour that are older than so many days: by KEEP_MINUTE_PRICES and "
        "KEEP_HOURLY_PRICES, of which 0 keeps all, or as it is said here. Daily prices stay always. Providers give few "
        "weeks of minutes back: what is deleted can be had again from a backup only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which bars."""
        super().add_arguments(parser)
        parser.add_argument("--interval", choices=INTRADAY, help="length of the bars")
        parser.add_argument(
            "--older-than", type=number_of_days, metavar="DAYS", help="with --interval: how long they are kept"
        )

    def validate(self, **options: Any) -> None:
        """Refuse one of the two options without the other, and to keep too little.

        Raises:
            CommandError, InvalidValueError: for which of the two it is.
        """
        interval, days = options["interval"], options["older_than"]
        if (interval is None) != (days is None):
            raise CommandError("--interval and --older-than go together.")
        if interval is not None:
            trimming.require_spare(Interval(interval), timedelta(days=days))

    def run(self, **options: Any) -> Report:
        """Delete, one interval after another."""
        interval, days = options["interval"], options["older_than"]
        wanted = {interval: days} if interval else {name: days for name, days in settings.KEPT_PRICES.items() if days}
        if not wanted:
            return Report("All prices are kept: KEEP_MINUTE_PRICES and KEEP_HOURLY_PRICES are 0.", counts={"done": 0})
        told, bars = [], 0
        for name, kept in wanted.items():
            trimmed = trimming.trim(
                interval=Interval(name), kept=timedelta(days=kept), now=timezone.now(), dry_run=options["dry_run"],
                on_done=lambda _count: None,
            )  # fmt: skip
            bars += trimmed.bars
            told.append(f"{trimmed.bars} bars of {name} of {trimmed.securities} securities, older than {kept} days")
        return Report(f"Deleted: {'; '.join(told)}.", counts={"done": bars})


def number_of_days(text: str) -> int:
    """Read a number of days.

    Raises:
        ArgumentTypeError: it is none, or more than there have been.
    """
    if not (text.isdecimal() and len(text) < TOO_MANY_DIGITS):
        raise ArgumentTypeError(f"{text!r} is no number of days.")
    return int(text)
