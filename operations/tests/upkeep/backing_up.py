"""Backing up and restoring as an operator does, and looking at what came of it."""

import io

from django.core.management import call_command

from operations.backups import archive, rows, tables


def backup(path, **options):
    out = io.StringIO()
    call_command("backup", str(path), stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def restore(path, **options):
    out = io.StringIO()
    call_command("restore", str(path), stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def checksums(path):
    with path.open("rb") as file, archive.opened(file) as opened:
        return {table.name: (table.row_count, table.sha256) for table in opened.manifest.tables}


def everything():
    """Return every row of every table that a backup holds."""
    return {tables.label(model): list(rows.lines(model)) for model in tables.kept()}
