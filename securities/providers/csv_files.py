"""Prices out of files: what Yahoo, Stooq and many others let people save, told apart by the names of the columns.

Yahoo: ``Date,Open,High,Low,Close,Adj Close,Volume`` and, from its libraries, ``Dividends,Stock Splits``. Stooq:
``Date,Open,High,Low,Close,Volume`` or ``<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,…``. Anything else that has a date and a
close. Commas, semicolons, tabs or bars; UTF-8, UTF-16 or Windows-1252; plain or gzipped; in any order of days.
"""

import csv
import gzip
import io
import os
import stat
import statistics
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from itertools import islice, pairwise
from pathlib import Path

from finances.exceptions import InvalidValueError
from securities.actions import Action, ActionKind
from securities.bars import Bar
from securities.intervals import Interval, instant_of
from securities.providers import csv_values
from securities.providers.protocol import History, SkippedRow

MAX_BYTES = 256 * 1024 * 1024
DELIMITERS = ",;\t|"
GZIP = b"\x1f\x8b"
MAX_SKIPPED = 10_000
MAX_ROWS = 2_000_000  # twenty years of minutes


class Layout(StrEnum):
    """Whose columns a file has."""

    YAHOO = "yahoo"
    STOOQ = "stooq"
    PLAIN = "plain"


# What each column may be called, in lower case.
NAMES: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "datetime", "timestamp", "day", ""),
    "time": ("time",),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close", "close/last", "last", "price"),
    "adjusted": ("adj close", "adj. close", "adj_close", "adjusted", "adjusted close"),
    "volume": ("volume", "vol"),
    "dividend": ("dividends", "dividend"),
    "split": ("stock splits", "splits", "split"),
    "symbol": ("symbol", "ticker"),
    "period": ("per",),
}
PERIODS = {"D": Interval.DAY, "W": Interval.WEEK, "M": Interval.MONTH, "60": Interval.HOUR, "1": Interval.MINUTE}
# The usual distance between bars, and how far from it a file's may be.
DISTANCES = (
    (Interval.MINUTE, timedelta(minutes=1), timedelta(minutes=1)),
    (Interval.HOUR, timedelta(hours=1), timedelta(hours=1)),
    (Interval.DAY, timedelta(days=1), timedelta(days=4)),
    (Interval.WEEK, timedelta(days=7), timedelta(days=7)),
    (Interval.MONTH, timedelta(days=28), timedelta(days=31)),
)


@dataclass(frozen=True, slots=True)
class PriceFile:
    """What a file holds. ``interval`` is what it was read as."""

    layout: Layout
    interval: Interval
    history: History
    row_count: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a file by our names, with its number."""

    number: int
    cells: Mapping[str, str]


def read(path: Path, *, symbol: str = "", interval: Interval | None = None, zone: tzinfo = UTC) -> PriceFile:
    """Read the prices in the file at ``path``; in one of several securities, those of ``symbol``.

    Instants without an offset are of ``zone``. Without ``interval`` it is told from the distances of the rows. Rows
    that are no bars are skipped, each with its number and the reason.

    Raises:
        InvalidValueError: the file cannot be read, has no date or close, or nothing of ``symbol``; says which.
    """
    try:
        text = decoded(unpacked(path))
    except OSError as exc:
        raise InvalidValueError(f"{path.name} cannot be read: {exc.strerror or exc}.", field="file") from exc
    except (EOFError, zlib.error) as exc:
        raise InvalidValueError(f"{path.name} cannot be read: {exc}.", field="file") from exc
    try:
        return parse(text, symbol=symbol, interval=interval, zone=zone)
    except (ValueError, csv.Error) as exc:
        raise InvalidValueError(f"{path.name} cannot be read: {exc}.", field="file") from exc


def unpacked(path: Path) -> bytes:
    """Return the bytes of a file, unzipped.

    Raises:
        OSError, EOFError, zlib.error: it cannot be read, is damaged, larger than 256 MB, or no regular file.
    """
    with open(path, "rb", opener=opened_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no regular file")
        is_gzip = file.read(2) == GZIP
        file.seek(0)
        source = gzip.GzipFile(fileobj=file) if is_gzip else file
        content = source.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError("it is too large")
    return content


def opened_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for whoever may write to it one day, as opening a pipe does."""
    return os.open(path, flags | os.O_NONBLOCK)


