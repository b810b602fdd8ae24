"""Statements that are compiled once: a row by its key, the first page of a list, a new row.

Django writes the SQL of a queryset anew each time, which takes several times as long as asking the database. Only what
is asked in one and the same way over and over is worth this; everything else is an ordinary queryset.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import Expression
from django.db.models.sql import InsertQuery

from finances import sql


class Parameter(Expression):
    """A place in a queryset for a value that comes later; ``output_field`` says how the database takes it."""

    def __init__(self, name: str, output_field: Any) -> None:
        """Name the place."""
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:  # noqa: ARG002
        """Write a placeholder, with this object in the place of its value."""
        return "%s", (self,)

    def bound(self, values: Mapping[str, Any]) -> Any:
        """Return this place's value among ``values``, as the database takes it."""
        return sql.parameter(self.output_field, values[self.name])


class PreparedRow[M: models.Model]:
    """Reads the only row, or none, of a queryset whose values are `Parameter` objects.

    The queryset selects all columns of its model, and behind them what it may annotate.
    """

    def __init__(self, queryset: Callable[[], models.QuerySet[M]]) -> None:
        """Take what makes the queryset; it is called at first use, when all models are there."""
        self._queryset = queryset

    @cached_property
    def _compiled(self) -> tuple[Any, str, tuple[Any, ...], dict[Any, Any], list[str], list[str]]:
        compiler = self._queryset().order_by().query.get_compiler(connection=connection)
        statement, params = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        added = list(compiler.annotation_col_map)
        names = [column.target.attname for column in columns[: len(columns) - len(added)]]
        return compiler, statement, params, compiler.get_converters(columns), names, added

    def get(self, **values: Any) -> M | None:
        """Return the row for these values of the parameters; one query.

        Raises:
            ValidationError: a value is not of its parameter's kind.
        """
        compiler, statement, params, converters, names, added = self._compiled
        bound = [each.bound(values) if isinstance(each, Parameter) else each for each in params]
        with sql.preparing_cursor() as cursor:
            cursor.execute(statement, bound)
            row = cursor.fetchone()
        if row is None:
            return None
        if converters:
            row = next(iter(compiler.apply_converters([row], converters)))
        found: M = compiler.query.model.from_db(connection.alias, names, row[: len(names)])
        vars(found).update(zip(added, row[len(names) :], strict=True))
        return found


class PreparedQuery[M: models.Model]:
    """Reads the rows of a queryset whose values are `Parameter` objects, with all that the queryset adds to them.

    Django makes the rows, follows ``select_related`` and prefetches, as ever; only the SQL is written once.
    """

    def __init__(self, queryset: Callable[[], models.QuerySet[M]]) -> None:
        """Take what makes the queryset; it is called at first use, when all models are there."""
        self._make = queryset

    @cached_property
    def _compiled(self) -> tuple[models.QuerySet[M], Any, str, tuple[Any, ...]]:
        queryset = self._make()
        compiler: Any = queryset.query.get_compiler(connection=connection)
        statement, params = compiler.as_sql()
        converters = compiler.get_converters([expression for expression, *_ in compiler.select])
        compiler.get_converters = lambda _expressions: converters
        return queryset, compiler, statement, params

    def rows(self, **values: Any) -> models.QuerySet[M]:
        """Return the rows for these values of the parameters, to be read once: no more can be asked of them.

        Raises:
            ValidationError: a value is not of its parameter's kind.
        """
        queryset, compiler, statement, params = self._compiled
        bound = tuple(each.bound(values) if isinstance(each, Parameter) else each for each in params)
        rows, ready = queryset.all(), copy.copy(compiler)
        ready.execute_sql = lambda *_args, **_options: [fetched(statement, bound)]
        vars(rows.query)["get_compiler"] = lambda *_args, **_options: ready
        return rows


def fetched(statement: str, params: tuple[Any, ...]) -> list[Any]:
    """Return the rows of a statement that the database plans once for each connection."""
    with sql.preparing_cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()  # type: ignore[no-any-return]


