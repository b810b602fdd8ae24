"""Days that somebody told, which stay the same days when their time zone becomes another. See docs/adr/0018."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection, models

from finances import caching
from finances.local_days import moved
from finances.models import OwnedModel


def keep(*, user_id: Any, was: ZoneInfo, becomes: ZoneInfo) -> None:
    """Take what lies at a day's noon in the zone that ``was`` to that day's noon in the one that it ``becomes``.

    Of all rows of a locked user whose model has a ``day_field``, and of their records: both say the same day as before,
    so that no change is recorded. Instants with a time of their own stay, and so does what would meet one.
    """
    for model in apps.get_models():
        name = model.day_field if issubclass(model, OwnedModel) else None
        if name is None:
            continue
        history: Any = getattr(model, "history", None)
        # Two rows never come to be of one instant, where their constraints may forbid it; records may.
        for table, alike in [(model, model.lasting_fields), *([] if history is None else [(history.model, ("pk",))])]:
            rows = table._base_manager.filter(user_id=user_id).values_list("pk", name, *alike)  # noqa: SLF001
            move(table, name, list(moves(rows, was, becomes)))
    caching.renew_of({user_id})


def moves(rows: Any, was: ZoneInfo, becomes: ZoneInfo) -> Iterator[tuple[datetime, Any]]:
    """Yield where to take which of ``rows``, each a key, an instant and what rows that must not meet have in common.

    In an order in which none meets another on its way.
    """
    found = [(key, at, moved(at, was, becomes), alike) for key, at, *alike in rows]
    staying = {(at, *alike) for _, at, to, alike in found if to == at}
    moving = sorted((each for each in found if each[1] != each[2]), key=lambda each: each[1])
    if moving and moving[0][2] > moving[0][1]:
        moving.reverse()  # into the future the last one first
    for key, _, to, alike in moving:
        if (to, *alike) not in staying:
            yield to, key


def move(table: type[models.Model], name: str, taken: list[tuple[datetime, Any]]) -> None:
    """Store the instants ``taken``, each in the row of its key."""
    meta, quote = table._meta, connection.ops.quote_name
    field: Any = meta.get_field(name)
    names = [quote(name) for name in (meta.db_table, field.column, meta.pk.column)]
    statement = "UPDATE {} SET {} = %s WHERE {} = %s".format(*names)  # noqa: S608 - names of our own columns
    parameters = [
        (field.get_db_prep_save(to, connection), meta.pk.get_db_prep_value(key, connection)) for to, key in taken
    ]
    if parameters:
        with connection.cursor() as cursor:
            cursor.executemany(statement, parameters)
