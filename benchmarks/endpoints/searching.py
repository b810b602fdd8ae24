"""How long does the database look for securities? By its own clock, without the way to it."""

import json
import statistics
from typing import Any

from benchmarks.endpoints.report import Figure

LIMIT_MS, RESULTS = 5, 10
SOUGHT = {
    "prefix of two letters": "AB",
    "prefix of three letters": "QRS",
    "a word of many names": "copper",
    "a part of a word of many names": "xtile",
    "two words of some names": "maple railway trust",
    "a part of one name": "limited 4711",
    "what nobody is called": "zzzzzzzz",
}


def statements(text: str) -> list[tuple[str, Any]]:
    """Return the statements of a search, with their parameters."""
    from django.db import connection

    from securities import services

    found: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        services.search(text=text, limit=RESULTS)
    return found


def milliseconds(text: str) -> float:
    """Return how long the database plans and executes a search."""
    from django.db import connection

    total = 0.0
    for sql, params in statements(text):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
            told = cursor.fetchone()[0]
        plan = (json.loads(told) if isinstance(told, str) else told)[0]
        total += plan["Planning Time"] + plan["Execution Time"]
    return total


def figures(rounds: int) -> list[Figure]:
    """Return the medians."""
    taken: dict[str, list[float]] = {name: [] for name in SOUGHT}
    for _ in range(rounds + 1):
        for name, text in SOUGHT.items():
            taken[name].append(milliseconds(text))
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    return [
        Figure(f"{name}, “{SOUGHT[name]}”", f"{ms:.2f} ms", f"≤ {LIMIT_MS} ms", ms <= LIMIT_MS)
        for name, ms in medians.items()
    ]
