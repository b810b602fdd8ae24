"""Prices of one length of time."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple


class Bar(NamedTuple):
    """What was paid from ``at`` on, for one bar's length, in the currency of its series.

    ``at`` is an aware instant in UTC; a bar of a day or longer has the midnight (as if in UTC) of its first day, by
    the exchange's calendar. A field other than ``close`` is None where the source does not tell.
    """

    at: datetime
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal
    volume: int | None
