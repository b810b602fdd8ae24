"""Rows of which every change is kept: who, when, before and after. See docs/adr/0011."""

from collections.abc import Iterable
from functools import cached_property
from itertools import batched
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import connections, models, transaction
from django.db.models import Value
from django.utils import timezone
from simple_history.models import HistoricalRecords

from finances import caching
from finances.models import OwnedQuerySet
from finances.prepared import PreparedInsert

CREATED, CHANGED, DELETED = "+", "~", "-"
ROWS_AT_ONCE = 500


def goes_with_owner(origin: Any) -> bool:
    """Tell whether what is deleted goes because its owner does; ``origin`` is where Django began to delete."""
    deleted = origin.model if isinstance(origin, models.QuerySet) else type(origin)
    return issubclass(deleted, get_user_model())


def forget(collector: Any, field: Any, sub_objs: Any, using: str) -> None:
    """Set a reference between private rows to null, and record it, when what it points at is deleted; an `on_delete`.

    When their owner goes, the rows go with their history, and a record that is written meanwhile would be left over.
    """
    if not goes_with_owner(collector.origin):
        models.SET_NULL(collector, field, sub_objs, using)


forget.lazy_sub_objs = True  # type: ignore[attr-defined]  # as SET_NULL has it: the rows need not be fetched


class OwnedRecords(HistoricalRecords):  # type: ignore[misc]
    """The history of an `OwnedModel`: it outlives the row, and goes with the row's owner."""

    def __init__(self, **options: Any) -> None:
        """Number the records with big integers: there are many more of them than of rows."""
        super().__init__(history_id_field=models.BigAutoField(), **options)

    def create_history_model(self, model: type[models.Model], inherited: bool) -> Any:
        """Make the model of the records, and keep it: the library looks for it by a manager that it makes each time."""
        self.record_model: Any = super().create_history_model(model, inherited)
        return self.record_model

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        """Copy the fields as the library does, but keep the owner a real foreign key."""
        fields: dict[str, Any] = super().copy_fields(model)
        fields["user"] = models.ForeignKey(
            settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="owner"
        )
        return fields

    def get_extra_fields(self, model: type[models.Model], fields: Any) -> dict[str, Any]:
        """Call a record as its row was called then, and by when it was written; without asking for the row."""
        called: Any = model.__str__

        def __str__(record: Any) -> str:  # noqa: N807 - of the model that is made
            return f"{called(record)}; recorded {record.history_date:%Y-%m-%d %H:%M} UTC"

        return {**super().get_extra_fields(model, fields), "__str__": __str__}

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        """Add an index for those who look for changes of one kind, such as what was deleted."""
        kinds = models.Index(fields=("history_type", "-history_id"), name=f"{model._meta.model_name}_changes")
        return {**super().get_meta_options(model), "indexes": (kinds,)}

    def post_save(self, instance: Any, created: bool, using: str | None = None, **kwargs: Any) -> None:
        """Record a row that is new or was changed; a save that changed nothing, and does not say why, is none."""
        if created or getattr(instance, "_change_reason", None) is not None or not self.is_as_recorded(instance, using):
            super().post_save(instance, created, using=using, **kwargs)
        else:
            caching.renew_of({instance.user_id}, using=using)  # for ``updated_at``, which is shown, too

    def is_as_recorded(self, instance: Any, using: str | None) -> bool:
        """Tell whether the row says what was recorded of it last, but for when it was saved."""
        records: Any = self.record_model.objects.using(using)
        names = [field.attname for field in self.fields_included(instance) if field.name != "updated_at"]
        last = records.filter(id=instance.pk).order_by("-history_id").values(*names).first()
        return last is not None and all(last[name] == getattr(instance, name) for name in names)

    def post_delete(self, instance: Any, using: str | None = None, **kwargs: Any) -> None:
        """Record the deletion of a row, unless it goes with its owner and all its history."""
        if not goes_with_owner(kwargs.get("origin")):
            super().post_delete(instance, using, **kwargs)

    @cached_property
    def _insert(self) -> PreparedInsert:
        fields = self.record_model._meta.concrete_fields
        return PreparedInsert(self.record_model, [field for field in fields if not field.primary_key])

    def create_historical_record(self, instance: Any, history_type: str, using: str | None = None) -> None:
        """Write a record, and end what was computed from those before.

        It is the library's record, written by SQL of our own: there are no signals, and no instance of it.
        """
        said = {
            "history_date": getattr(instance, "_history_date", None) or timezone.now(),
            "history_type": history_type,
            "history_user_id": getattr(self.get_history_user(instance), "pk", None),
            "history_change_reason": self.get_change_reason_for_object(instance, history_type, using),
        }
        names = [field.attname for field in self._insert.fields]
        with transaction.atomic(using=using, savepoint=False):  # who saves takes back all or nothing
            self._insert.store([said[name] if name in said else getattr(instance, name) for name in names], using=using)
            caching.renew_of({instance.user_id}, using=using)


