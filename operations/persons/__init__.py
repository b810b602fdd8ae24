"""Everything that one person owns, as a file that becomes a person again (docs/export-format.md)."""
