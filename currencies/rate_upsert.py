"""Many rates into the table at once: new ones inserted, changed ones updated, those of a better source left alone."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from currencies import generations, sources
from currencies.models import CurrencyRate

COLUMNS = ("base_id", "target_id", "date", "rate", "source", "created_at", "updated_at")

# Names of sources are constants of ours, so they can stand in the statement.
RANK = (
    "CASE {column} "
    + " ".join(f"WHEN '{name}' THEN {sources.rank(name)}" for name in sources.PRECEDENCE)
    + " ELSE 0 END"
)

# One statement for both databases. None of the columns is ever null, so `<>` means "is distinct from".
UPSERT = f"""
    INSERT INTO currencies_currencyrate (base_id, target_id, date, rate, source, created_at, updated_at) {{rows}}
    ON CONFLICT (base_id, target_id, date) DO UPDATE
    SET rate = excluded.rate, source = excluded.source, updated_at = excluded.updated_at
    WHERE {RANK.format(column="excluded.source")} >= {RANK.format(column="currencies_currencyrate.source")}
      AND (currencies_currencyrate.rate <> excluded.rate OR currencies_currencyrate.source <> excluded.source)
"""  # noqa: S608 - nothing in it comes from outside
VALUES = "VALUES (%s, %s, %s, %s, %s, %s, %s)"

# On PostgreSQL the rows are copied into a temporary table first: several times as fast as sending statements.
CREATE_INCOMING = """
    CREATE TEMPORARY TABLE incoming_rates ON COMMIT DROP AS
    SELECT base_id, target_id, date, rate, source, created_at, updated_at FROM currencies_currencyrate WITH NO DATA
"""
COPY_INCOMING = "COPY incoming_rates FROM STDIN"
# In one order always, so that two writers at the same time wait for each other instead of for ever.
SELECT_INCOMING = "SELECT * FROM incoming_rates ORDER BY base_id, target_id, date"
DROP_INCOMING = "DROP TABLE incoming_rates"


class Row(NamedTuple):
    """A rate to be stored."""

    base: str
    target: str
    on: date
    rate: Decimal
    source: str


def upsert(rows: Iterable[Row]) -> int:
    """Store ``rows`` inside the caller's transaction; return how many were new or have changed.

    A pair and day must not come twice.
    """
    now = timezone.now()
    values = [(*row, now, now) for row in rows]
    if not values:
        return 0
    changed_count = _copy(values) if connection.vendor == "postgresql" else _insert(values)
    if changed_count:
        generations.renew({code for row in values for code in row[:2]})
    return changed_count


def _copy(values: Sequence[tuple[Any, ...]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(CREATE_INCOMING)
        with cursor.copy(COPY_INCOMING) as copy:
            for row in values:
                copy.write_row(row)
        cursor.execute(UPSERT.format(rows=SELECT_INCOMING))
        changed: int = cursor.rowcount
        cursor.execute(DROP_INCOMING)
    return changed


def _insert(values: Sequence[tuple[Any, ...]]) -> int:
    columns = [_adapted(name, column) for name, column in zip(COLUMNS, zip(*values, strict=True), strict=True)]
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT.format(rows=VALUES), list(zip(*columns, strict=True)))
        changed: int = cursor.rowcount
    return changed


def _adapted(name: str, column: tuple[Any, ...]) -> list[Any]:
    """Turn a column into what the database takes, each different value once: most of them repeat."""
    fields = {field.attname: field for field in CurrencyRate._meta.concrete_fields}
    adapted = {value: fields[name].get_db_prep_save(value, connection) for value in set(column)}
    return [adapted[value] for value in column]
