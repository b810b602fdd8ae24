"""Whether what requests need is there: a database with all migrations, and the caches where there are any."""

from functools import cache

import django_redis
import redis
from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# Limits whose Redis is full are counted by each process. Strangers may have filled it, and must not stop the service.
ENOUGH = {"ok", "none", "full"}


def state() -> dict[str, str]:
    """Return how database, migrations, cache and limits are; two queries, a ping, and a key that is written."""
    database = database_state()
    migrations = migrations_state() if database == "ok" else "unknown"
    return {"database": database, "migrations": migrations, "cache": cache_state(), "limits": limits_state()}


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


def limits_state() -> str:
    """Ask the Redis in which limits are counted whether it takes something."""
    if not settings.REDIS_URL:
        return "none"
    try:
        caches["throttles"].set("ready", 1, 60)
    except redis.exceptions.OutOfMemoryError:
        return "full"
    except (redis.RedisError, OSError):
        return "away"
    return "ok"
