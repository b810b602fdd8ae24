"""Operations of migrations that let the tables of PostgreSQL be written while they run; on SQLite, the plain ones."""

from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db.migrations.operations import AddConstraint


def _is_postgresql(schema_editor: Any) -> bool:
    return bool(schema_editor.connection.vendor == "postgresql")


class AddCheck(AddConstraintNotValid):
    """Have every row that is written from now on fulfil a constraint, without reading those that are there.

    `ValidateCheck` reads them, in a migration of its own: this one's lock is held until the end of its transaction.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Add the constraint."""
        if _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            AddConstraint.database_forwards(self, app_label, schema_editor, from_state, to_state)


class ValidateCheck(ValidateConstraint):
    """Read all rows for a constraint that `AddCheck` made; others may read and write meanwhile."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Validate the constraint; that of SQLite has held for all rows from its beginning."""
        if _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
