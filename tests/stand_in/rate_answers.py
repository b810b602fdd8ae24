"""What the rate services answer: their published shapes, around a few real figures.

The euro rates are the ECB's reference rates of those days; the dollar rates are invented and marked so.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from email.utils import formatdate

# Source: European Central Bank, euro foreign exchange reference rates (eurofxref-hist). N/A as published.
ECB_COLUMNS = ("USD", "JPY", "BGN", "GBP", "HRK", "CAD", "CHF", "RUB", "LTL")
ECB_ROWS = {
    "2026-10-30": ("1.1172", "175.68", "N/A", "0.8338", "N/A", "1.5606", "0.9194", "N/A", "N/A"),
    "2026-10-29": ("1.113", "175.92", "N/A", "0.83578", "N/A", "1.5577", "0.9222", "N/A", "N/A"),
    "2022-12-30": ("1.0666", "140.66", "1.9558", "0.88693", "7.5365", "1.444", "0.9847", "N/A", "N/A"),
    "2015-06-05": ("1.1218", "139.97", "1.9557", "0.7317", "7.5589", "1.4023", "1.0478", "62.81", "N/A"),
    "2008-07-15": ("1.599", "167.48", "1.9558", "0.79555", "7.2251", "1.5979", "1.6065", "36.925", "3.4528"),
    "1999-01-04": ("1.1789", "133.73", "N/A", "0.7111", "N/A", "1.8004", "1.6168", "N/A", "4.717"),
}
DAILY_COLUMNS = ("USD", "JPY", "GBP", "CHF", "CAD")
DAILY_DATE, DAILY_LONG_DATE = "2026-10-30", "30 October 2026"

# Invented: round figures that nobody can take for real ones. ZZZ is a code that no list knows.
DOLLAR_RATES = {"CAD": "1.25", "EUR": "0.800000000001", "JPY": "150.5", "KWD": "3.05e-1", "ZZZ": "42"}
LAST_UPDATE = 1793318551  # 2026-10-30 00:02:31 UTC

SERVICE = {
    "documentation": "https://www.exchangerate-api.com/docs",
    "terms_of_use": "https://www.exchangerate-api.com/terms",
}


def latest(base: str, *, rates_key: str) -> bytes:
    """Write a latest table of exchangerate-api.com or open.er-api.com for ``base``, with the dollar's figures."""
    head = {
        "result": "success",
        **SERVICE,
        "time_last_update_unix": LAST_UPDATE,
        "time_last_update_utc": formatdate(LAST_UPDATE).replace("-0000", "+0000"),
        "base_code": base,
    }
    rates = ", ".join(f'"{code}": {rate}' for code, rate in {**DOLLAR_RATES, base: "1"}.items())
    return f'{json.dumps(head)[:-1]}, "{rates_key}": {{{rates}}}}}'.encode()


def history(base: str, year: str, month: str, day: str) -> bytes:
    """Write a table of one past day in the shape of exchangerate-api.com."""
    head = {"result": "success", **SERVICE, "year": int(year), "month": int(month), "day": int(day), "base_code": base}
    return f'{json.dumps(head)[:-1]}, "conversion_rates": {{"CAD": 1.25, "EUR": 0.8}}}}'.encode()


def error(error_type: str) -> bytes:
    """Write an error body of exchangerate-api.com."""
    return json.dumps({"result": "error", **SERVICE, "error-type": error_type}).encode()


def ecb_daily_zip() -> bytes:
    """Write the ECB's daily file: spaces after commas, a long date, a trailing comma."""
    values = dict(zip(ECB_COLUMNS, ECB_ROWS[DAILY_DATE], strict=True))
    head = ", ".join(("Date", *DAILY_COLUMNS, ""))
    row = ", ".join((DAILY_LONG_DATE, *(values[code] for code in DAILY_COLUMNS), ""))
    return zipped("eurofxref.csv", f"{head}\n{row}\n")


def ecb_history_zip() -> bytes:
    """Write the ECB's whole history: ISO dates, N/A, a trailing comma."""
    lines = [",".join(("Date", *ECB_COLUMNS, ""))]
    lines += [",".join((day, *values, "")) for day, values in ECB_ROWS.items()]
    return zipped("eurofxref-hist.csv", "\n".join(lines) + "\n")


def ecb_90_days_xml(rows: Mapping[str, tuple[str, ...]] | None = None) -> bytes:
    """Write the ECB's file of the last 90 days, of ``rows`` unless of its own."""
    days = []
    for day, rates in (rows or dict(list(ECB_ROWS.items())[:2])).items():
        pairs = zip(ECB_COLUMNS, rates, strict=True)
        cubes = "".join(f'<Cube currency="{code}" rate="{rate}"/>' for code, rate in pairs if rate != "N/A")
        days.append(f'<Cube time="{day}">{cubes}</Cube>')
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
        ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">'
        "<gesmes:subject>Reference rates</gesmes:subject>"
        f"<Cube>{''.join(days)}</Cube></gesmes:Envelope>"
    ).encode()


def zipped(name: str, text: str) -> bytes:
    """Pack ``text`` as the only file of a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return packed.getvalue()
