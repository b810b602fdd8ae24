"""The ORM cache: results that are computed from rows, kept until one of these changes. See docs/adr/0013.

Nothing is ever taken out. What is kept is kept under the state of its inputs, which is read from the database: when
that is another one, it is not found any more, and the cache lets go of it in time. So it does not matter whether the
cache is shared, was away, or was not told.

Tables whose state cannot be told from their rows are counted: whoever changes them calls `renew` in the same
transaction, and the number that `generations` returns is another one once that transaction is committed.
"""

import hashlib
import threading
import uuid
from collections.abc import Callable, Collection, Sequence, Sized
from contextlib import nullcontext
from typing import Any, NamedTuple

import cachetools
import orjson
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from finances import metrics, program, single_flight, sql
from finances.models import Generation, OwnerGeneration

SECONDS = 24 * 3600
# What is larger is computed each time: without Redis, every process keeps hundreds of results in its own memory.
MAX_KEPT_BYTES = 1_000_000
TOO_LARGE = 1  # is kept instead of the result
# In the memory of each process, of all results together and of all answers, and of one.
MOST_NEAR_BYTES, MAX_NEAR_BYTES = 4_000_000, 128_000
ENTRY_BYTES = 500
# In one order always, so that two writers wait for each other instead of for ever.
RENEW = """
    INSERT INTO finances_generation (name, number) VALUES {rows}
    ON CONFLICT (name) DO UPDATE SET number = finances_generation.number + 1
"""
NAMES_AT_ONCE = 500
RENEW_MARK = """
    UPDATE {table} SET mark = %s WHERE id = (
        SELECT id FROM {table} WHERE {column} = %s ORDER BY id LIMIT 1 {unless_taken}
    )
"""


def remember(name: str, *, state: Sequence[Any], compute: Callable[[], bytes]) -> bytes:
    """Return what ``compute`` returned for this ``state``, or let it compute; of several callers at once only one.

    ``state`` is all that the result depends on, and was read before what ``compute`` reads: what changes in between
    makes the result newer than its state, and the next caller comes with another one. Several processes compute at
    once what is known to be too large to keep: one could not have it from another.
    """
    key = key_of(name, state)
    kept = find(key)
    metrics.count_look(name, found=kept is not None and kept.result is not None)
    if kept is not None and kept.result is not None:
        return kept.result
    return single_flight.shared(key, lambda: _first(key, compute), otherwise=lambda: _keep(key, compute()))


def weight(entry: tuple[str, Sized]) -> int:
    """Return the bytes that a result takes with its slot, which may be long, and with what keeps both."""
    slot, result = entry
    return len(slot) + len(result) + ENTRY_BYTES


