"""Django set up as for tests, with a database that lasts as long as a benchmark needs it."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import django

SETTINGS = {"DJANGO_SETTINGS_MODULE": "config.settings", "DJANGO_ENV": "test"}


@contextmanager
def of_its_own(*, only_postgresql: bool = False) -> Iterator[None]:
    """Migrate a test database beside that of ``DATABASE_URL``, and drop it at the end; nothing is logged."""
    os.environ |= SETTINGS
    django.setup()
    logging.disable()
    from django.db import connection
    from django.test.runner import DiscoverRunner

    if only_postgresql and connection.vendor != "postgresql":
        sys.exit("This compares ways of PostgreSQL; set DATABASE_URL.")
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(databases)
