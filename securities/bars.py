"""Prices of one length of time."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from finances import money

PRICE_PLACES = 10  # of the columns


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

    def as_stored(self) -> "Bar":
        """Return the bar as its columns hold it: to the second, and its prices to ten places."""
        opened, high, low, close = (_rounded(price) for price in self[1:5])
        at = self.at if self.at.tzinfo is UTC and not self.at.microsecond else self.at.astimezone(UTC)
        return Bar(at.replace(microsecond=0), opened, high, low, close, self.volume)  # type: ignore[arg-type]


def _rounded(price: Decimal | None) -> Decimal | None:
    if price is None or price.as_tuple().exponent >= -PRICE_PLACES:  # type: ignore[operator]
        return price
    return money.rounded(price, decimal_places=PRICE_PLACES)