class Near[Result: Sized]:
    """What this process keeps in its own memory: of each slot the last result, of all slots those lately asked for."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.kept: cachetools.LRUCache[str, tuple[str, Result]] = cachetools.LRUCache(MOST_NEAR_BYTES, getsizeof=weight)
        self.lock = threading.Lock()

    def get(self, slot: str) -> Result | None:
        """Return what is kept in ``slot``."""
        with self.lock:
            found = self.kept.get(slot)
        return None if found is None else found[1]

    def put(self, slot: str, result: Result) -> None:
        """Keep ``result`` in ``slot``, unless it is large."""
        if len(result) <= MAX_NEAR_BYTES:
            with self.lock:
                self.kept[slot] = slot, result

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self.kept.clear()


class Far:
    """What all processes keep together, where they share one cache: of each slot the last result."""

    def get(self, slot: str) -> bytes | None:
        """Return what is kept in ``slot``."""
        kept = caches["default"].get(slot)
        return kept if isinstance(kept, bytes) else None

    def put(self, slot: str, result: bytes) -> None:
        """Keep ``result`` in ``slot``, unless it is very large."""
        if len(result) <= MAX_KEPT_BYTES:
            caches["default"].set(slot, result, timeout=SECONDS)


near, far = Near[bytes](), Far()
answers = Near[Any]()  # whole ones, see finances.api.kept_answers


def forget() -> None:
    """Forget all that this process alone keeps."""
    near.clear()
    answers.clear()


class Passing(bytes):
    """A result that time alone will change, though its state stays: `remember_last` keeps none."""


def remember_last(slot: str, *, state: Sequence[Any], compute: Callable[[], bytes]) -> bytes:
    """Return what ``compute`` returned for this ``state``, if nothing else was asked of the ``slot`` since.

    For what is large, or asked for in endless ways: of each slot only the last result is kept, here and where all
    processes share one cache.
    """
    name = slot.partition(":")[0]
    mark = key_of(name, state).encode()
    stores: list[Near[bytes] | Far] = [near]
    if hasattr(caches["default"], "client"):
        stores.append(far)
    missing: list[Near[bytes] | Far] = []
    for store in stores:
        kept = store.get(slot)
        if kept is not None and kept.startswith(mark):
            break
        missing.append(store)
    else:
        kept = None
    metrics.count_look(name, found=kept is not None)
    if kept is None:
        result = compute()
        if isinstance(result, Passing):
            return result
        kept = mark + result
    for store in missing:
        store.put(slot, kept)
    return kept[len(mark) :]


def _first(key: str, compute: Callable[[], bytes]) -> bytes:
    is_known = find(key) is not None
    with nullcontext() if is_known else single_flight.turn(key, is_over=lambda: find(key) is not None):
        kept = find(key)  # by whoever came first
        return kept.result if kept is not None and kept.result is not None else _keep(key, compute())


def _keep(key: str, result: bytes) -> bytes:
    is_small = len(result) <= MAX_KEPT_BYTES
    caches["default"].set(key, result if is_small else TOO_LARGE, timeout=SECONDS)
    return result


class Kept(NamedTuple):
    """What is kept; ``result`` is None when all that is known of it is that it is too large."""

    result: bytes | None


def find(key: str) -> Kept | None:
    """Return what is kept under ``key``, if anything is."""
    kept = caches["default"].get(key)
    return None if kept is None else Kept(kept if isinstance(kept, bytes) else None)


def key_of(name: str, state: Sequence[Any]) -> str:
    """Return the key of a result; a new version of the program may compute another one."""
    seen = orjson.dumps([program.fingerprint(), *state], default=str, option=orjson.OPT_NON_STR_KEYS)
    return f"{name}:{hashlib.sha256(seen).hexdigest()}"


def renew(names: Collection[str]) -> None:
    """Count up the generations of ``names``, to be seen when the transaction under way is committed.

    Raises:
        TransactionManagementError: there is no transaction that the change itself could be part of.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A generation ends in the transaction of what it is about.")
    ordered = sorted(set(names))
    with connection.cursor() as cursor:
        for first in range(0, len(ordered), NAMES_AT_ONCE):
            some = ordered[first : first + NAMES_AT_ONCE]
            cursor.execute(RENEW.format(rows=", ".join(["(%s, 1)"] * len(some))), some)


def generations(names: Collection[str]) -> list[tuple[str, int]]:
    """Return the generation of each of ``names`` that has ever changed; one query."""
    return list(Generation.objects.filter(pk__in=names).order_by("name").values_list("name", "number"))


def renew_of(user_ids: Collection[Any], *, using: str | None = None) -> None:
    """End the generation of what is recorded of each user, to be seen when the transaction under way is committed."""
    renew_marks(OwnerGeneration._meta.get_field("user"), user_ids, using=using)


def renew_marks(of: Any, keys: Collection[Any], *, using: str | None = None) -> None:
    """Put another mark in place of one of each of ``keys`` in the field ``of``, a foreign key or a name.

    Never waits: of the marks of a key it renews one that no other transaction has renewed, or makes another.
    """
    model, spoken = of.model, connections[using or DEFAULT_DB_ALIAS]
    is_shared: Any = spoken.features.has_select_for_update_skip_locked
    statement = RENEW_MARK.format(
        table=model._meta.db_table, column=of.column, unless_taken="FOR NO KEY UPDATE SKIP LOCKED" if is_shared else ""
    )
    mark = model._meta.get_field("mark")
    with transaction.atomic(using=using, savepoint=False):  # who records takes back all or nothing
        for key in sorted(keys, key=str):
            with sql.preparing_cursor(using) as cursor:
                cursor.execute(statement, [sql.parameter(mark, uuid.uuid4()), sql.parameter(of, key)])
                is_renewed = cursor.rowcount
            if not is_renewed:
                model.objects.using(using).create(**{of.attname: key})
