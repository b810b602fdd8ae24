"""How do the admin's pages grow with their tables? Prints medians, and their ratio to those of 1 000 rows.

Run from the project's root: ``DATABASE_URL=… python -m benchmarks.admin_pages [rows] [words …]``, on PostgreSQL, or
without DATABASE_URL on SQLite. Fills prices, dividends, rates, account values and their records, ``rows`` of each (a
million), and opens every list, its second page, its filters by name and by day, a search and a form; with words, only
the pages of which the name has one. Uses a test database beside that of ``DATABASE_URL``.
"""

import statistics
import sys
import time
from typing import Any

from benchmarks import database

SMALL, ROUNDS = 1000, 7
FIRST_DAY, A_DAY = "2016-01-04", "2016-03-01"
# Days and keys, in the words of each database; {i} counts.
WORDS = {
    "postgresql": {
        "instant": f"timestamptz '{FIRST_DAY} 00:00:00+00' + i * interval '1 day'",
        "day": f"date '{FIRST_DAY}' - 3000 + i",
        "key": "gen_random_uuid()",
    },
    "sqlite": {
        "instant": f"strftime('%Y-%m-%d %H:%M:%S', '{FIRST_DAY}', '+' || i || ' days')",
        "day": f"date('{FIRST_DAY}', '-3000 days', '+' || i || ' days')",
        "key": "lower(hex(randomblob(16)))",
    },
}
SERIES = "WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {last}) "
FILLING = {
    "securities_securityprice": """
        (security_id, interval, timestamp, open, high, low, close, volume)
        {series} SELECT security.id, '1d', {instant}, '100', '102', '99.5', '101.25', 123456
        FROM securities_security security, numbers""",
    "securities_securityaction": """
        (security_id, kind, date, value, created_at, updated_at)
        {series} SELECT security.id, 'dividend', {day}, '0.25', {instant}, {instant}
        FROM securities_security security, numbers""",
    "currencies_currencyrate": """
        (base_id, target_id, date, rate, source, created_at, updated_at)
        {series} SELECT 'EUR', currency.code, {day}, '1.25', 'ecb', {instant}, {instant}
        FROM currencies_currency currency, numbers WHERE currency.code <> 'EUR'""",
    "accounts_accountvalue": """
        (id, user_id, account_id, timestamp, value, created_at, updated_at)
        {series} SELECT {key}, account.user_id, account.id, {instant}, '1000.5', {instant}, {instant}
        FROM accounts_account account, numbers""",
    "accounts_historicalaccountvalue": """
        (id, user_id, account_id, timestamp, value, created_at, updated_at, history_date, history_type)
        {series} SELECT {key}, account.user_id, account.id, {instant}, '1000.5', {instant}, {instant}, {instant}, '+'
        FROM accounts_account account, numbers""",
}


def fill(rows: int) -> None:
    """Empty the tables, and store ``rows`` in each of them."""
    from django.db import connection

    from accounts.models import Account
    from currencies.models import Currency
    from securities.models import Security
    from users.models import User

    with connection.cursor() as cursor:
        for table in FILLING:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
    many = max(10, rows // 2500)
    securities = [Security(symbol=f"S{number}", name="Filled", currency_id="USD") for number in range(many)]
    Security.objects.bulk_create(securities, ignore_conflicts=True)
    for number in range(User.objects.count(), many // 4 + 3):
        owner = User.objects.create_user(f"owner{number}@example.org", "correct horse battery")
        accounts = [Account(user=owner, name=f"A{one}", account_type="savings", currency_id="CAD") for one in range(4)]
        Account.objects.bulk_create(accounts)
    parents = {"securities": many, "currencies": Currency.objects.count() - 1, "accounts": Account.objects.count()}
    words = WORDS[connection.vendor]
    with connection.cursor() as cursor:
        for table, columns in FILLING.items():
            last = rows // parents[table.partition("_")[0]] - 1
            cursor.execute(f"INSERT INTO {table} {columns.format(series=SERIES.format(last=last), **words)}")
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def pages() -> dict[str, str]:
    """Return the addresses of the pages, by name."""
    from django.urls import reverse

    from accounts.models import AccountValue
    from currencies.models import CurrencyRate
    from securities.models import SecurityAction, SecurityPrice

    named = {
        SecurityPrice: {"by security": "symbol=S3", "by interval": "interval=1h", "search": "q=S3"},
        SecurityAction: {"by security": "symbol=S3", "by kind": "kind=split", "search": "q=S3"},
        CurrencyRate: {"by currency": "currency=CAD", "by source": "source=manual", "search": "q=EUR/CAD"},
        AccountValue: {"by owner": "owner=owner1@example.org", "search": "q=owner1@example.org"},
        AccountValue.history.model: {
            "by owner": "owner=owner1@example.org", "by kind": "history_type__exact=-", "search": "q=owner1@example.org"
        },
    }  # fmt: skip
    found = {}
    for model, queries in named.items():
        name = model._meta.verbose_name_plural
        address = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = reverse(f"{address}_changelist")
        found |= {name: listed, f"{name}, page 2": f"{listed}?p=2"}
        found |= {f"{name}, {how}": f"{listed}?{query}" for how, query in queries.items()}
        found[f"{name}, a day"] = f"{listed}?since={A_DAY}&until={A_DAY}"
        found[f"{name}, days to come"] = f"{listed}?since=2095-01-01"
        found[f"{name}, form"] = reverse(f"{address}_change", args=[model.objects.order_by("pk").last().pk])
    found["securities"] = reverse("admin:securities_security_changelist")
    found["accounts"] = reverse("admin:accounts_account_changelist")
    found["currencies"] = reverse("admin:currencies_currency_changelist")
    found["index"] = reverse("admin:index")
    return found


def measured(client: Any, words: list[str]) -> dict[str, tuple[float, int]]:
    """Return the median of the milliseconds that each page takes, and its queries.

    Raises:
        RuntimeError: a page does not open.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    result = {}
    for name, address in pages().items():
        if words and not any(word in name for word in words):
            continue
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        count = len(queries)  # of the first time; the next request forgets them
        if answer.status_code != 200:  # noqa: PLR2004
            raise RuntimeError(f"{address} answered {answer.status_code}")
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            client.get(address)
            times.append(time.perf_counter() - started)
        result[name] = (statistics.median(times) * 1000, count)
    return result


def main(rows: int, words: list[str]) -> None:
    """Measure with few rows, then with many."""
    with database.of_its_own():
        from django.db import connection
        from django.test import Client

        from users.models import User

        client = Client(headers={"Host": "localhost"})
        client.force_login(User.objects.create_superuser("admin@example.org", "correct horse battery"))
        fill(SMALL)
        few = measured(client, words)
        started = time.perf_counter()
        fill(rows)
        print(f"{connection.vendor}, {rows:,} rows of each, filled in {time.perf_counter() - started:.0f} s")
        many = measured(client, words)
        for name, (took, queries) in many.items():
            before = few[name][0]
            print(f"{name:45} {before:7.1f} ms  {took:7.1f} ms  ratio {took / before:5.1f}  {queries:2} queries")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2:])
