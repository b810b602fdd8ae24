"""Adding indexes to tables that are in use."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex

IS_VALID = {
    "postgresql": "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(quote_ident(%s))",
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = %s",
}


class AddIndexMeanwhile(AddIndexConcurrently):
    """Adds an index while others write to its table, on PostgreSQL; SQLite has one writer anyway.

    Its migration must not be atomic. So one that is broken off may leave an index, which the next one finds; PostgreSQL
    leaves an invalid one where it was at work, and that is made anew.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Add it, unless it is there."""
        is_valid = self._is_valid(schema_editor)
        if is_valid:
            return
        if is_valid is False:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(self.index.name)}")
        way: Any = AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        way.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Drop it, if it is there."""
        if self._is_valid(schema_editor) is None and not schema_editor.collect_sql:
            return
        way: Any = AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        way.database_backwards(self, app_label, schema_editor, from_state, to_state)

    def _is_valid(self, schema_editor: Any) -> bool | None:
        """Tell whether the index can be used, or nothing when there is none."""
        if schema_editor.collect_sql:
            return None
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(IS_VALID[schema_editor.connection.vendor], [self.index.name])
            found = cursor.fetchone()
        return None if found is None else bool(found[0])
