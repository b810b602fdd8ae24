"""Rows as lines of JSON, and lines as rows: nothing is rounded, shifted, or made anew on the way."""

import base64
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection

from finances import money
from operations.backups import tables
from operations.backups.tables import Model

ROWS_AT_ONCE = 2000
OPTIONS = orjson.OPT_SORT_KEYS  # PostgreSQL keeps objects in an order of its own


def lines(model: Model) -> Iterator[bytes]:
    """Yield each row of ``model``, by primary key, as a JSON array in the order of `tables.columns`.

    The same rows give the same lines on every database: decimals are text without idle zeros, instants in UTC.
    """
    rows = model._base_manager.order_by("pk").values_list(*tables.columns(model))  # noqa: SLF001 - every row there is
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield orjson.dumps(row, default=written, option=OPTIONS)


def written(value: Any) -> str:
    """Write what JSON has no form for.

    Raises:
        TypeError: it is of a kind that no column of ours has.
    """
    if isinstance(value, Decimal):
        return money.plain(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"There is no way to write a {type(value).__name__}.")


def insert(
    model: Model,
    values: Iterable[Sequence[Any]],
    *,
    columns: Sequence[str] | None = None,
    constants: Mapping[str, Any] | None = None,
) -> int:
    """Store rows that `lines` wrote, and return how many; ``constants`` fill the columns that are not in them.

    Goes by no model: not `save`, no signal, no time stamp of now. So it stores history as history, and counts nothing.
    PostgreSQL copies, SQLite inserts. Values of other ``columns`` than `tables.columns` may be those of Python as well.

    Raises:
        ValidationError, ValueError, TypeError: a value is none of its column's.
        DatabaseError: the database refuses a row.
    """
    constants = constants or {}
    by_column: dict[str, Any] = {field.attname: field for field in model._meta.concrete_fields}
    told = [by_column[name] for name in columns or tables.columns(model)]
    fixed = [by_column[name] for name in constants]
    readers = [reader(field) for field in told]
    ending = tuple(reader(field)(value) for field, value in zip(fixed, constants.values(), strict=True))
    rows = (tuple([read(value) for read, value in zip(readers, row, strict=True)]) + ending for row in values)
    names = ", ".join(connection.ops.quote_name(field.column) for field in [*told, *fixed])
    table = connection.ops.quote_name(model._meta.db_table)
    store = _copy if connection.vendor == "postgresql" else _insert
    return store(f"{table} ({names})", len(told) + len(fixed), rows)


def reader(field: Any) -> Callable[[Any], Any]:
    """Return what turns a value of JSON into what the database takes for ``field``."""

    def read(value: Any) -> Any:
        return None if value is None else field.get_db_prep_save(field.to_python(value), connection)

    return read


def _copy(target: str, _width: int, rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    statement = f"COPY {target} FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _insert(target: str, width: int, rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    statement = f"INSERT INTO {target} VALUES ({', '.join(['%s'] * width)})"  # noqa: S608 - names of our own
    with connection.cursor() as cursor:
        for some in itertools.batched(rows, ROWS_AT_ONCE):
            cursor.executemany(statement, some)
            count += len(some)
    return count
