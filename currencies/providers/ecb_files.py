"""The files in which the European Central Bank publishes its reference rates: CSV in a zip, and XML."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree as ET

from currencies.providers import rate_values
from currencies.providers.protocol import PublishedTable, SkippedRate
from finances.exceptions import ProviderUnavailableError

BASE = "EUR"
SOURCE = "ecb"
ATTRIBUTION = "Reference rates by the European Central Bank (https://www.ecb.europa.eu/stats/eurofxref)"
MAX_UNPACKED = 32 * 1024 * 1024  # bytes; the whole history is 2 MB
MAX_SHOWN_LENGTH = 40  # characters of a foreign text in a message of ours
NOT_PUBLISHED = frozenset({"", "N/A"})
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
XML_NAMESPACE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}"


class DamagedFileError(ProviderUnavailableError):
    """The file is not one of the ECB's, or not a whole one."""


def read_zip(packed: bytes) -> list[PublishedTable]:
    """Read a zip around one CSV file: the daily file or the whole history, newest day first.

    Raises:
        DamagedFileError: nothing is taken from a file that is not whole.
    """
    return read_csv(unpack(packed))


def unpack(packed: bytes) -> str:
    """Return the text of the one CSV file in a zip.

    Raises:
        DamagedFileError: it is another file, or not a whole one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            (name,) = archive.namelist()
            with archive.open(name) as member:
                unpacked = member.read(MAX_UNPACKED + 1)
        if len(unpacked) > MAX_UNPACKED:
            raise DamagedFileError("The ECB's file unpacks to more than it can be.")
        return unpacked.decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as exc:
        raise DamagedFileError("The ECB's file is not a zip around one CSV file.") from exc


def read_csv(text: str) -> list[PublishedTable]:
    """Read the CSV layout: a column a currency, a row a day, a comma at each line's end, spaces after commas or not.

    Raises:
        DamagedFileError: the header or a row is not what it should be.
    """
    try:
        # The daily file has spaces after its commas.
        lines = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
        rows = [row for row in lines if row]
    except csv.Error as exc:
        raise DamagedFileError("The ECB's file is not CSV.") from exc
    if len(rows) < 2 or rows[0][0] != "Date":  # noqa: PLR2004 - a header and a day
        raise DamagedFileError("The ECB's file does not start with a header of currencies and a day.")
    header = rows[0]
    days = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise DamagedFileError(f"Line {number} of the ECB's file is not whole.")
        days.append((_date(row[0]), list(zip(header[1:], row[1:], strict=True))))
    return _tables(days)


def read_xml(body: bytes) -> list[PublishedTable]:
    """Read the XML layout of the last 90 days.

    Raises:
        DamagedFileError: it is another document, or none.
    """
    # Without a document type there are no entities, and so nothing that an XML bomb is made of.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise DamagedFileError("The ECB's file declares what the ECB does not declare.")
    try:
        root = ET.fromstring(body)  # noqa: S314 - see above
    except (ET.ParseError, ValueError, LookupError) as exc:
        raise DamagedFileError("The ECB's file is not XML.") from exc
    days = [
        (_date(day.get("time", "")), [(cube.get("currency", ""), cube.get("rate", "")) for cube in day])
        for day in root.iterfind(f"{XML_NAMESPACE}Cube/{XML_NAMESPACE}Cube")
    ]
    return _tables(days)


def between(tables: Iterable[PublishedTable], since: date, until: date) -> Iterator[PublishedTable]:
    """Yield the tables from ``since`` to ``until``, both included."""
    return (table for table in tables if since <= table.on <= until)


def _tables(days: Sequence[tuple[date, list[tuple[str, str]]]]) -> list[PublishedTable]:
    """Build one table a day, newest first."""
    tables = {on: _table(on, cells) for on, cells in days}
    if len(tables) != len(days):
        raise DamagedFileError("The ECB's file has the same day twice.")
    if not any(table.rates for table in tables.values()):
        raise DamagedFileError("The ECB's file has not a single rate.")
    return [tables[on] for on in sorted(tables, reverse=True)]


def _table(on: date, cells: Iterable[tuple[str, str]]) -> PublishedTable:
    rates: dict[str, Decimal] = {}
    skipped = []
    for code, text in cells:
        if text in NOT_PUBLISHED:
            continue
        try:
            rate = rate_values.read_rate(text)
            if rate_values.read_code(code) in rates:
                raise DamagedFileError(f"The ECB's file has {code} twice for one day.")
            rates[code] = rate
        except ValueError as exc:
            skipped.append(SkippedRate(code[:MAX_SHOWN_LENGTH], on, str(exc)))
    return PublishedTable(base=BASE, on=on, rates=rates, source=SOURCE, skipped=tuple(skipped))


def _date(text: str) -> date:
    """Read ``2026-10-30`` or ``30 October 2026``, whatever the process's locale."""
    try:
        if text[:1].isdigit() and text[4:5] == "-":
            return date.fromisoformat(text)
        day, month, year = text.split(" ")
        return date(int(year), 1 + MONTHS.index(month), int(day))
    except ValueError as exc:
        raise DamagedFileError("The ECB's file has a day that is no date.") from exc
