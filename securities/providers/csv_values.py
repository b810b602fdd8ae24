"""Numbers and dates as files of prices write them."""

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

from finances import money

MAX_LENGTH = 64  # characters; no honest number is longer
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
MISSING = {"", "null", "none", "nan", "n/a", "na", "-"}
# A 32-bit float needs nine digits, a 64-bit float is sure of fifteen.
SINGLE_DIGITS, DOUBLE_DIGITS = 9, 15
SINGLE_NOISE = 1e-13


def read_number(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """Read a number, exactly, None where there is none; the noise of a binary float behind it is taken off.

    Raises:
        ValueError: it is something else.
    """
    text = text.strip()
    if text.lower() in MISSING:
        return None
    if decimal_comma:
        text = text.replace(".", "").replace(",", ".")
    elif GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if len(text) > MAX_LENGTH or not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:MAX_LENGTH]!r} is not a number")
    return without_noise(Decimal(text))


def without_noise(value: Decimal) -> Decimal:
    """Return what was meant by a number that went through a binary float: 10.38 for 10.380000114440918."""
    if len(value.as_tuple().digits) <= SINGLE_DIGITS:
        return value
    double = float(value)
    try:
        single = struct.unpack("f", struct.pack("f", double))[0]
    except OverflowError:
        single = 0.0
    if abs(single - double) <= abs(double) * SINGLE_NOISE:
        return shortest(single)
    return money.significant(value, digits=DOUBLE_DIGITS)


def shortest(single: float) -> Decimal:
    """Return the shortest decimal that the 32-bit float stands for."""
    for digits in range(6, SINGLE_DIGITS):
        text = f"{single:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == single:
            return Decimal(text)
    return Decimal(f"{single:.{SINGLE_DIGITS}g}")


def read_volume(text: str, *, decimal_comma: bool = False) -> int | None:
    """Read a volume; a fraction of a share is dropped.

    Raises:
        ValueError: it is no number.
    """
    number = read_number(text, decimal_comma=decimal_comma)
    return None if number is None else int(number)


# ---- Dates ----

COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2}):?(\d{2})(?::?(\d{2}))?)?")
SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
NAMED = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}),? (\d{4})")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS_OF_A_YEAR = 12

type ReadMoment = Callable[[str], datetime]


def moment_reader(texts: Iterable[str]) -> ReadMoment:
    """Return how to read the dates of a file, found by looking at all of them.

    What it returns is naive where the file names no offset. ``1/2/2024`` is read by the order that the other dates of
    the file prove; of times of a few days, by the order in which they lie closer together.

    Raises:
        ValueError: the order of day and month cannot be told.
    """
    slashed = [found for text in texts if (found := SLASHED.fullmatch(text))]
    if not slashed:
        return read_moment
    month_first = any(int(found[3]) > MONTHS_OF_A_YEAR for found in slashed)
    day_first = any(int(found[1]) > MONTHS_OF_A_YEAR for found in slashed)
    if month_first == day_first:
        day_first = _is_day_first(slashed)
    return lambda text: _slashed(text, day_first=day_first)


def _is_day_first(dates: Sequence[re.Match[str]]) -> bool:
    """Decide between two orders that are both possible.

    Raises:
        ValueError: nothing speaks for either.
    """
    if all(found[2] == "." for found in dates):
        return True  # nobody writes 12.31.2024
    months, days = {found[1] for found in dates}, {found[3] for found in dates}
    if all(found[5] for found in dates) and (len(months) == 1) != (len(days) == 1):
        return len(days) == 1
    raise ValueError("whether the day or the month comes first in its dates cannot be told")


def read_moment(text: str) -> datetime:
    """Read an ISO 8601 date or instant, ``20240131``, or ``Jan 31 2024``.

    Raises:
        ValueError: it is none of these.
    """
    if found := COMPACT.fullmatch(text):
        return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    if found := NAMED.fullmatch(text):
        return datetime(int(found[3]), MONTHS.index(found[1]) + 1, int(found[2]))  # noqa: DTZ001
    return datetime.fromisoformat(text)


def _slashed(text: str, *, day_first: bool) -> datetime:
    found = SLASHED.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a date like the others")
    first, _, second, year, *time = found.groups()
    day, month = (first, second) if day_first else (second, first)
    return datetime(int(year), int(month), int(day), *(int(part or 0) for part in time))  # type: ignore[arg-type]  # noqa: DTZ001


def as_instant(moment: datetime, *, zone: tzinfo) -> datetime:
    """Return the instant of ``moment`` in UTC; a naive one is of ``zone``."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)


def as_day(moment: datetime) -> date:
    """Return the day that the file names, which is the exchange's."""
    return moment.date()
