"""Whether what requests need is there: a database with all migrations, and the cache where there is one."""

from functools import cache

import django_redis
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def state() -> dict[str, str]:
    """Return how database, migrations and cache are; two queries and a ping."""
    database = database_state()
    migrations = migrations_state() if database == "ok" else "unknown"
    return {"database": database, "migrations": migrations, "cache": cache_state()}


def database_state() -> str:
    """Ask the database for one row."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "away"
    return "ok"


def migrations_state() -> str:
    """Compare what is applied with what this version needs; what a later version has applied does no harm."""
    try:
        applied = set(MigrationRecorder(connection).migration_qs.values_list("app", "name"))
    except DatabaseError:  # there is no table yet
        return "missing"
    return "ok" if last_migrations() <= applied else "missing"


@cache
def last_migrations() -> frozenset[tuple[str, str]]:
    """Return each app's last migrations of this version; read from its files once in a process."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def cache_state() -> str:
    """Ask Redis whether it is there."""
    if not settings.REDIS_URL:
        return "none"
    try:
        django_redis.get_redis_connection("locks").ping()
    except redis.RedisError:
        return "away"
    return "ok"
