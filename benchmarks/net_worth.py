"""What does ten years of daily net worth cost? Prints seconds, queries, and ratios to merely reading the rows.

Run from the project's root: ``python -m benchmarks.net_worth [years] [accounts …]``. Uses a test database beside
that of ``DATABASE_URL``. There are five holdings for two accounts, three currencies, monthly values, and daily closes
and rates. "Reading" fetches the closes, values and rates that the series needs, and drops them.
"Reference" is the loop over days, accounts and holdings that the tests compare with, for the last 30 days, and what it
would take for all. The last line is of ten holdings of which some more is bought each month, in shares that were split
twice: without a database, each day and the first of each thirty.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks import database

END = date(2026, 10, 30)
CODES = ("CAD", "USD", "EUR")
SATURDAY = 5
ROUNDS = 3
HOLDINGS = 10


def weekdays(start: date) -> list[date]:
    """Return the weekdays from ``start`` to the end."""
    days = [start + timedelta(days=number) for number in range((END - start).days + 1)]
    return [day for day in days if day.weekday() < SATURDAY]


def instant(day: date) -> datetime:
    """Return the midnight of ``day``."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def store_market(start: date, count: int) -> list[Any]:
    """Store ``count`` securities with daily closes, and daily rates of the euro."""
    from currencies.models import CurrencyRate
    from securities.models import Security, SecurityPrice

    chance = random.Random(1)
    days = weekdays(start)
    securities = Security.objects.bulk_create(
        [Security(symbol=f"BENCH{number}", currency_id=CODES[number % 3]) for number in range(count)]
    )
    for security in securities:
        SecurityPrice.objects.bulk_create(
            [
                SecurityPrice(
                    security=security, timestamp=instant(day), close=Decimal(chance.randrange(10**4, 10**5)).scaleb(-2)
                )
                for day in days
            ],
            batch_size=2000,
        )
    CurrencyRate.objects.bulk_create(
        [
            CurrencyRate(
                base_id="EUR",
                target_id=code,
                date=day,
                source="ecb",
                rate=Decimal(chance.randrange(10**4, 2 * 10**4)).scaleb(-4),
            )
            for code in ("CAD", "USD", "JPY", "GBP")
            for day in days
        ],
        batch_size=2000,
    )
    return list(securities)


def store_household(user: Any, start: date, count: int, securities: list[Any]) -> None:
    """Store ``count`` accounts with monthly values; every other one holds five securities."""
    from accounts.models import Account, AccountValue

    chance = random.Random(2)
    accounts = Account.objects.bulk_create(
        [
            Account(
                user=user,
                name=f"Account {number}",
                currency_id=CODES[number % 3],
                account_type="margin" if number % 2 else "mortgage" if number % 10 == 0 else "savings",
                is_investment_account=bool(number % 2),
            )
            for number in range(count)
        ]
    )
    months = [start + timedelta(days=30 * number) for number in range((END - start).days // 30)]
    AccountValue.objects.bulk_create(
        [
            AccountValue(
                account=account, user=user, timestamp=instant(day), value=chance.randrange(10**6), cash_balance=100
            )
            for account in accounts
            for day in months
        ],
        batch_size=2000,
    )
    store_holdings([account for account in accounts if account.is_investment_account], start, securities)


def store_holdings(accounts: list[Any], start: date, securities: list[Any]) -> None:
    """Let each of ``accounts`` hold five securities."""
    from accounts.models import Holding

    chance = random.Random(3)
    held = [(account, place) for account in accounts for place in range(5)]
    Holding.objects.bulk_create(
        [
            Holding(
                account=account,
                user_id=account.user_id,
                security=securities[(number + place) % len(securities)],
                quantity=Decimal(chance.randrange(1, 10**6)).scaleb(-2),
                average_cost=1,
                timestamp=instant(start),
            )
            for number, (account, place) in enumerate(held)
        ]
    )


def read_only(user: Any, start: date) -> int:
    """Fetch the rows that the series needs, and return how many there are."""
    from accounts.models import AccountValue, Holding
    from currencies.models import CurrencyRate
    from securities.models import SecurityPrice

    held = Holding.objects.for_user(user).values("security")
    reads = [
        SecurityPrice.objects.filter(security__in=held, interval="1d", timestamp__gte=instant(start))
        .order_by("security_id", "timestamp")
        .values_list("security_id", "timestamp", "close", "pk"),
        AccountValue.objects.for_user(user).values_list("pk", "account_id", "timestamp", "value", "cash_balance"),
        CurrencyRate.objects.filter(base="EUR", target__in=CODES, date__gte=start).values_list(
            "base_id", "target_id", "date", "rate", "source"
        ),
    ]
    return sum(sum(1 for _ in rows.iterator()) for rows in reads)


def series(user: Any, start: date) -> int:
    """Compute the series, and return how many points it has."""
    from portfolio import services
    from portfolio.days import Spacing

    found = services.net_worth(user=user, start=start, end=END, spacing=Spacing.DAY, currency="CAD")
    return sum(1 for point in found.points if point.net_worth.value is not None)


def reference_day(user: Any, start: date) -> float:
    """Return the seconds that the plain loop takes for one day of the series."""
    from portfolio import loading
    from portfolio.loading import Wanted
    from portfolio.tests import reference

    found = loading.household(user=user, wanted=Wanted((start, END), is_range=True), currency="CAD")
    rates = [rate for _, rates in found.rates._pairs.values() for rate in rates]  # noqa: SLF001 - a benchmark
    started = time.perf_counter()
    for number in range(3):
        reference.net_worth(found.accounts, rates, on=END - timedelta(days=number), currency="CAD")
    return (time.perf_counter() - started) / 3


def purchases(start: date) -> Any:
    """Return a household of ten holdings, each bought again every month, of shares that were split twice."""
    from portfolio.tests.household import account, household, security

    closes = [(day.isoformat(), f"{100 + day.day}.{day.month:02}") for day in weekdays(start)]
    span = END - start
    splits = [((start + span / 3).isoformat(), "4"), ((start + span / 2).isoformat(), "0.333333333333")]
    bought = [((start + timedelta(days=30 * number)).isoformat(), str(number + 1)) for number in range(span.days // 30)]
    held = [
        (security(f"BENCH{number}", closes=closes, splits=splits, currency="CAD"), bought) for number in range(HOLDINGS)
    ]
    return household(account("Margin", values=[(start.isoformat(), "0", "0")], held=held))


def measure_purchases(start: date) -> None:
    """Measure and print what purchases cost."""
    from portfolio.series import series

    days = [start + timedelta(days=number) for number in range((END - start).days + 1)]
    found = purchases(start)
    daily, monthly = (seconds(lambda step=step: list(series(found, days[::step]))) for step in (1, 30))
    print(f"{HOLDINGS} holdings bought monthly, two splits: daily {daily:6.2f} s   monthly {monthly:6.2f} s")


def seconds(act: Callable[[], object]) -> float:
    """Return the median of the seconds that ``act`` takes."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def measure(count: int, start: date, securities: list[Any]) -> None:
    """Measure and print for ``count`` accounts."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from users.models import User

    user = User.objects.create_user(f"bench{count}@example.org", "correct horse battery")
    store_household(user, start, count, securities)
    rows, read = read_only(user, start), seconds(lambda: read_only(user, start))
    with CaptureQueriesContext(connection) as queries:
        points = series(user, start)
    took, plain = seconds(lambda: series(user, start)), reference_day(user, start) * points
    print(
        f"{count:4} accounts  {rows:7} rows  {points} points  {len(queries):2} queries   reading {read:6.2f} s   "
        f"series {took:6.2f} s   ratio {took / read:5.2f}   the plain loop about {plain:7.0f} s"
    )


def main(years: int, counts: list[int]) -> None:
    """Measure and print."""
    with database.of_its_own():
        from django.db import connection

        start = END.replace(year=END.year - years)
        securities = store_market(start, 50)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        for count in counts:
            measure(count, start, securities)
        measure_purchases(start)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10, [int(word) for word in sys.argv[2:]] or [1, 10, 20, 100])
