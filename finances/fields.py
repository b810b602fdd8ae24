"""Model fields that every app may use."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from finances import money

DECIMAL_COLLATION = "exact_decimal"


class ExactDecimalField(models.DecimalField):  # type: ignore[type-arg]
    """A decimal that keeps every digit on every database.

    SQLite turns a decimal column into a binary float and keeps 15 digits of it. Here SQLite stores the plain digits
    as text, compared and ordered as numbers by the collation that ``finances.apps`` registers. PostgreSQL stores
    ``numeric`` as ever. See docs/adr/0003.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Name the column's type: ``numeric(p, s)``, on SQLite text that is collated as a number."""
        if connection.vendor == "sqlite":
            return f"text COLLATE {DECIMAL_COLLATION}"
        return f"numeric({self.max_digits}, {self.decimal_places})"

    def get_internal_type(self) -> str:
        """Name a type of our own, so that SQLite's backend does not read the column as a float."""
        return "ExactDecimalField"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """Quantise to the column's scale; on SQLite, write the plain digits."""
        value = super().get_db_prep_value(value, connection, prepared)
        if connection.vendor == "sqlite" and value is not None and not hasattr(value, "as_sql"):
            return money.plain(Decimal(str(value)))
        return value

    def from_db_value(self, value: Any, _expression: Any, _connection: BaseDatabaseWrapper) -> Decimal | None:
        """Read text, or the number that an SQL function made of it, as a decimal."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))


def compare_decimals(left: str, right: str) -> int:
    """Order two plain decimals as numbers; SQLite calls this for every comparison of an exact decimal column."""
    first, second = Decimal(left), Decimal(right)
    return (first > second) - (first < second)


def lower(text: str | None) -> str | None:
    """Return ``text`` in lower case, letter by letter as PostgreSQL does; SQLite's own function knows ASCII only."""
    return text if text is None else "".join(letter.lower()[0] for letter in str(text))


def exact_product(one: str | None, other: str | None, places: int) -> str | None:
    """Multiply two plain decimals and round; SQLite has no exact arithmetic of its own."""
    if one is None or other is None:
        return None
    product = money.CONTEXT.multiply(Decimal(str(one)), Decimal(str(other)))
    return money.plain(money.rounded_as_in_sql(product, decimal_places=places))
