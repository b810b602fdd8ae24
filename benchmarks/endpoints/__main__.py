"""How fast is the API? Against plain serializers, and against the limit: ``python -m benchmarks.endpoints --help``."""

import argparse
import logging
import os
import secrets
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from scripts import services

DATABASE_URL = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS_URL = "redis://127.0.0.1:6379/15"


def parsed() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.endpoints", description=__doc__)
    parser.add_argument("--scale", type=float, default=1, help="of the data: 0.05 to try, 10 for growth (1)")
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement (2)")
    parser.add_argument("--rounds", type=int, default=5, help="of each pair, interleaved (5)")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--requests", type=int, default=100_000, help="over which memory must not grow (100 000)")
    parser.add_argument("--only", nargs="*", default=[], help="rows whose name holds one of these words")
    parser.add_argument(
        "--keep", help="the name of a database that is made and filled, or used if it is there, and kept"
    )
    parser.add_argument("--results", type=Path, help="the file to write; none unless given")
    return parser.parse_args()


@contextmanager
def database(url: str, kept: str | None) -> Iterator[str]:
    """Make a database on the server of ``url``, yield its address, and drop it unless it is to be ``kept``."""
    name = sql.Identifier(kept or f"bench_{uuid.uuid4().hex[:12]}")
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [kept]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield urlsplit(url)._replace(path=f"/{name.as_string().strip(chr(34))}", query="").geturl()
        finally:
            if kept is None:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def cache(url: str) -> Iterator[str]:
    """Yield a prefix of keys, and remove the keys that have it."""
    prefix = f"bench-{uuid.uuid4().hex[:12]}"
    try:
        yield prefix
    finally:
        with redis.Redis.from_url(url) as client:
            for key in client.scan_iter(f"{prefix}:*", count=1000):
                client.delete(key)


def configure(database_url: str, redis_url: str, prefix: str, folder: Path) -> None:
    """Set up Django here as the servers will be: as in production, but without HTTPS and without a provider."""
    for name in list(os.environ):
        if name.startswith(("DJANGO_", "THROTTLE_", "LIMITS_")):
            del os.environ[name]
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings", "DJANGO_ENV": "production", "ENV_FILE": os.devnull,
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(64), "DJANGO_ALLOWED_HOSTS": "127.0.0.1", "HTTPS_ONLY": "false",
        "DATABASE_URL": database_url, "REDIS_URL": redis_url, "CACHE_PREFIX": prefix, "PRICE_PROVIDERS": "",
        "RATE_PROVIDERS": "", "VAR_DIR": str(folder),
        # Counted as in earnest, but nobody is refused.
        **{f"THROTTLE_{scope}": "1000000/s" for scope in ("USER", "FIGURES", "RECORDED_VALUES")},
        "MAX_VALUES_PER_ACCOUNT": "10000000",
    }  # fmt: skip
    import django

    django.setup()
    logging.disable(logging.WARNING)


def main() -> None:
    """Start what is needed, fill, measure, and print."""
    given = parsed()
    database_url = os.environ.get("BENCH_DATABASE_URL") or os.environ.get("DATABASE_URL") or DATABASE_URL
    redis_url = os.environ.get("BENCH_REDIS_URL") or os.environ.get("REDIS_URL") or REDIS_URL
    with ExitStack() as stack:
        for url, service in ((database_url, services.POSTGRESQL), (redis_url, services.REDIS)):
            if trouble := services.trouble_after_starting(url, service, stack):
                sys.exit(trouble)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        own = stack.enter_context(database(database_url, given.keep))
        configure(own, redis_url, stack.enter_context(cache(redis_url)), folder)
        from benchmarks.endpoints import measuring

        measuring.run(given, folder)


if __name__ == "__main__":
    main()
