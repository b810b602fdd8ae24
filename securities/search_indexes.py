"""Indexes that searches use on PostgreSQL, beside the one in the model; SQLite reads through that one instead."""

EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
THREES = "security_name_threes"  # of three letters in a row; needs the extension
_COLUMNS = {
    "security_symbol_prefix": "(symbol varchar_pattern_ops) INCLUDE (search_name, id)",
    "security_name_letters": "USING gin (string_to_array(search_name, NULL))",
    THREES: "USING gin (search_name gin_trgm_ops)",
}
CREATE = {
    name: f"CREATE INDEX IF NOT EXISTS {name} ON securities_security {columns}" for name, columns in _COLUMNS.items()
}
