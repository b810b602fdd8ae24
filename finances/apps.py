"""The shared core as a Django app: no tables, but what every connection needs."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from finances import fields


def teach_sqlite_decimals(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Register how SQLite orders and multiplies exact decimals."""
    if connection.vendor == "sqlite":
        connection.connection.create_collation(fields.DECIMAL_COLLATION, fields.compare_decimals)
        connection.connection.create_function("exact_product", 3, fields.exact_product, deterministic=True)


class FinancesConfig(AppConfig):
    """Set up what all apps share."""

    name = "finances"

    def ready(self) -> None:
        """Prepare every database connection as it opens."""
        connection_created.connect(teach_sqlite_decimals, dispatch_uid="finances.decimals")
