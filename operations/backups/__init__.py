"""The whole database in one file, and back: on either database. See docs/adr/0021."""
