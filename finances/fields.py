"""Model fields that every app may use."""

import re
from decimal import Decimal
from typing import Any

from django.db import DataError, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import lookups

from finances import money

DECIMAL_COLLATION = "exact_decimal"
THREE_LETTERS = re.compile(r"[^\W_]{3}")


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
        """Return a decimal, on SQLite its plain digits, with as many of them as were given."""
        value = value if prepared else self.get_prep_value(value)
        if value is None or hasattr(value, "as_sql"):
            return value
        return money.plain(Decimal(str(value))) if connection.vendor == "sqlite" else value

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Round to the column's scale before storing, half to even on every database.

        Raises:
            DataError: the column has not that many digits. PostgreSQL would say so itself, SQLite would not.
        """
        if value is not None and not hasattr(value, "as_sql"):
            value = money.rounded(self.to_python(value), decimal_places=self.decimal_places)
            if value.adjusted() >= self.max_digits - self.decimal_places and value:
                raise DataError(f"{money.plain(value)} has more digits than {self.name} can hold.")
        return super().get_db_prep_save(value, connection)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Let SQLite order what is selected as numbers, also where an expression hides the column's collation."""
        if compiler.connection.vendor == "sqlite":
            return f"{sql} COLLATE {DECIMAL_COLLATION}", params
        return sql, params

    def from_db_value(self, value: Any, _expression: Any, _connection: BaseDatabaseWrapper) -> Decimal | None:
        """Read text, or the number that an SQL function made of it, as a decimal."""
        return value if value is None or isinstance(value, Decimal) else Decimal(str(value))


class ComparedAsNumber:
    """A lookup that lets SQLite compare as numbers, also where an expression hides the column's collation."""

    def process_lhs(self, compiler: Any, connection: BaseDatabaseWrapper, lhs: Any = None) -> tuple[str, Any]:
        """Name the collation."""
        sql, params = super().process_lhs(compiler, connection, lhs)  # type: ignore[misc]
        return (f"{sql} COLLATE {DECIMAL_COLLATION}" if connection.vendor == "sqlite" else sql), params


for comparison in (
    lookups.Exact, lookups.GreaterThan, lookups.GreaterThanOrEqual, lookups.In, lookups.LessThan,
    lookups.LessThanOrEqual, lookups.Range,
):  # fmt: skip
    ExactDecimalField.register_lookup(type(comparison.__name__, (ComparedAsNumber, comparison), {}))


class BytewiseField(models.CharField):  # type: ignore[type-arg]
    """A text that every database sorts by its bytes, whatever its own language; see `Contains`."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, str | None]:
        """Name the collation."""
        collation = "C" if connection.vendor == "postgresql" else None  # which is how SQLite compares anyway
        return {**super().db_parameters(connection), "collation": collation}


@BytewiseField.register_lookup
class Contains(lookups.Contains):
    """Contains a text, by two indexes of PostgreSQL that a migration makes where such a field is searched.

    That of three letters in a row serves most texts. Where a text has no three, that of single letters is asked first:
    few rows have all of the rare ones, and of common ones any plan finds some soon. See docs/adr/0028.
    """

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Let a short text be compared as a set of letters, too."""
        sql, params = self.as_sql(compiler, connection)
        if not self.rhs_is_direct_value() or THREE_LETTERS.search(str(self.rhs)):
            return sql, tuple(params)
        column, own = self.process_lhs(compiler, connection)
        letters = sorted(set(str(self.rhs)))
        return f"({sql} AND string_to_array({column}, NULL) @> %s::text[])", (*params, *own, letters)


def compare_decimals(left: str, right: str) -> int:
    """Order two plain decimals as numbers; SQLite calls this for every comparison of an exact decimal column."""
    first, second = Decimal(left), Decimal(right)
    return (first > second) - (first < second)


def lower(text: str | None) -> str | None:
    """Return ``text`` in lower case, letter by letter as PostgreSQL does; SQLite's own function knows ASCII only."""
    if text is None or str(text).isascii():
        return text if text is None else str(text).lower()
    return "".join(letter.lower()[0] for letter in str(text))


def exact_product(one: str | None, other: str | None, places: int) -> str | None:
    """Multiply two plain decimals and round; SQLite has no exact arithmetic of its own."""
    if one is None or other is None:
        return None
    product = money.CONTEXT.multiply(Decimal(str(one)), Decimal(str(other)))
    return money.plain(money.rounded_as_in_sql(product, decimal_places=places))
