"""Rules that a database holds by itself and that Django has no constraint for. See docs/adr/0017."""

from collections.abc import Collection, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.db.models.constraints import BaseConstraint


def require_all(row: models.Model, *, stored: models.Model | None = None) -> None:
    """Hold ``row`` against the constraints of its model, as ``validate_constraints`` does, by fewer questions.

    One for all checks, and another for each only when that one failed; none for a constraint of which all fields are as
    in ``stored``, the row as the database has it.

    Raises:
        ValidationError: it breaks some.
    """
    meta = row._meta
    same = {field.name for field in meta.concrete_fields if stored is not None and is_same(field, row, stored)}
    _require(row, [constraint for constraint in meta.constraints if not same.issuperset(fields_of(constraint, row))])


def require_storable(row: models.Model) -> None:
    """Hold a new ``row`` against its constraints before it is stored, except each `FieldUnique`.

    Of that the database tells by itself when the row is stored: see `violation`. Where another constraint is broken it
    is asked, too, so that all faults are told together.

    Raises:
        ValidationError: the row breaks some.
    """
    try:
        _require(row, [each for each in row._meta.constraints if not isinstance(each, FieldUnique)])
    except ValidationError:
        require_all(row)
        raise


def violation(exc: IntegrityError, row: models.Model) -> ValidationError | None:
    """Return what the `FieldUnique` that ``row`` broke has to say; None when it was something else."""
    broken = (each for each in row._meta.constraints if isinstance(each, FieldUnique) and each.is_named_in(exc, row))
    return next((each.violation() for each in broken), None)


def _require(row: models.Model, touched: list[BaseConstraint]) -> None:
    checks = [constraint for constraint in touched if isinstance(constraint, models.CheckConstraint)]
    if checks and holds(models.Q(*(check.condition for check in checks)), row):
        touched = [constraint for constraint in touched if constraint not in checks]
    errors: dict[str, Any] = {}
    for constraint in touched:
        try:
            constraint.validate(type(row), row)
        except ValidationError as exc:
            errors = of_its_field(exc, constraint, row).update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def of_its_field(exc: ValidationError, constraint: BaseConstraint, row: models.Model) -> ValidationError:
    """Return the violation of a constraint; of one about a single field, as a fault of that field."""
    fields = fields_of(constraint, row)
    return exc if hasattr(exc, "error_dict") or len(fields) != 1 else ValidationError({fields.pop(): exc})


def is_same(field: Any, row: models.Model, stored: models.Model) -> bool:
    """Tell whether both rows have the same value of ``field``."""
    return bool(getattr(row, field.attname) == getattr(stored, field.attname))


def fields_of(constraint: BaseConstraint, row: models.Model) -> set[str]:
    """Return the names of the fields that a constraint is about."""
    expressions = [getattr(constraint, "condition", None), *getattr(constraint, "expressions", ())]
    known: Any = row
    references = [known._get_expr_references(each) for each in expressions if each is not None]  # noqa: SLF001
    return {names[0] for each in references for names in each} | set(getattr(constraint, "fields", ()))


def holds(condition: models.Q, row: models.Model) -> bool:
    """Ask the database whether ``row`` meets a condition."""
    try:
        models.CheckConstraint(condition=condition, name="all").validate(type(row), row)
    except ValidationError:
        return False
    return True


class _OfField:
    """A constraint whose violation is a fault of ``field``. To the database and to migrations it is a ``plain`` one."""

    plain: str

    def __init__(self, *args: Any, field: str, **options: Any) -> None:
        """Keep the field at fault."""
        super().__init__(*args, **options)
        self.field = field

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Check a row.

        Raises:
            ValidationError: it breaks the rule; names the field.
        """
        try:
            super().validate(*args, **kwargs)  # type: ignore[misc]
        except ValidationError as exc:
            raise ValidationError({self.field: exc}) from exc

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Describe the plain constraint."""
        _, args, kwargs = super().deconstruct()  # type: ignore[misc]
        return self.plain, args, kwargs

    def clone(self) -> Any:
        """Return another one like it; Django's own way is by what migrations see."""
        _, args, kwargs = self.deconstruct()
        return type(self)(*args, field=self.field, **kwargs)


class FieldCheck(_OfField, models.CheckConstraint):
    """A check whose violation is a fault of ``field``."""

    plain = "django.db.models.CheckConstraint"


class FieldUnique(_OfField, models.UniqueConstraint):
    """A uniqueness whose violation is a fault of ``field``."""

    plain = "django.db.models.UniqueConstraint"

    def is_named_in(self, exc: IntegrityError, row: models.Model) -> bool:
        """Tell whether the database says that it is this one that ``row`` broke."""
        said: Any = exc.__cause__
        if hasattr(said, "diag"):
            return bool(said.diag.constraint_name == self.name)
        meta = row._meta
        columns: Any = [meta.get_field(name).column for name in self.fields]  # type: ignore[union-attr]
        named = [f"{meta.db_table}.{column}" for column in columns] or [f"index '{self.name}'"]
        return str(said) == f"UNIQUE constraint failed: {', '.join(named)}"

    def violation(self) -> ValidationError:
        """Return the fault of whoever breaks it."""
        return ValidationError(
            {self.field: ValidationError(self.get_violation_error_message(), code=self.violation_error_code)}
        )


class Key(models.UniqueConstraint):
    """Fields that a `Reference` points at. The primary key is one of them, so no row can ever break it."""

    def validate(self, *_args: Any, **_kwargs: Any) -> None:
        """Ask nothing."""


class Reference(BaseConstraint):
    """A foreign key of several columns: what ``fields`` say of the row that the first of them points at is true.

    The first of ``fields`` is a foreign key; each is compared with its twin in ``to_fields`` of the other model, which
    together are a `Key` there. Checked at the end of a transaction, as Django's own foreign keys are. A row whose first
    field is null points nowhere.

    Models say the rule in words, in ``clean``, before the database is asked.
    """

    def __init__(self, *, fields: Collection[str], to_fields: Collection[str], name: str) -> None:
        """Keep what is compared with what."""
        super().__init__(name=name)
        self.fields, self.to_fields = tuple(fields), tuple(to_fields)

    def definition(self, model: type[models.Model], schema_editor: Any) -> str:
        """Return the constraint in SQL."""
        first: Any = model._meta.get_field(self.fields[0])
        other = first.remote_field.model
        quote = schema_editor.quote_name
        columns: list[Any] = [model._meta.get_field(name) for name in self.fields]
        targets: list[Any] = [other._meta.get_field(name) for name in self.to_fields]
        ours, theirs = (", ".join(quote(field.column) for field in fields) for fields in (columns, targets))
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({ours}) REFERENCES {quote(other._meta.db_table)} ({theirs}) "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Return what a new table has of it; SQLite makes a table anew for each change of its constraints."""
        return self.definition(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """Return the statement that adds it to a table."""
        return (
            f"ALTER TABLE {schema_editor.quote_name(model._meta.db_table)} ADD {self.definition(model, schema_editor)}"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        """Return the statement that takes it from a table."""
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(self, *_args: Any, **_kwargs: Any) -> None:
        """Leave it to the model's ``clean``, which has the other row at hand."""

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Describe it for migrations."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "fields": self.fields, "to_fields": self.to_fields}

    def __eq__(self, other: object) -> bool:
        return self.deconstruct() == other.deconstruct() if isinstance(other, Reference) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.fields, self.to_fields))
