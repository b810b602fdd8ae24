"""Everything that one person owns, as a file that becomes a person again, here or elsewhere. See docs/export-format.md."""
