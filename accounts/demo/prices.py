"""Made-up prices: a walk that starts on a fixed day, so that a day has the same price whenever it is asked for."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from accounts.demo import chance
from accounts.demo.household import DemoSecurity
from finances import money
from securities.bars import Bar

START = date(2020, 1, 1)
SATURDAY = 5
# In hundredths of a percent a day; on average three of them, some eight percent a year.
LARGEST_FALL, LARGEST_RISE = -120, 126


def walk(security: DemoSecurity, *, since: date, until: date) -> list[Bar]:
    """Return the bars of the weekdays from ``since`` to ``until``, both included, oldest first."""
    return [bar for day, bar in _bars(security, until) if day >= since]


def _bars(security: DemoSecurity, until: date) -> Iterator[tuple[date, Bar]]:
    opened = Decimal(security.start)
    for offset in range((until - START).days + 1):
        day = START + timedelta(days=offset)
        if day.weekday() >= SATURDAY:
            continue
        drawn = chance.number(f"{security.symbol}/{day}", below=LARGEST_RISE - LARGEST_FALL + 1)
        close = _cents(opened * (10_000 + LARGEST_FALL + drawn) / 10_000)
        high, low = _cents(max(opened, close) * Decimal("1.004")), _cents(min(opened, close) * Decimal("0.996"))
        volume = 1000 * (10 + chance.number(f"{security.symbol}/{day}/volume", below=490))
        yield day, Bar(datetime.combine(day, time.min, UTC), opened, high, low, close, volume)
        opened = close


def _cents(price: Decimal) -> Decimal:
    return money.rounded(price, decimal_places=2)
