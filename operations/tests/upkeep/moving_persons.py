"""Exporting and importing people as an operator does."""

import io

from django.core.management import call_command

from operations.persons import layout
from securities.models import Security
from users.models import User


def export(email, *arguments, **options):
    out = io.StringIO()
    call_command("export_user", email, *map(str, arguments), stdout=out, stderr=out, **options)
    return out.getvalue()


def import_(path, **options):
    out = io.StringIO()
    call_command("import_user", str(path), stdout=out, stderr=out, **options)
    return out.getvalue()


def owned():
    """Return how many rows of each kind there are, of everybody."""
    models = (User, Security, *(part.model for part in layout.PARTS), *(part.history for part in layout.RECORDED))
    return [model._base_manager.count() for model in models]
