"""How rows are shown: worked out once from what a serializer declares, and then only carried out.

For each request DRF makes the fields of a serializer anew, and for each value it looks up what to do with it: most of
the time of a list. Here each field becomes a function, once for all requests. The serializer stays the only
declaration, from which the OpenAPI document is made, too. Fields that are not known here do their own work.
"""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework import serializers
from rest_framework.utils.serializer_helpers import BindingDict

type Reader = Callable[[Any, Any], Any]  # takes a serializer and a row

# What the renderer writes as it is; it writes instants of UTC, ids and decimals as DRF does.
AS_IT_IS = {
    serializers.ChoiceField.to_representation,
    serializers.ReadOnlyField.to_representation,
    serializers.UUIDField.to_representation,
}


@cache
def fields_of(kind: type[serializers.Serializer[Any]]) -> BindingDict:
    """Return the fields of a serializer, made once."""
    serializer = kind()
    fields = BindingDict(serializer)
    for name, field in serializer.get_fields().items():
        fields[name] = field
    return fields


@cache
def readers_of(kind: type[serializers.Serializer[Any]]) -> list[tuple[str, Reader]]:
    """Return by name what reads each field of a row."""
    model = getattr(getattr(kind, "Meta", None), "model", None)
    return [(name, reader(field, model)) for name, field in fields_of(kind).items() if not field.write_only]


@cache
def sources_of(kind: type[serializers.Serializer[Any]]) -> frozenset[str]:
    """Return the names of what a serializer shows, as the row calls them."""
    return frozenset(str(field.source) for field in fields_of(kind).values())


def columns_of(kind: type[serializers.Serializer[Any]], model: type[models.Model]) -> list[str]:
    """Return the names of the columns of ``model`` that a serializer shows, keys of other rows among them."""
    shown = sources_of(kind)
    return [field.attname for field in model._meta.concrete_fields if {field.name, field.attname} & shown]


def reader(field: Any, model: Any) -> Reader:
    """Return what reads ``field`` of a row of ``model``.

    A field that needs more than its value has a method ``show``, which takes the serializer and the row.
    """
    if hasattr(field, "show"):
        shown: Reader = field.show
        return shown
    if isinstance(field, serializers.SerializerMethodField):
        method = field.method_name or f"get_{field.field_name}"
        return lambda serializer, row: getattr(serializer, method)(row)
    read, convert = getter(field, model), converter(field, column_of(field, model))
    if convert is None:
        return lambda _serializer, row: read(row)

    def read_and_convert(_serializer: Any, row: Any) -> Any:
        value = read(row)
        return None if value is None else convert(value)

    return read_and_convert


def column_of(field: Any, model: Any) -> Any:
    """Return the model's field that ``field`` shows, if it shows one."""
    try:
        return None if model is None else model._meta.get_field(field.source)
    except FieldDoesNotExist:
        return None


def getter(field: Any, model: Any) -> Callable[[Any], Any]:
    """Return what takes the value of ``field`` from a row."""
    if is_key(field):
        column = column_of(field, model)
        return field.get_attribute if column is None else attrgetter(column.attname)
    is_own = type(field).get_attribute is not serializers.Field.get_attribute
    is_called = inspect.isfunction(getattr(model, field.source, None))
    if is_own or is_called or len(field.source_attrs) != 1:
        return field.get_attribute  # type: ignore[no-any-return]
    return attrgetter(field.source)


def is_key(field: Any) -> bool:
    """Tell whether a field shows the key of another row, and nothing else of it."""
    return type(field).to_representation is serializers.PrimaryKeyRelatedField.to_representation and not field.pk_field


def converter(field: Any, column: Any) -> Callable[[Any], Any] | None:
    """Return what makes JSON of a value of ``field``; None when the renderer takes it as it is."""
    usual = type(field).to_representation
    if usual in AS_IT_IS or (is_key(field) and column is not None):
        return None
    if usual is serializers.CharField.to_representation:
        return str
    if usual is serializers.DateTimeField.to_representation:
        return lambda value: value if is_utc(value) else field.to_representation(value)
    # A column has the places of its field already; what is computed may have others.
    places = field.decimal_places if isinstance(field, serializers.DecimalField) else 0
    if usual is serializers.DecimalField.to_representation and places in {
        None,
        getattr(column, "decimal_places", None),
    }:
        return lambda value: value if isinstance(value, Decimal) else field.to_representation(value)
    return field.to_representation  # type: ignore[no-any-return]


def is_utc(value: Any) -> bool:
    """Tell whether a value is an instant in UTC."""
    return isinstance(value, datetime) and value.tzinfo is UTC


class RepresentationMixin:
    """Shows rows by what was worked out for the class. For serializers that show all rows in the same way."""

    def to_representation(self, instance: Any) -> Any:
        """Return a row's fields, ready for the renderer; a row that lacks an attribute is left to DRF."""
        kind: Any = type(self)
        try:
            return {name: read(self, instance) for name, read in readers_of(kind)}
        except AttributeError:
            return super().to_representation(instance)  # type: ignore[misc]
