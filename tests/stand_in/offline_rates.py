"""Exchange rates for trying things out with no internet: invented ones, up to the day on which they are asked for."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

from tests.stand_in import rate_answers
from tests.stand_in.rate_answers import ECB_COLUMNS, SERVICE

DAYS = 90
MONTH_LENGTH = 30
# What a euro is: near what it was on 2026-10-30, so that the figures follow on the real ones of the packaged history.
PER_EURO = {
    "EUR": "1", "USD": "1.12", "JPY": "176", "GBP": "0.834", "CAD": "1.56", "CHF": "0.92", "AUD": "1.72", "SEK": "11.1",
}  # fmt: skip


def per_euro(code: str, on: date) -> Decimal:
    """Return the invented rate of a euro in ``code``, which rises and falls by a fiftieth each month."""
    phase = on.toordinal() % MONTH_LENGTH
    wobble = Decimal(min(phase, MONTH_LENGTH - phase)) / 750 if code != "EUR" else Decimal(0)
    return (Decimal(PER_EURO[code]) * (1 + wobble)).quantize(Decimal("0.0001"))


def latest(base: str, *, rates_key: str) -> bytes:
    """Write today's table of exchangerate-api.com or open.er-api.com."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    one = per_euro(base, midnight.date())
    rates = {code: float(round(per_euro(code, midnight.date()) / one, 6)) for code in PER_EURO}
    head = {"result": "success", **SERVICE, "time_last_update_unix": int(midnight.timestamp()), "base_code": base}
    return json.dumps({**head, rates_key: rates}).encode()


def ecb_90_days() -> bytes:
    """Write the ECB's file of the last 90 days: its working days, newest first."""
    today = datetime.now(UTC).date()
    days = (today - timedelta(days=age) for age in range(DAYS))
    rows = {day.isoformat(): ecb_row(day) for day in days if day.isoweekday() < 6}
    return rate_answers.ecb_90_days_xml(rows)


def ecb_row(on: date) -> tuple[str, ...]:
    """Return a day's rates in the order of the file's columns."""
    return tuple(str(per_euro(code, on)) if code in PER_EURO else "N/A" for code in ECB_COLUMNS)


CODES = "|".join(PER_EURO)
ROUTES = [
    (re.compile(rf"/open/v6/latest/({CODES})"), partial(latest, rates_key="rates")),
    (re.compile(r"/ecb/eurofxref-hist-90d\.xml"), ecb_90_days),
]
