"""Which tables a backup holds, which columns of them, and in what order they are filled."""

from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import models

# Their rows are not in the backup, and those that are there go with a restore: they are about what was before it.
LEFT_OUT: dict[str, str] = {
    "sessions.session": "Who was signed in to the admin then signs in again.",
    "users.tokenfamily": "A refresh token that was exchanged since would be good once more.",
    "finances.idempotentanswer": "Answers for requests that are sent again within a day.",
    # Of an app that is not always installed:
    "django_tasks_database.dbtaskresult": "What waited then has been done since, and its mails have been sent.",
    "finances.generation": "Counters that must never go back; a restore begins new ones.",
    "finances.sharedgeneration": "Marks of changes; a restore makes new ones.",
    "finances.ownergeneration": "The same of each person.",
}
# Columns that say what a process does, or how often something changed: a restore sets them anew (`restoring`).
COLUMNS_LEFT_OUT: dict[str, frozenset[str]] = {
    "securities.security": frozenset({"sync_started_at", "prices_version"}),
}

type Model = type[models.Model]


def label(model: Model) -> str:
    """Return the name of a model's table in backups: ``accounts.account``."""
    return model._meta.label_lower


def ordered() -> list[Model]:
    """Return every model that has a table of ours, those that others point at before these; always in one order."""
    ours = {
        model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy
    }
    by_name = sorted(ours, key=label)
    graph = {model: [each for each in by_name if each in _pointed_at(model)] for model in by_name}
    return [model for model in TopologicalSorter(graph).static_order() if model in ours]


def _pointed_at(model: Model) -> set[Any]:
    fields: Any = model._meta.concrete_fields
    return {
        field.remote_field.model
        for field in fields
        if field.remote_field is not None and field.db_constraint and field.remote_field.model is not model
    }


def kept() -> list[Model]:
    """Return the models whose rows are in a backup."""
    return [model for model in ordered() if label(model) not in LEFT_OUT]


def fields(model: Model) -> list[Any]:
    """Return the fields of ``model`` whose columns are in a backup, in the order of its definition."""
    left_out = COLUMNS_LEFT_OUT.get(label(model), frozenset())
    return [field for field in model._meta.concrete_fields if not field.generated and field.attname not in left_out]


def columns(model: Model) -> tuple[str, ...]:
    """Return the names of `fields`, as they stand in the manifest of a backup."""
    return tuple(field.attname for field in fields(model))
