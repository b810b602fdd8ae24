"""What SQL of our own says differently to each database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Func


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database writes JSON: each function takes an SQL expression and returns one that is a text or null.

    ``number`` is of exact decimals; ``rounded_product`` multiplies two of them and rounds, half away from zero, to a
    number of places; ``as_number`` makes one fit for other arithmetic. ``one`` is the exact decimal 1. ``a_decimal``
    and ``an_instant`` are parameters of these types. ``is_lateral``: PostgreSQL's joins. ``joined`` is a text of all
    items, in the order of the rows that it reads: those of a sorted subquery with a limit, which nothing reorders.
    """

    instant: Callable[[str], str]
    day: Callable[[str], str]
    number: Callable[[str], str]
    integer: Callable[[str], str]
    text: Callable[[str], str]
    rounded_product: Callable[[str, str, int], str]
    as_number: Callable[[str], str]
    joined: str
    one: str
    a_decimal: str
    an_instant: str
    is_lateral: bool

    def table(self, name: str, kinds: Mapping[str, str], count: int) -> str:
        """Return a table of ``count`` rows of parameters, each row of these ``kinds`` by the names of their columns."""
        rows = ", ".join([f"({', '.join(kinds.values())})"] * count)
        if self.is_lateral:
            return f"(VALUES {rows}) AS {name} ({', '.join(kinds)})"
        columns = ", ".join(f"column{number} AS {column}" for number, column in enumerate(kinds, start=1))
        return f"(SELECT {columns} FROM (VALUES {rows})) AS {name}"  # noqa: S608 - names and kinds are our own

    def pieces(self, short: str, long: str, *, alias: str, conditions: str) -> str:
        """Join a ``short`` table with a ``long`` one, named ``alias``, by one scan of an index for each short row.

        Left to itself PostgreSQL compares every long row with every short one.
        """
        if self.is_lateral:
            rows = f"SELECT * FROM {long} AS {alias} WHERE {conditions} OFFSET 0"  # noqa: S608 - the caller's own SQL
            return f"{short} CROSS JOIN LATERAL ({rows}) AS {alias}"
        return f"{short} CROSS JOIN {long} AS {alias} WHERE {conditions}"  # SQLite keeps the order of a CROSS JOIN


POSTGRESQL = Dialect(
    instant=lambda sql: f"to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    day=lambda sql: f"({sql})::date::text",
    number=lambda sql: f"trim_scale({sql})::text",
    integer=lambda sql: f"({sql})::bigint::text",
    text=lambda sql: f"to_json({sql})::text",
    rounded_product=lambda one, other, places: f"round({one} * {other}, {places})",
    as_number=lambda sql: sql,
    joined="string_agg(item, ',')",
    one="1",
    a_decimal="CAST(%s AS numeric)",
    an_instant="CAST(%s AS timestamptz)",
    is_lateral=True,
)
SQLITE = Dialect(
    instant=lambda sql: f"replace(substr({sql}, 1, 19), ' ', 'T') || 'Z'",
    day=lambda sql: f"substr({sql}, 1, 10)",
    number=lambda sql: f"CAST({sql} AS text)",  # exact decimals are their plain digits already (docs/adr/0003)
    integer=lambda sql: f"CAST(CAST({sql} AS integer) AS text)",
    text=lambda sql: f"json_quote({sql})",
    rounded_product=lambda one, other, places: f"exact_product({one}, {other}, {places})",
    as_number=lambda sql: f"CAST({sql} AS real)",
    joined="group_concat(item, ',')",
    one="'1'",
    a_decimal="%s",
    an_instant="%s",
    is_lateral=False,
)


def dialect() -> Dialect:
    """Return the dialect of the database in use."""
    return SQLITE if connection.vendor == "sqlite" else POSTGRESQL


def preparing_cursor(using: str | None = None) -> CursorWrapper:
    """Return a cursor whose statements the database parses and plans once for each connection.

    For SQL whose text stays the same and whose values are all parameters. Django's own cursor writes the values into
    the text, so that PostgreSQL plans every statement anew, which takes longer than reading a row; SQLite keeps what
    it has parsed anyhow. Where settings leave prepared statements out (``prepare_threshold`` is ``None``), it plans
    each time, and all else is the same.

    A connection keeps such a cursor for the next one who wants it, as making it takes half as long as asking: what it
    found is to be fetched before it is closed.
    """
    # Looked up once: `connection` looks for each thing that it is asked.
    spoken: Any = connections[using or DEFAULT_DB_ALIAS]
    if spoken.vendor != "postgresql":
        return spoken.cursor()  # type: ignore[no-any-return]
    spoken.close_if_health_check_failed()
    if spoken.connection is None:
        spoken.ensure_connection()
    raw: Any = spoken.preparing
    if raw is None or raw.is_lent or raw.connection is not spoken.connection:
        raw = spoken.preparing = _preparing_cursor_class()(spoken.connection)
    raw.is_lent = True
    return spoken.make_debug_cursor(raw) if spoken.queries_logged else spoken.make_cursor(raw)  # type: ignore[no-any-return]


@cache
def _preparing_cursor_class() -> type[Any]:
    from django.db.backends.postgresql import base
    from psycopg.errors import FeatureNotSupported
    from psycopg.pq import TransactionStatus

    class PreparingCursor(base.ServerBindingCursor):
        is_lent = False

        def close(self) -> None:
            self._reset(reset_query=False)  # type: ignore[attr-defined]  # lets go of what was found, which may be large
            self.is_lent = False

        def execute(self, query: Any, params: Any = None) -> Any:
            try:
                return super().execute(query, params, prepare=True)  # type: ignore[misc]
            except FeatureNotSupported:  # a column has become of another kind since the statement was planned
                if connection.connection.info.transaction_status != TransactionStatus.IDLE:
                    raise
                return super().execute(query, params, prepare=False)  # type: ignore[misc]

    return PreparingCursor


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all queries of the block see the database as it is at the first one; the block only reads.

    Within a transaction it is that of the transaction, whatever its isolation.
    """
    if connection.in_atomic_block:
        yield
        return
    with _reading(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _reading() -> Iterator[None]:
    """Let a transaction of SQLite begin without the lock of writers, which our settings have it take at once."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    spoken: Any = connection
    mode, spoken.transaction_mode = spoken.transaction_mode, "DEFERRED"
    try:
        yield
    finally:
        spoken.transaction_mode = mode


def parameter(field: Any, value: Any) -> Any:
    """Return ``value`` of a model's ``field`` as the database takes it in SQL of our own."""
    return field.get_db_prep_value(field.get_prep_value(value), connection, prepared=True)


class IsMidnight(Func):
    """Whether an instant is a midnight of UTC, to the microsecond; fit for a constraint on either database."""

    output_field = BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Compare the time of the day."""
        return self.as_sql(
            compiler, connection, template="(%(expressions)s AT TIME ZONE 'UTC')::time = '00:00:00'", **context
        )

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Compare the text, which is in UTC always, and has a fraction where there is one; SQLite's `time` cuts it."""
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 12) = '00:00:00'", **context)
