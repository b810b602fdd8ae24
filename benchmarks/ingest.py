"""How fast do prices go in? Prints seconds and ratios of medians, on PostgreSQL.

Run from the project's root: ``DATABASE_URL=postgres://… python -m benchmarks.ingest [rounds] [securities]``. Stores
2500 daily bars of each of 100 securities, 250 000 rows, into an empty table and then once more unchanged: with
`securities.ingest.store_prices` and with ``bulk_create(update_conflicts=True)``; and copies the same rows raw into a
table of the same form, with its indexes and checks. Uses a test database beside that of ``DATABASE_URL``.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks import database

DAYS = 2500
FIRST_DAY = datetime(2016, 1, 4, tzinfo=UTC)


def seconds(act: Callable[[], object]) -> float:
    """Return how long ``act`` takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def walk(seed: int) -> list[Any]:
    """Return bars of a random walk, with the four decimals and the nine-digit volumes of real ones."""
    from securities.bars import Bar

    chance, price, bars = random.Random(seed), 100.0, []
    for day in range(DAYS):
        price = max(price * (1 + chance.gauss(0.0003, 0.015)), 1.0)
        opened, high, low, close = (Decimal(f"{price * part:.4f}") for part in (1, 1.01, 0.99, 1.002))
        bars.append(Bar(FIRST_DAY + timedelta(days=day), opened, high, low, close, chance.randrange(10**9)))
    return bars


def ways(series: dict[Any, list[Any]]) -> dict[str, Callable[[], object]]:
    """Return the three ways to store ``series``, bars by security."""
    from django.db import connection, transaction

    from securities import ingest
    from securities.intervals import Interval
    from securities.models import SecurityPrice

    def ours() -> None:
        for security, bars in series.items():
            ingest.store_prices(security=security, interval=Interval.DAY, bars=bars)

    def bulk_create() -> None:
        for security, bars in series.items():
            rows = [SecurityPrice(security=security, **dict(zip(ingest.COLUMNS, bar, strict=True))) for bar in bars]
            SecurityPrice.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["security", "interval", "timestamp"],
                update_fields=ingest.VALUES,
            )

    def copy() -> None:
        columns = 'security_id, interval, "timestamp", open, high, low, close, volume'
        for security, bars in series.items():
            lead = f"{security.pk}\t1d\t"
            copied = f"COPY securities_securityprice ({columns}) FROM STDIN"
            with transaction.atomic(), connection.cursor() as cursor, cursor.copy(copied) as into:
                for bar in bars:
                    into.write(lead + "\t".join(map(str, bar)) + "\n")

    return {"store_prices": ours, "bulk_create": bulk_create, "raw COPY": copy}


def measure(rounds: int, count: int) -> None:
    """Store in each way, round by round, and print."""
    from django.db import connection

    from securities.models import Security

    securities = Security.objects.bulk_create([Security(symbol=f"S{number}") for number in range(count)])
    series = {security: walk(number) for number, security in enumerate(securities)}
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, store in ways(series).items():
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE securities_securityprice")
            times.setdefault(name, []).append(seconds(store))
            if name != "raw COPY":
                times.setdefault(f"{name}, unchanged", []).append(seconds(store))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"{count * DAYS} rows, median of {rounds} rounds")
    for name, median in medians.items():
        print(f"{name:26} {median:7.2f} s   {count * DAYS / median:9.0f} rows/s")
    ours, again = medians["store_prices"], medians["store_prices, unchanged"]
    print(f"bulk_create / store_prices             {medians['bulk_create'] / ours:.2f}")
    print(f"the same, unchanged                    {medians['bulk_create, unchanged'] / again:.2f}")
    print(f"raw COPY / store_prices                {medians['raw COPY'] / ours:.2f}")


def main(rounds: int, count: int) -> None:
    """Measure in a database of its own."""
    with database.of_its_own(only_postgresql=True):
        measure(rounds, count)


if __name__ == "__main__":
    main(*(int(argument) for argument in [*sys.argv[1:], *("5", "100")[len(sys.argv) - 1 :]]))
