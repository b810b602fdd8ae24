"""Rows of a table as rows of the database: through the models' own rules and history, all of them or none."""

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.safestring import SafeString, mark_safe
from import_export import resources

from finances.exceptions import FinancesError
from finances.tables.limits import MAX_BULK_ROWS, MAX_ROWS, TableError

# Until the transaction ends; on SQLite it is alone anyway.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext(%s))"
STYLED = re.compile(r'<(ins|del) style="[^"]*">')


class PlainDifference(resources.Diff):  # type: ignore[misc]
    """What an import changes in a row, as style sheets have it look: the policy of pages bears no style in a tag."""

    def as_html(self) -> list[SafeString]:
        """Return the cells. In what they hold each ``<`` is written as an entity, so that only tags are touched."""
        return [mark_safe(STYLED.sub(r"<\1>", cell)) for cell in super().as_html()]  # noqa: S308


class TableResource(resources.ModelResource):  # type: ignore[misc]
    """A model's table. Subclasses declare their columns, which of them a row must have, and how it is found again."""

    required: ClassVar[tuple[str, ...]] = ()
    written_only: ClassVar[tuple[str, ...]] = ()  # columns of an export that an import passes over
    max_rows: ClassVar[int] = MAX_ROWS

    class Meta:
        import_id_fields: ClassVar[tuple[str, ...]] = ()
        clean_model_instances = True
        use_transactions = True
        skip_unchanged = True
        report_skipped = True

    @classmethod
    def get_diff_class(cls) -> type[PlainDifference]:
        """Return the class of what changes."""
        return PlainDifference

    def before_import(self, dataset: Any, **_options: Any) -> None:
        """Let another import of the same rows end first: in other orders, the two would wait for each other for ever.

        Refuse a table of other columns, and one that is too long to be looked at row by row.
        """
        if connection.vendor == "postgresql" and connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute(ONE_AT_A_TIME, [self._meta.model._meta.db_table])
        fault = self.fault_of(dataset)
        if fault:
            dataset.wipe()  # or the library would go on with the rows
            raise TableError(fault)

    def fault_of(self, dataset: Any) -> str:
        """Say what is wrong with a table as a whole; nothing when it can be looked at."""
        heads, known = set(dataset.headers or ()), {field.column_name for field in self.fields.values()}
        if unknown := sorted(heads - known):
            return f"There is no column {', '.join(unknown)[:200]}. The columns are {', '.join(sorted(known))}."
        if missing := sorted(set(self.required) - heads):
            return f"The column {', '.join(missing)} is missing."
        return f"There are more than {self.max_rows:,} rows; split the file." if len(dataset) > self.max_rows else ""

    def get_import_fields(self) -> list[Any]:
        """Return the columns without those that are only written."""
        return [field for field in super().get_import_fields() if field.column_name not in self.written_only]

    def get_instance(self, instance_loader: Any, row: Any) -> Any:  # noqa: ARG002
        """Return the row that is there already; None when it is new, or cannot be told for a fault in a cell."""
        try:
            return self.find(row)
        except (ValueError, ValidationError):
            return None  # told when the cell is read again

    def find(self, row: Any) -> Any:
        """Return the row of the database that ``row`` is about, None when it is new."""
        raise NotImplementedError

    def cell(self, row: Any, name: str) -> Any:
        """Return what a cell means."""
        return self.fields[name].clean(row) if self.fields[name].column_name in row else None

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        """Store the row, unless the database refuses it for what somebody else stored since it was looked at.

        Raises:
            ValidationError: it does; says why in the words of the model.
        """
        try:
            with transaction.atomic():  # or PostgreSQL would not look at the rows after it
                self.store(instance, is_create=is_create)
        except IntegrityError as exc:
            instance.full_clean()
            raise ValidationError("Somebody else wrote the same at the same moment; import the file again.") from exc

    def store(self, instance: Any, *, is_create: bool) -> None:
        """Store the columns of the table and nothing else, so that nobody's work meanwhile is lost."""
        if is_create:
            instance.save(force_insert=True)
            return
        names = [field.attribute for field in self.get_import_fields()]
        own = {field.name for field in instance._meta.concrete_fields if not field.primary_key}
        instance.save(update_fields=[name for name in names if name in own] + [*{"updated_at"} & own])

    def before_export(self, queryset: Any, **_options: Any) -> None:
        """Refuse more than a file can hold."""
        if queryset is not None and queryset.order_by()[: MAX_BULK_ROWS + 1].count() > MAX_BULK_ROWS:
            raise TableError(f"These are more than {MAX_BULK_ROWS:,} rows; filter the list first.")

    def get_chunk_size(self) -> int:
        """Fetch a thousand rows at a time."""
        return 1000

    def import_row(self, row: Any, instance_loader: Any, **options: Any) -> Any:
        """Import a row; a failure of ours is a fault of the row, in its own words."""
        result = super().import_row(row, instance_loader, **options)
        ours = [error.error for error in result.errors if isinstance(error.error, FinancesError)]
        if ours and len(ours) == len(result.errors):
            result.errors = []
            result.import_type = result.IMPORT_TYPE_INVALID
            result.validation_error = ValidationError([exc.message for exc in ours])
        return result