class OwnedQueries[M: models.Model]:
    """What clients ask of their private rows again and again, such as one by its key, or the first page of them.

    ``rows`` makes the queryset of everybody's, with all that is shown of a row.
    """

    def __init__(self, rows: Callable[[], models.QuerySet[M]]) -> None:
        """Take what makes the queryset; it is called at first use, when all models are there."""
        self._rows = rows
        self._known: dict[tuple[Any, ...], PreparedQuery[M]] = {}

    @cached_property
    def adds_nothing(self) -> bool:
        """Whether all that is shown of a row is in its own columns: who has just stored one need not read it again."""
        rows = self._rows()
        return not (rows.query.annotations or rows.query.select_related or rows._prefetch_related_lookups)  # type: ignore[attr-defined]  # noqa: SLF001

    def by(self, *names: str, most: int | None = None) -> PreparedQuery[M]:
        """Return the query for an owner's rows, ``most`` of them at most, by the other keys that ``names`` say."""
        known = self._known.get((names, most))
        if known is not None:
            return known
        places = {name: Parameter(name, models.UUIDField()) for name in ("user_id", *names)}
        query = PreparedQuery(lambda: self._rows().filter(**places)[:most])
        return self._known.setdefault((names, most), query)


class PreparedInsert:
    """Stores rows of a model, one at a time."""

    def __init__(self, model: type[models.Model], fields: Sequence[Any], *, returned: Sequence[Any] = ()) -> None:
        """Take which fields are given a value, and which the database gives one that is to be told."""
        self.model, self.fields, self.returned = model, fields, returned

    @cached_property
    def _compiled(self) -> tuple[str, Any, dict[Any, Any]]:
        nothing: Any = SimpleNamespace(**dict.fromkeys(field.attname for field in self.fields))
        query = InsertQuery(self.model)
        query.insert_values(self.fields, [nothing], raw=True)
        compiler: Any = query.get_compiler(connection=connection)
        compiler.returning_fields = self.returned
        ((statement, _),) = compiler.as_sql()
        columns = [field.get_col(self.model._meta.db_table) for field in self.returned]
        return statement, compiler, compiler.get_converters(columns)

    def store(self, values: Sequence[Any], *, using: str | None = None) -> list[Any]:
        """Store a row of these values, and return one of those that the database gave, if any are to be told."""
        statement, compiler, converters = self._compiled
        spoken = connections[using or DEFAULT_DB_ALIAS]
        bound = [field.get_db_prep_save(value, spoken) for field, value in zip(self.fields, values, strict=True)]
        with sql.preparing_cursor(using) as cursor:
            cursor.execute(statement, bound)
            told = cursor.fetchall() if self.returned else []
        return list(compiler.apply_converters(told, converters)) if converters else told


class OftenStored(models.Model):
    """A model whose rows are stored one at a time, again and again: the SQL of that is written once.

    Django saves as ever, with its signals; only its last step is another one.
    """

    _inserts: dict[tuple[Any, ...], PreparedInsert] = {}  # of all such models

    class Meta:
        abstract = True

    def _do_insert(self, manager: Any, using: Any, fields: Any, returning_fields: Any, raw: Any) -> list[Any]:
        """Store the row, and return the values that the database gave to ``returning_fields``."""
        row: Any = self
        values = [getattr(row, field.attname) if raw else field.pre_save(row, add=True) for field in fields]
        if any(hasattr(value, "resolve_expression") for value in values):
            return super()._do_insert(manager, using, fields, returning_fields, raw)  # type: ignore[misc,no-any-return]
        key = (type(self), tuple(fields), tuple(returning_fields))
        insert = self._inserts.get(key)
        if insert is None:
            insert = self._inserts.setdefault(key, PreparedInsert(type(self), fields, returned=returning_fields))
        return insert.store(values, using=using)
