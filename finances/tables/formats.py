"""CSV, XLSX and JSON: read within bounds, with every digit as it is written; written without formulas."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import tablib
from import_export.formats import base_formats

from finances.tables.limits import (
    MAX_BULK_ROWS,
    MAX_BYTES,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_OTHER_PART,
    MAX_PARTS,
    MAX_UNPACKED,
    TableError,
)

BLOCK = 1024 * 1024  # bytes that are unpacked at once
DECLARATION = b"<!DOCTYPE"
UNREADABLE = "This is no XLSX file that can be read"
CELLS = ("xl/worksheets/", "xl/sharedStrings")  # where the cells of a workbook are; all else is small


def dataset(rows: Iterable[Iterable[Any]]) -> tablib.Dataset:
    """Make a dataset of ``rows``, of which the first names the columns; rows with nothing in them are left out.

    Raises:
        TableError: the names are missing or double, a row is wider than they are, or there is too much of it.
    """
    remaining: Iterator[list[Any]] = (list(row) for row in rows)
    heads = ["" if name is None else str(name).strip() for name in next(remaining, [])]
    while heads and not heads[-1]:
        heads.pop()
    if not heads or not all(heads) or len(set(heads)) < len(heads) or len(heads) > MAX_COLUMNS:
        raise TableError(f"The first row names the columns, each once, at most {MAX_COLUMNS} of them.")
    table = tablib.Dataset(headers=heads)
    for number, row in enumerate(remaining, 2):
        if number > MAX_BULK_ROWS + 1:
            raise TableError(f"There are more than {MAX_BULK_ROWS:,} rows; split the file.")
        cells = row + [None] * (len(heads) - len(row))
        if any(cell not in {None, ""} for cell in cells[len(heads) :]):
            raise TableError(f"Row {number} has more cells than there are columns.")
        if any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells):
            raise TableError(f"Row {number} has a cell of more than {MAX_CELL:,} characters.")
        if any(cell not in {None, ""} for cell in cells):
            table.append(cells[: len(heads)])
    return table


def as_text(content: str | bytes) -> str:
    """Return ``content`` as text.

    Raises:
        TableError: it is too long, or not in UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise TableError(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    try:
        return content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as exc:
        raise TableError("The file is not in UTF-8. A spreadsheet offers “CSV UTF-8” when it saves.") from exc


class CSV(base_formats.CSV):  # type: ignore[misc]
    """Comma-separated values; a semicolon or a tab is understood, too."""

    def create_dataset(self, in_stream: str | bytes, **_options: Any) -> tablib.Dataset:
        """Read the rows; each cell is the text that was written."""
        text = as_text(in_stream)
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        try:
            return dataset(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except csv.Error as exc:
            raise TableError(f"This is no CSV file: {exc}.") from exc


class JSON(base_formats.JSON):  # type: ignore[misc]
    """A list of objects, one a row; numbers keep their digits."""

    def create_dataset(self, in_stream: str | bytes, **_options: Any) -> tablib.Dataset:
        """Read the objects; a name that one of them lacks is an empty cell."""
        try:
            rows = json.loads(as_text(in_stream), parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
        except (ValueError, RecursionError) as exc:
            raise exc if isinstance(exc, TableError) else TableError(f"This is no JSON: {exc}.") from exc
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TableError("A table in JSON is a list of objects.")
        if any(isinstance(cell, dict | list) for row in rows for cell in row.values()):
            raise TableError("A cell is a text, a number, true, false or null.")
        if len(rows) > MAX_BULK_ROWS:
            raise TableError(f"There are more than {MAX_BULK_ROWS:,} rows; split the file.")
        # Of more names than there may be, one too many is enough to say so.
        heads = list(islice(dict.fromkeys(name for row in rows for name in row), MAX_COLUMNS + 1))
        return dataset(chain([heads], ([row.get(name) for name in heads] for row in rows)))


def _refuse(constant: str) -> None:
    raise TableError(f"{constant} is no number.")


class XLSX(base_formats.XLSX):  # type: ignore[misc]
    """A workbook's first sheet. Written as text throughout: numbers of a spreadsheet keep 15 digits, ours all."""

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        """Read the cells, of formulas their last result."""
        import openpyxl  # takes 30 MB with NumPy, and most processes never see a workbook

        require_harmless(in_stream)
        try:
            book = openpyxl.load_workbook(io.BytesIO(in_stream), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says of its size need not be true
            rows = sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1)
            return dataset(islice(rows, MAX_BULK_ROWS + 2))
        except TableError:
            raise
        except Exception as exc:  # openpyxl raises whatever a broken file leads to
            raise TableError(f"{UNREADABLE}.") from exc


def require_harmless(content: bytes) -> None:
    """Refuse a packed file that is, or unpacks to, more than it may.

    Raises:
        TableError: it does, or it is no such file.
    """
    if len(content) > MAX_BYTES:
        raise TableError(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if len(packed.infolist()) > MAX_PARTS:
                raise TableError(f"{UNREADABLE}: it has more than {MAX_PARTS:,} parts.")
            size = 0
            for member in packed.infolist():
                size += require_harmless_part(packed, member, room=MAX_UNPACKED - size)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, zipfile.zlib.error) as exc:  # type: ignore[attr-defined]
        raise TableError(f"{UNREADABLE}.") from exc


def require_harmless_part(packed: zipfile.ZipFile, member: zipfile.ZipInfo, *, room: int) -> int:
    """Return how many bytes a part of a workbook unpacks to.

    Raises:
        TableError: they are more than ``room``, or than a part other than the cells may have, or declare something.
    """
    size, before = 0, b""
    with packed.open(member) as stream:  # what is said of its size need not be true
        while block := stream.read(BLOCK):
            size += len(block)
            if size > MAX_OTHER_PART and not member.filename.startswith(CELLS):
                raise TableError(f"{UNREADABLE}: it is nearly all decoration.")
            if DECLARATION in (before + block).replace(b"\0", b""):  # nor do spreadsheets declare entities
                raise TableError(f"{UNREADABLE}.")
            if size > room:
                raise TableError(f"The file unpacks to more than {MAX_UNPACKED // 1024 // 1024} MB.")
            before = block[-4 * len(DECLARATION) :]  # it may begin in one block and end in the next
    return size


FORMATS = (CSV, XLSX, JSON)
