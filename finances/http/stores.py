"""What all processes share about outside servers: counters of answers, and the state of each gate."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import django_redis
import redis
from django.conf import settings
from redis.client import Pipeline

from finances.http import files
from finances.http.gate import GateState, SharedState

FILE = "http-gate.sqlite3"
OUTCOMES = ("hits", "stale_hits", "misses", "errors")
STATE_LIFETIME = 86_400 * 2  # seconds; longer than any rest
BUSY_TIMEOUT = 20.0  # seconds to wait for another process's write


class SharedStore(SharedState, Protocol):
    """Counters and gate states that add up over processes."""

    def count(self, outcome: str) -> None:
        """Add one to ``outcome``, one of ``OUTCOMES``."""

    def counts(self) -> dict[str, int]:
        """Return every outcome's count, over all processes."""

    def states(self) -> dict[str, GateState]:
        """Return the state of every gate that was used lately."""


def build_store() -> SharedStore:
    """Open the store: in Redis where there is one, else a file under ``VAR_DIR``."""
    if settings.REDIS_URL:
        return RedisStore(django_redis.get_redis_connection("http"), f"{settings.CACHE_PREFIX}:http")
    return files.open_patiently(SqliteStore, Path(settings.VAR_DIR) / FILE)


def dump_state(state: GateState) -> str:
    """Write ``state`` as JSON."""
    return json.dumps(asdict(state))


def load_state(text: str | bytes | None) -> GateState:
    """Read a state; one that is absent or damaged is a fresh one."""
    try:
        values = json.loads(text or "{}")
        return GateState(
            next_slot=float(values.get("next_slot", 0)),
            rests_until=float(values.get("rests_until", 0)),
            rests_because=str(values.get("rests_because", "")),
            strikes=int(values.get("strikes", 0)),
            struck_at=float(values.get("struck_at", 0)),
            failures=tuple(float(at) for at in values.get("failures", ())),
            leases={str(holder): float(until) for holder, until in values.get("leases", {}).items()},
            seen_at=float(values.get("seen_at", 0)),
        )
    except (AttributeError, TypeError, ValueError, RecursionError):
        return GateState()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class RedisStore:
    """Counters in a Redis hash, a key for each gate, and a set of their names."""

    def __init__(self, connection: redis.Redis, prefix: str) -> None:
        """Keep everything under ``prefix``; ``connection`` survives a fork."""
        self._redis, self._prefix = connection, prefix

    def count(self, outcome: str) -> None:
        """Add one to ``outcome``."""
        self._redis.hincrby(f"{self._prefix}:counts", outcome, 1)

    def counts(self) -> dict[str, int]:
        """Return every outcome's count."""
        found = {_text(key): int(value) for key, value in self._redis.hgetall(f"{self._prefix}:counts").items()}
        return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}

    def update[T](self, name: str, change: Callable[[GateState], tuple[GateState, T]]) -> T:
        """Replace a gate's state; starts over when another process changed it meanwhile (WATCH)."""
        key, names = f"{self._prefix}:gate:{name}", f"{self._prefix}:gates"
        found: list[T] = []

        def attempt(pipeline: Pipeline) -> None:
            state, result = change(load_state(pipeline.get(key)))
            found[:] = [result]
            pipeline.multi()
            pipeline.set(key, dump_state(state), ex=STATE_LIFETIME)
            pipeline.sadd(names, name)
            pipeline.expire(names, STATE_LIFETIME)

        self._redis.transaction(attempt, key)
        return found[0]

    def now(self) -> float:
        """Return the time of the server's clock."""
        seconds, microseconds = self._redis.time()
        return float(seconds + microseconds / 1_000_000)

    def states(self) -> dict[str, GateState]:
        """Return the state of every gate used within the last two days."""
        names = sorted(map(_text, self._redis.smembers(f"{self._prefix}:gates")))
        found = {name: self._redis.get(f"{self._prefix}:gate:{name}") for name in names}
        return {name: load_state(state) for name, state in found.items() if state is not None}


class SqliteStore:
    """Counters and gate states in a small SQLite file; each call opens its own connection, so a fork is harmless."""

    def __init__(self, path: Path) -> None:
        """Use the file at ``path``, made when it is not there."""
        self._path = path
        with self._transaction() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS counts (outcome TEXT PRIMARY KEY, value INTEGER NOT NULL)")
            connection.execute("CREATE TABLE IF NOT EXISTS gates (name TEXT PRIMARY KEY, state TEXT NOT NULL)")

    def count(self, outcome: str) -> None:
        """Add one to ``outcome``."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO counts VALUES (?, 1) ON CONFLICT (outcome) DO UPDATE SET value = value + 1", (outcome,)
            )

    def counts(self) -> dict[str, int]:
        """Return every outcome's count."""
        with closing(self._connect()) as connection:
            found = dict(connection.execute("SELECT outcome, value FROM counts"))
        return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}

    def update[T](self, name: str, change: Callable[[GateState], tuple[GateState, T]]) -> T:
        """Replace a gate's state inside one immediate transaction."""
        with self._transaction() as connection:
            row = connection.execute("SELECT state FROM gates WHERE name = ?", (name,)).fetchone()
            state, result = change(load_state(row[0] if row else None))
            connection.execute("INSERT OR REPLACE INTO gates VALUES (?, ?)", (name, dump_state(state)))
        return result

    def now(self) -> float:
        """Return the time of this machine's clock, whose processes share the file."""
        return time.time()

    def states(self) -> dict[str, GateState]:
        """Return the state of every gate."""
        with closing(self._connect()) as connection:
            rows = connection.execute("SELECT name, state FROM gates ORDER BY name").fetchall()
        return {name: load_state(state) for name, state in rows}

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's write lock, waiting for it if need be; all or nothing is kept."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection
