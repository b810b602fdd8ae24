"""What does a search of 50 000 securities cost the database? Prints milliseconds and plans, on either database.

Run from the project's root: ``DATABASE_URL=… python -m benchmarks.search [securities]``. Stores made-up companies,
funds and bonds whose names share words as real ones do, and asks what `securities.services.search` asks: the queries
are those that it sends. Each is sent again under ``EXPLAIN ANALYZE``, whose time is that of the database alone: shown
are the least and the median sum over the queries of one search. Uses a test database beside that of ``DATABASE_URL``.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import database

ROUNDS = 7
LIMIT = 10
# Searches by prefix, by a part of a name, by what is in every name, in few or in none, and by one letter and two.
TEXTS = (
    "AAPL", "BRA", "bank", "northern lights", "holdings", "inc", "series a", "fund", "zyx", "quux", "é", "a", "s", "e",
    "z", "q", "x", "an", "in", "st", "zu", "qz", "xk", "%", "_", "&", "4.", "\\", "ß", "💶",
)  # fmt: skip
STEMS = [
    "Alder", "Amber", "Anchor", "Apex", "Arbor", "Argo", "Aster", "Atlas", "Aurora", "Banner", "Beacon", "Birch",
    "Boreal", "Brook", "Canyon", "Cedar", "Cobalt", "Copper", "Coral", "Crest", "Crown", "Delta", "Eagle", "Ember",
    "Everest", "Falcon", "Fjord", "Forge", "Garnet", "Glacier", "Granite", "Harbour", "Hazel", "Heron", "Horizon",
    "Indigo", "Iron", "Ivory", "Jade", "Juniper", "Keystone", "Lark", "Laurel", "Linden", "Lotus", "Lunar",
    "Magnolia", "Maple", "Marble", "Meridian", "Mesa", "Nimbus", "Northern", "Nova", "Oak", "Olive", "Onyx", "Orchid",
    "Osprey", "Pacific", "Pearl", "Pine", "Pioneer", "Prairie", "Quartz", "Quill", "Raven", "Ridge", "River", "Royal",
    "Saffron", "Sage", "Sapphire", "Sequoia", "Sierra", "Silver", "Summit", "Tamarack", "Teal", "Terra", "Timber",
    "Topaz", "Tundra", "Umber", "Union", "Valley", "Vega", "Verdant", "Violet", "Walnut", "Willow", "Xenon", "Yarrow",
    "Zephyr", "Zinc", "Zürich", "Élan", "Österreich",
]  # fmt: skip
KINDS = [
    "Bank", "Biotech", "Brands", "Capital", "Chemicals", "Communications", "Consulting", "Energy", "Entertainment",
    "Financial", "Foods", "Gold", "Health", "Hotels", "Industries", "Insurance", "Lights", "Logistics", "Materials",
    "Media", "Metals", "Mining", "Minerals", "Motors", "Networks", "Partners", "Pharmaceuticals", "Power",
    "Properties", "Resources", "Robotics", "Semiconductor", "Software", "Solar", "Steel", "Systems", "Technologies",
    "Therapeutics", "Trust", "Uranium", "Utilities", "Ventures", "Water", "Wireless",
]  # fmt: skip
FORMS = ("Inc.", "Corp.", "Corporation", "Ltd.", "plc", "AG", "SA", "NV", "SE", "& Co.", "Holdings Inc.", "Group", "")
HOUSES = ("Aspen", "Broadgate", "Castle Row", "Drummond", "iFund", "Sterling Street", "Vantage", "Xact")
FUNDS = ("Index Fund", "UCITS ETF", "Bond ETF", "Equity Fund Series A", "Equity Fund Series F", "Growth & Income Fund")


def names(count: int) -> Iterator[tuple[str, str]]:
    """Yield symbols and names: of five, three are companies, one is a fund, and one a bond."""
    chance = random.Random(1)
    for number in range(count):
        stem, other, kind = chance.choice(STEMS), chance.choice(STEMS), chance.choice(KINDS)
        if number % 5 == 0:
            house = chance.choice(HOUSES)
            yield _symbol(house + stem, number), f"{house} {stem} {kind} {chance.choice(FUNDS)}"
        elif number % 5 == 1:
            rate, year = chance.randrange(100, 900) / 100, chance.randrange(2026, 2060)
            yield _symbol(stem + other, number), f"{stem} {kind} {rate:.2f}% {year}"
        else:
            yield _symbol(stem + kind, number), f"{stem} {other} {kind} {chance.choice(FORMS)}".strip()


def _symbol(text: str, number: int) -> str:
    """Return a symbol that begins as the name does, as most do."""
    letters = [letter for letter in text.upper() if "A" <= letter <= "Z"]
    return f"{''.join(letters[: 3 + number % 2])}{number:X}"


def measure(count: int) -> None:
    """Store, ask, and print."""
    from django.db import connection

    from securities.models import Security
    from securities.services import search

    Security.objects.bulk_create([Security(symbol=symbol, name=name) for symbol, name in names(count)], batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    print(f"{count} securities on {connection.vendor}")
    print(f"{'text':20}{'found':>6}{'queries':>9}{'least':>12}{'median':>12}{'with all':>12}")
    for text in TEXTS:
        asked: list[tuple[str, Any]] = []

        def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            asked.append((sql, params))  # noqa: B023 - used within the turn
            return execute(sql, params, many, context)

        with connection.execute_wrapper(keep):
            found = len(search(text=text, limit=LIMIT).stored)
        inner, outer = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            search(text=text, limit=LIMIT)
            outer.append((time.perf_counter() - began) * 1000)
            inner.append(sum(database_time(sql, params) for sql, params in asked))
        print(
            f"{text:20}{found:6}{len(asked):9}{min(inner):9.2f} ms{statistics.median(inner):9.2f} ms"
            f"{statistics.median(outer):9.2f} ms"
        )


def database_time(sql: str, params: Any) -> float:
    """Return the milliseconds that PostgreSQL plans and runs a query, or that SQLite takes to answer it."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
            [(plan,)] = cursor.fetchall()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            return float(plan[0]["Planning Time"] + plan[0]["Execution Time"])
        began = time.perf_counter()
        cursor.execute(sql, params)
        cursor.fetchall()
        return (time.perf_counter() - began) * 1000


def main(count: int) -> None:
    """Measure in a database of its own."""
    with database.of_its_own():
        measure(count)


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["50000"])[0]))
