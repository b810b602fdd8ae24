"""The shared core as a Django app: no tables, but what every connection needs."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from finances import fields, tables


def teach_sqlite(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Register how SQLite orders and multiplies exact decimals, and what it takes for one name in two cases."""
    if connection.vendor == "sqlite":
        connection.connection.create_collation(fields.DECIMAL_COLLATION, fields.compare_decimals)
        connection.connection.create_function("exact_product", 3, fields.exact_product, deterministic=True)
        connection.connection.create_function("LOWER", 1, fields.lower, deterministic=True)


class FinancesConfig(AppConfig):
    """Set up what all apps share."""

    name = "finances"

    def __init__(self, *args: Any) -> None:
        """Load what must be there before the admin, which is ready first."""
        super().__init__(*args)
        tables.load_without_workbooks()

    def ready(self) -> None:
        """Prepare every database connection as it opens."""
        connection_created.connect(teach_sqlite, dispatch_uid="finances.sqlite")
