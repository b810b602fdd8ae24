"""What every serializer shares: aliases of field names, constraints as clear errors, ownership."""

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, models
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.model_meta import RelationInfo
from rest_framework.utils.serializer_helpers import BindingDict
from rest_framework.validators import UniqueValidator

from finances import constraints, exceptions
from finances.api.fields import DecimalField, IntegerField
from finances.api.representation import RepresentationMixin, fields_of
from finances.fields import ExactDecimalField
from finances.models import OwnedModel

WHOLE_NUMBERS = [
    model_field
    for model_field, field in serializers.ModelSerializer.serializer_field_mapping.items()
    if field is serializers.IntegerField
]
DUPLICATE_CODES = {"duplicate", "unique", "unique_together"}


def aliases_of(serializer: Any) -> dict[str, str]:
    """Return the other names of a serializer's fields, from its ``Meta.aliases``: ``{alias: canonical name}``."""
    aliases: dict[str, str] = getattr(getattr(serializer, "Meta", None), "aliases", {})
    return aliases


def resolve_aliases(data: Mapping[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    """Return ``data`` under canonical names.

    Raises:
        ValidationError: a field is given under both its names, with different values.
    """
    resolved = {name: data[name] for name in data}  # of a query or a form: the last value of each
    for alias, name in aliases.items():
        if alias not in resolved:
            continue
        value = resolved.pop(alias)
        if name in resolved and resolved[name] != value:
            raise serializers.ValidationError(
                {alias: f"This is another name of {name}; both are given, with different values."},
                code="alias_conflict",
            )
        resolved[name] = value
    return resolved


def as_sent(detail: Any, data: Any, aliases: Mapping[str, str]) -> Any:
    """Return the faults of ``data`` with each field called as it was there, by its own name or by an alias."""
    if not isinstance(detail, Mapping) or not isinstance(data, Mapping):
        return detail
    names = {name: alias for alias, name in aliases.items() if alias in data and name not in data}
    return {names.get(field, field): faults for field, faults in detail.items()}


class AliasesMixin:
    """Accept the aliases in ``Meta.aliases`` on input, and show them beside the canonical names in the output."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Validate ``data``, and name what is wrong with it as it does."""
        try:
            return super().run_validation(data)  # type: ignore[misc]
        except serializers.ValidationError as exc:
            exc.detail = as_sent(exc.detail, data, aliases_of(self))
            raise

    def to_internal_value(self, data: Any) -> Any:
        """Validate ``data`` under canonical names."""
        if isinstance(data, Mapping):
            data = resolve_aliases(data, aliases_of(self))
        return super().to_internal_value(data)  # type: ignore[misc]

    def to_representation(self, instance: Any) -> Any:
        """Show each aliased field under both names."""
        shown = super().to_representation(instance)  # type: ignore[misc]
        for alias, name in aliases_of(self).items():
            shown[alias] = shown[name]
        return shown


class AnyCaseChoiceField(serializers.ChoiceField):
    """One of several lower-case words, in any case."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Let the error name the words."""
        super().__init__(*args, **kwargs)
        self.error_messages["invalid_choice"] = f"“{{input}}” is none of {', '.join(map(str, self.choices))}."

    def to_internal_value(self, data: Any) -> Any:
        """Return the word in lower case."""
        return super().to_internal_value(data.lower() if isinstance(data, str) else data)


class BaseModelSerializer(AliasesMixin, RepresentationMixin, serializers.ModelSerializer[Any]):
    """A model's serializer whose input is checked against all of the model's constraints.

    DRF leaves out constraints over fields that are not in the input, such as the owner, and all check constraints;
    those would be errors of the database. A duplicate is a conflict (409), not invalid input.

    ``Meta.fixed_fields`` names what can be given at creation only; in a change it is ignored.
    """

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        **dict.fromkeys(WHOLE_NUMBERS, IntegerField),
        **dict.fromkeys((models.DecimalField, ExactDecimalField), DecimalField),
    }
    serializer_choice_field = AnyCaseChoiceField

    def get_fields(self) -> dict[str, Any]:
        """Make what is fixed read-only once the row exists."""
        fields = {name: twin_of(field) for name, field in declared_by(type(self)).items()}
        for name in getattr(self.Meta, "fixed_fields", ()) if self.instance is not None else ():
            fields[name].read_only = True
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the row that ``attrs`` would make.

        Raises:
            DuplicateError: there is one like it.
            ValidationError: it breaks another rule of its table.
        """
        attrs = super().validate(attrs)
        try:
            self.check(self.candidate(attrs))
        except DjangoValidationError as exc:
            raise self.refusal(exc) from exc
        return attrs

    def refusal(self, exc: DjangoValidationError) -> Exception:
        """Return what a broken rule of the table is to whoever sent the input: a duplicate is a conflict."""
        if (message := duplicate_in(exc)) is None:
            return serializers.ValidationError(self.by_input(serializers.as_serializer_error(exc)))
        field = duplicate_field_in(exc)
        return exceptions.DuplicateError(message, field=None if field is None else self.name_in_input(field))

    def check(self, candidate: models.Model) -> None:
        """Hold ``candidate`` against all rules of its model that concern more than one field.

        Raises:
            ValidationError: it breaks one.
        """
        candidate.clean()
        key = candidate._meta.pk
        candidate.validate_unique(exclude={key.name} if key.has_default() else None)  # chance repeats no random id
        self.check_constraints(candidate)

    def check_constraints(self, candidate: models.Model) -> None:
        """Hold ``candidate`` against the constraints of its table.

        Raises:
            ValidationError: it breaks one.
        """
        constraints.require_all(candidate, stored=self.instance)

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """Change the row; one that is so already keeps when it was last changed."""
        if self.is_so_already(instance, validated_data):
            return instance
        return super().update(instance, validated_data)

    def is_so_already(self, instance: Any, attrs: dict[str, Any]) -> bool:
        """Tell whether the row says all of ``attrs``."""
        candidate = self.candidate(attrs)
        return all(constraints.is_same(instance._meta.get_field(name), candidate, instance) for name in attrs)

    def by_input(self, errors: dict[str, Any]) -> dict[str, Any]:
        """Name faults of the model's fields as the input does: ``currency_code``, not ``currency``."""
        return {self.name_in_input(source): messages for source, messages in errors.items()}

    def name_in_input(self, source: str) -> str:
        """Return what a field of the model is called in the input, or in the output where no input names it."""
        fields = sorted(self.fields.items(), key=lambda item: bool(item[1].read_only))
        sources = (source, f"{source}_id")
        return next((name for name, field in fields if field.source in sources), source)

    def candidate(self, attrs: dict[str, Any]) -> models.Model:
        """Return the row as it would be, unsaved."""
        model: Any = self.Meta.model
        candidate: models.Model = copy.copy(self.instance) if self.instance is not None else model()
        for name, value in attrs.items():
            setattr(candidate, name, value)
        if isinstance(candidate, OwnedModel):
            candidate.stored = self.instance
        return candidate

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        """Leave uniqueness to `validate`, where it becomes a conflict."""
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        if "validators" in kwargs:
            kwargs["validators"] = [v for v in kwargs["validators"] if not isinstance(v, UniqueValidator)]
        return field_class, kwargs

    def build_relational_field(self, field_name: str, relation_info: RelationInfo) -> Any:
        """Let a private row be pointed at by its owner only."""
        field_class, kwargs = super().build_relational_field(field_name, relation_info)
        if issubclass(relation_info.related_model, OwnedModel):
            field_class = OwnedRelatedField
        return field_class, kwargs

    def get_unique_together_validators(self) -> list[Any]:
        """Leave uniqueness to `validate`."""
        return []

    def get_unique_for_date_validators(self) -> list[Any]:
        """Leave uniqueness to `validate`; DRF goes through all fields of the model to find none."""
        return []

    def get_uniqueness_extra_kwargs(self, field_names: Any, declared_fields: Any, extra_kwargs: Any) -> Any:  # noqa: ARG002
        """Leave fields of unique constraints as required as they are."""
        return extra_kwargs, {}


@cache
def declared_by(kind: type[BaseModelSerializer]) -> dict[str, Any]:
    """Return the fields of a serializer as DRF makes them of what it declares and of its model, bound to none."""
    return super(BaseModelSerializer, kind()).get_fields()


def twin_of(field: Any) -> Any:
    """Return a field like ``field``, to be bound to a serializer; one with a child that knows it, DRF makes anew."""
    has_child = hasattr(field, "child") or hasattr(field, "child_relation")
    return copy.deepcopy(field) if has_child else copy.copy(field)


class OwnedRelatedField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of a row that the asking user owns; somebody else's does not exist, and neither does what is no id."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the row, or say in one and the same way that it is not there."""
        try:
            return super().to_internal_value(data)
        except (serializers.ValidationError, DjangoValidationError) as exc:
            name = self.get_queryset().model._meta.verbose_name
            raise serializers.ValidationError(f"You have no {name} with this id.", code="does_not_exist") from exc

    def get_queryset(self) -> Any:
        """Look among the user's own rows."""
        queryset: Any = super().get_queryset()
        return None if queryset is None else queryset.for_user(self.context["request"].user)


class OwnedModelSerializer(BaseModelSerializer):
    """The serializer of a private row: checked together with its owner, whom the input cannot name.

    ``given`` in the context is what the address says of a new row, such as its parent.
    """

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what contradicts the address, which names what a new row is part of."""
        given = self.context.get("given", {}) if self.instance is None and isinstance(data, Mapping) else {}
        for name, row in given.items():
            sent = data.get(f"{name}_id")
            if sent is not None and str(sent).strip().lower() not in {str(row.pk), row.pk.hex}:
                message = f"The address names another {row._meta.verbose_name}."
                raise serializers.ValidationError({f"{name}_id": message}, code="address_conflict")
        return super().to_internal_value(data)

    def candidate(self, attrs: dict[str, Any]) -> models.Model:
        """Return the row as it would be, owned by the asking user."""
        given = self.context.get("given", {}) if self.instance is None else {}
        return super().candidate({**attrs, **given, "user": self.context["request"].user})

    def check_constraints(self, candidate: models.Model) -> None:
        """Leave it to `create` to find out that a new row is one of two.

        Raises:
            ValidationError: the row breaks another rule.
        """
        if self.instance is None:
            constraints.require_storable(candidate)
        else:
            super().check_constraints(candidate)

    def require_unique(self) -> None:
        """Refuse a duplicate before `save` does.

        Raises:
            DuplicateError: there is a row like the new one.
        """
        try:
            constraints.require_all(self.candidate(self.validated_data))
        except DjangoValidationError as exc:
            raise self.refusal(exc) from exc

    def create(self, validated_data: dict[str, Any]) -> Any:
        """Store the row, in a transaction that does not outlive a refusal.

        Raises:
            DuplicateError: there is one like it.
        """
        model: Any = self.Meta.model
        row: models.Model = model(**validated_data)
        try:
            row.save(force_insert=True)
        except IntegrityError as exc:
            fault = constraints.violation(exc, row)
            if fault is None:
                raise
            raise self.refusal(fault) from exc
        return row


def duplicate_in(exc: DjangoValidationError) -> str | None:
    """Return what ``exc`` says of a row that exists already, if it says so."""
    return next((" ".join(error.messages) for error in leaves(exc) if error.code in DUPLICATE_CODES), None)


def duplicate_field_in(exc: DjangoValidationError) -> str | None:
    """Return the field that ``exc`` says makes a row one of two, where it says so."""
    errors: dict[str, Any] = getattr(exc, "error_dict", {})
    fields = (name for name, leaves in errors.items() for leaf in leaves if leaf.code in DUPLICATE_CODES)
    return next((name for name in fields if name != NON_FIELD_ERRORS), None)


def leaves(exc: DjangoValidationError) -> list[DjangoValidationError]:
    """Return the single errors in ``exc``."""
    if hasattr(exc, "error_dict"):
        return [leaf for errors in exc.error_dict.values() for leaf in errors]
    return list(exc.error_list)


class SharedFieldsMixin:
    """Share the fields among all instances: DRF copies them for each, which takes longer than what they do.

    For serializers whose fields depend on neither the request nor the instance.
    """

    @property
    def fields(self) -> BindingDict:
        """Return the fields of all."""
        return fields_of(type(self))  # type: ignore[arg-type]


class QuerySerializer(SharedFieldsMixin, AliasesMixin, serializers.Serializer[Any]):
    """The parameters of a query string."""


def validated[S: serializers.Serializer[Any]](kind: type[S], request: Request) -> dict[str, Any]:
    """Return the query string's parameters, checked by the serializer ``kind``.

    Raises:
        ValidationError: a parameter is wrong or missing.
    """
    serializer = kind(data=request.query_params, context={"request": request})
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
