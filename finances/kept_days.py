"""Days that somebody told, which stay the same days when their time zone becomes another. See docs/adr/0018."""

from collections.abc import Container, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection

from finances import caching
from finances.local_days import moved
from finances.models import OwnedModel

type Move = tuple[datetime, Any]  # to when, and the key of the row


def keep(*, user_id: Any, was: ZoneInfo, becomes: ZoneInfo) -> None:
    """Take what lies at a day's noon in the zone that ``was`` to that day's noon in the one that it ``becomes``.

    Of all rows of a locked user whose model has a ``day_field``, and of their records: both say the same day as before,
    so that no change is recorded. Instants with a time of their own stay, and so does what would meet one.
    """
    for model in apps.get_models():
        if not issubclass(model, OwnedModel) or model.day_field is None:
            continue
        name, history = model.day_field, getattr(model, "history", None)
        rows = model._base_manager.filter(user_id=user_id).values_list("pk", name, *model.lasting_fields)  # noqa: SLF001
        taken, held_up = moves(rows, was, becomes)
        move(model, name, taken)
        if history is not None:
            records = history.filter(user_id=user_id).values_list("pk", name, model._meta.pk.attname)
            move(history.model, name, list(moves_of_records(records, was, becomes, held_up=held_up)))
    caching.renew_of({user_id})


def moves(rows: Any, was: ZoneInfo, becomes: ZoneInfo) -> tuple[list[Move], set[tuple[Any, datetime]]]:
    """Return where to take which of ``rows``, and the keys and instants of those that cannot go there.

    Each row is a key, an instant and what rows that must not meet have in common: their constraints may forbid it. The
    order is one in which none meets another on its way: who is where another goes goes first, whichever way days move
    (they move both ways where a country has crossed the date line). What would meet one that stays, stays as well.
    """
    found = [(key, at, moved(at, was, becomes), tuple(alike)) for key, at, *alike in rows]
    occupied = {(at, *alike) for _, at, to, alike in found if to == at}
    moving = {(at, *alike): (key, at, to, alike) for key, at, to, alike in found if to != at}
    taken, held_up = [], set()
    while moving:
        _, first = moving.popitem()
        queue = [first]
        while (ahead := moving.pop((queue[-1][2], *queue[-1][3]), None)) is not None:
            queue.append(ahead)
        for key, at, to, alike in reversed(queue):
            if (to, *alike) in occupied:
                occupied.add((at, *alike))
                held_up.add((key, at))
            else:
                occupied.add((to, *alike))
                taken.append((to, key))
    return taken, held_up


def moves_of_records(
    records: Any, was: ZoneInfo, becomes: ZoneInfo, *, held_up: Container[tuple[Any, datetime]]
) -> Iterator[Move]:
    """Yield where to take which records, each a key, an instant and whose it is. They may meet, but follow the row."""
    for key, at, whose in records:
        to = moved(at, was, becomes)
        if to != at and (whose, at) not in held_up:
            yield to, key


def move(table: Any, name: str, taken: list[Move]) -> None:
    """Store the instants ``taken``, each in the row of its key."""
    meta, quote = table._meta, connection.ops.quote_name
    field = meta.get_field(name)
    names = [quote(name) for name in (meta.db_table, field.column, meta.pk.column)]
    statement = "UPDATE {} SET {} = %s WHERE {} = %s".format(*names)  # noqa: S608 - names of our own columns
    parameters = [
        (field.get_db_prep_save(to, connection), meta.pk.get_db_prep_value(key, connection)) for to, key in taken
    ]
    if parameters:
        with connection.cursor() as cursor:
            cursor.executemany(statement, parameters)