def decoded(content: bytes) -> str:
    """Return the text; what is not UTF-8 or marked as UTF-16 is taken for Windows-1252."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def parse(text: str, *, symbol: str = "", interval: Interval | None = None, zone: tzinfo = UTC) -> PriceFile:
    """Read the prices in ``text``; see `read`.

    Raises:
        ValueError: there is no date or close, nothing of ``symbol``, or the interval is none of ours.
    """
    header, _, _ = text.lstrip().partition("\n")
    delimiter = max(DELIMITERS, key=header.count)
    names = columns(next(csv.reader([header.strip()], delimiter=delimiter), []))
    rows = list(islice(_of_symbol(_rows(text, names, delimiter), symbol), MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise ValueError(f"it has more than {MAX_ROWS:,} rows of one security; split it")
    if not rows:
        raise ValueError(f"there is nothing of {symbol} in it" if symbol and "symbol" in names else "it has no rows")
    reader = csv_values.moment_reader(row.cells["date"] for row in rows)
    moments = [_moment(row, reader) for row in rows]
    interval = interval or _interval(rows, [moment for moment in moments if moment is not None], zone)
    history = _history(rows, moments, interval=interval, zone=zone, decimal_comma=delimiter == ";")
    return PriceFile(_layout(header, names), interval, history, len(rows))


def columns(header: Sequence[str]) -> list[str]:
    """Return our names of a file's columns; those that nobody needs are empty.

    Raises:
        ValueError: there is no date, or no close.
    """
    bare = [name.strip().lower().strip("<>") for name in header]
    prefixes = {name.partition(".")[0] for name in bare if "." in name and " " not in name}
    if len(prefixes) == 1:  # AAPL.Open, AAPL.High, …
        bare = [name.removeprefix(f"{next(iter(prefixes))}.") for name in bare]
    known = {name: ours for ours, names in NAMES.items() for name in names}
    found = [known.get(name, "") for name in bare]
    if "date" in found and "close" not in found and len(found) == 2:  # noqa: PLR2004 - a date and a value
        found[1 - found.index("date")] = "close"
    for needed in ("date", "close"):
        if found.count(needed) != 1:
            raise ValueError(f"its first line names {'no' if needed not in found else 'more than one'} {needed}")
    return found


def _layout(header: str, names: Sequence[str]) -> Layout:
    if "adjusted" in names:
        return Layout.YAHOO
    return Layout.STOOQ if "<close>" in header.lower() else Layout.PLAIN


def _rows(text: str, names: Sequence[str], delimiter: str) -> Iterator[_Row]:
    lines = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter)
    next(lines)
    for cells in lines:
        if cells and any(cell.strip() for cell in cells):
            named = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}
            yield _Row(lines.line_num, {"date": "", "close": "", **named})


def _of_symbol(rows: Iterator[_Row], symbol: str) -> Iterator[_Row]:
    """Keep the rows of ``symbol``; Stooq writes ``AAPL.US``."""
    wanted = symbol.upper()
    for row in rows:
        name = row.cells.get("symbol", "").upper()
        if not name or not wanted or wanted in {name, name.removesuffix(".US")}:
            yield row


def _moment(row: _Row, read_moment: csv_values.ReadMoment) -> datetime | None:
    """Return the date of a row, with the time that stands in a column of its own."""
    try:
        moment = read_moment(row.cells["date"])
        time = row.cells.get("time", "").replace(":", "").ljust(6, "0")
        if time.strip("0"):
            return moment.replace(hour=int(time[:2]), minute=int(time[2:4]), second=int(time[4:6]))
    except ValueError:
        return None
    return moment


def _interval(rows: Sequence[_Row], moments: Sequence[datetime], zone: tzinfo) -> Interval:
    """Tell the interval: by its own column, else by the usual distance between rows.

    Raises:
        ValueError: it is none of ours, or there are too few rows to tell.
    """
    period = rows[0].cells.get("period", "").upper()
    if period in PERIODS:
        return PERIODS[period]
    instants = sorted({csv_values.as_instant(moment, zone=zone) for moment in moments})
    if len(instants) < 2:  # noqa: PLR2004
        raise ValueError("its interval cannot be told; name it")
    usual = timedelta(
        seconds=statistics.median((after - before).total_seconds() for before, after in pairwise(instants))
    )
    for interval, shortest, longest in DISTANCES:
        if shortest <= usual <= longest:
            return interval
    raise ValueError(f"its bars are {usual} apart, which is no interval that is kept")


def _history(
    rows: Sequence[_Row], moments: Sequence[datetime | None], *, interval: Interval, zone: tzinfo, decimal_comma: bool
) -> History:
    bars: list[Bar] = []
    actions: list[Action] = []
    skipped: list[SkippedRow] = []
    adjusted: dict[datetime, Decimal] = {}
    for row, moment in zip(rows, moments, strict=True):
        try:
            if moment is None:
                raise ValueError(f"{row.cells['date'][:40]!r} is not a date")  # noqa: TRY301
            bar, close = _bar(row, moment, interval, zone, decimal_comma)
            actions += _actions(row, moment, decimal_comma)
        except ValueError as exc:
            skipped.append(SkippedRow(str(exc), row=row.number))
            continue
        bars.append(bar)
        if close is not None:
            adjusted[bar.at] = close
    bars.sort(key=lambda bar: bar.at)
    return History(
        bars,
        actions,
        is_split_adjusted=None,
        adjusted_closes=adjusted,
        skipped=skipped[:MAX_SKIPPED],
    )


def _bar(
    row: _Row, moment: datetime, interval: Interval, zone: tzinfo, decimal_comma: bool
) -> tuple[Bar, Decimal | None]:
    """Read a bar, and the adjusted close beside it.

    Raises:
        ValueError: something is no number, or there is no close.
    """
    at = csv_values.as_instant(moment, zone=zone) if interval.is_intraday else instant_of(moment.date())
    number = {
        name: csv_values.read_number(row.cells.get(name, ""), decimal_comma=decimal_comma)
        for name in ("open", "high", "low", "close", "adjusted")
    }
    close = number["close"]
    if close is None:
        raise ValueError("there is no close")
    volume = csv_values.read_volume(row.cells.get("volume", ""), decimal_comma=decimal_comma)
    return Bar(at, number["open"], number["high"], number["low"], close, volume), number["adjusted"]


def _actions(row: _Row, moment: datetime, decimal_comma: bool) -> Iterator[Action]:
    """Yield the dividend and the split of a row; 0 says none, and so does a split of 1."""
    for kind, name in ((ActionKind.DIVIDEND, "dividend"), (ActionKind.SPLIT, "split")):
        value = csv_values.read_number(row.cells.get(name, ""), decimal_comma=decimal_comma)
        if value and not (kind is ActionKind.SPLIT and value == 1):
            yield Action(moment.date(), kind, value)