class RecordedQuerySet(OwnedQuerySet):
    """Private rows whose bulk writes are recorded like single ones; the library sees only ``save`` and ``delete``.

    A model that uses it names it as its base manager, too: Django itself updates in bulk when a row that others point
    at is deleted.
    """

    def update(self, **values: Any) -> int:
        """Change all rows at once, with their ``updated_at``, and record each."""
        values.setdefault("updated_at", timezone.now())
        with transaction.atomic(using=self.db):
            keys = list(self.select_for_update(of=("self",)).values_list("pk", flat=True))
            rows = type(self)(self.model, using=self.db).filter(pk__in=keys)
            count = super(RecordedQuerySet, rows).update(**values)
            rows.all().record(CHANGED)
        return count

    def bulk_create(  # type: ignore[override]
        self, objs: Iterable[Any], batch_size: int | None = None, **options: Any
    ) -> list[Any]:
        """Store all rows at once, and record each.

        Raises:
            TypeError: conflicts are to be passed over, so that nobody could tell what was stored.
        """
        if any(options.values()):
            raise TypeError("A recorded row is stored or refused; there is no other way to treat a conflict.")
        with transaction.atomic(using=self.db):
            stored: list[Any] = super().bulk_create(objs, batch_size=batch_size)
            for some in batched(stored, ROWS_AT_ONCE):
                type(self)(self.model, using=self.db).filter(pk__in=[row.pk for row in some]).record(CREATED)
        return stored

    def delete_at_once(self) -> None:
        """Delete all rows by one statement, and record each; for rows that no others point at."""
        with transaction.atomic(using=self.db):
            self.select_for_update(of=("self",)).record(DELETED)
            self._raw_delete(self.db)

    def record(self, kind: str) -> None:
        """Write a record of ``kind`` of each row as it is now, and end what was computed from those before.

        The database copies the rows itself, by one statement: there may be tens of thousands.
        """
        record: Any = self.model.history.model
        owners = set(self.order_by().values_list("user_id", flat=True))
        if not owners:
            return
        doer = record.get_default_history_user(self.model())
        said = {"history_date": timezone.now(), "history_type": kind, "history_user": getattr(doer, "pk", None)}
        fields = [*record.tracked_fields, *map(record._meta.get_field, said)]
        rows = self.order_by().annotate(
            **{f"said_{name}": Value(value, record._meta.get_field(name)) for name, value in said.items()}
        )
        copied = rows.values_list(*(field.attname for field in record.tracked_fields), *map("said_{}".format, said))
        quote = connections[self.db].ops.quote_name
        statement, parameters = copied.query.get_compiler(self.db).as_sql()
        columns = ", ".join(quote(field.column) for field in fields)
        with connections[self.db].cursor() as cursor:
            cursor.execute(f"INSERT INTO {quote(record._meta.db_table)} ({columns}) {statement}", parameters)
        caching.renew_of(owners, using=self.db)


class RefusedCommand(BaseCommand):
    """A command of the library that would rewrite records, from which past figures are computed."""

    help = "Refuses: past figures are computed from every record."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Refuse whatever options the library's own command has."""
        super().run_from_argv(argv[:2])

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Refuse.

        Raises:
            CommandError: always.
        """
        raise CommandError(
            "This would rewrite what was recorded, and past figures are computed from every record of it "
            "(docs/adr/0011). Records go when their owner is deleted, and not before."
        )
