"""How far the migrations of a database are; rows fit only tables of the same state."""

from collections.abc import Mapping, Sequence

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

type State = Mapping[str, Sequence[str]]


def state() -> dict[str, list[str]]:
    """Return the names of the migrations that the database has seen, by app, of the apps that are installed."""
    installed = {config.label for config in apps.get_app_configs()}
    found: dict[str, list[str]] = {}
    for label, name in sorted(MigrationRecorder(connection).applied_migrations()):
        if label in installed:
            found.setdefault(label, []).append(name)
    return found


def unapplied() -> list[str]:
    """Return the migrations of this version that the database has not seen, such as ``accounts.0004_rules``."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def difference(theirs: State, ours: State) -> str:
    """Return how the state of a backup differs from that of the database, as a sentence; empty when it does not."""
    for app in sorted({*theirs, *ours}):
        there, here = theirs.get(app, ()), ours.get(app, ())
        if list(there) != list(here):
            return f"The backup was made with {_last(app, there)}, but this database has {_last(app, here)}."
    return ""


def _last(app: str, names: Sequence[str]) -> str:
    return f"{app} at {names[-1]}, the last of {len(names)} migrations" if names else f"no migrations of {app}"
