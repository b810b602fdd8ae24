"""Reads securities with the closes and splits that some days need."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any

from django.db import connection

from finances import sql
from portfolio.inputs import Closes, Security, Split
from securities import adjustment, models
from securities.actions import Action, ActionKind
from securities.adjustment import LaterSplits
from securities.intervals import Interval, instant_of
from securities.models import SecurityAction, SecurityPrice

PRICES = SecurityPrice._meta
NO_CLOSES = Closes((), (), ())


def load(ids: Collection[Any], windows: list[tuple[date, date]]) -> dict[str, Security]:
    """Return securities by their ``ids``, with their closes in ``windows`` and all their splits; three queries."""
    closes, splits = _closes(ids, windows), _splits(ids)
    found = {}
    for row in models.Security.objects.filter(pk__in=ids):
        actions = splits.get(row.pk, [])
        found[str(row.pk)] = Security(
            id=str(row.pk),
            symbol=row.symbol,
            name=row.name,
            asset_class=row.asset_class,
            sector=row.sector,
            currency=row.currency_id,
            closes=closes.get(row.pk, NO_CLOSES),
            splits=tuple(Split(on, adjustment.exact_ratio(value), pk, at) for pk, on, value, at in actions),
            later_splits=LaterSplits([Action(on, ActionKind.SPLIT, value) for _, on, value, _ in actions])
            if actions
            else None,
            asset_class_label=row.get_asset_class_display(),
        )
    return found | {str(key): gone(str(key)) for key in ids if str(key) not in found}


def gone(key: str) -> Security:
    """Return what is known of a security that was held once and has been deleted since: that it was."""
    symbol = f"The security {key}"
    return Security(key, symbol, symbol, models.AssetClass.OTHER.value, "", None, NO_CLOSES, is_gone=True)


def _closes(ids: Collection[Any], windows: list[tuple[date, date]]) -> dict[Any, Closes]:
    """Return the daily closes, as traded, by security, oldest first; one query.

    The database writes those of a security into one text: a row of its own for each of ten years of days costs more
    than all that is computed from it.
    """
    if not ids:
        return {}
    field, spoken = PRICES.get_field("security"), sql.dialect()
    keys = [sql.parameter(field, key) for key in sorted(ids)]
    params: list[Any] = [*keys, Interval.DAY.value]
    for first, last in windows:
        bounds = (instant_of(first), datetime.combine(last, time.max, UTC))
        params += [sql.parameter(PRICES.get_field("timestamp"), bound) for bound in bounds]
    item = f"{spoken.day('price.timestamp')} || ' ' || {spoken.number('price.close')} || ' ' || price.id"
    within = " OR ".join(["price.timestamp BETWEEN %s AND %s"] * len(windows))
    statement = f"""
        SELECT security_id, {spoken.joined} FROM (
            SELECT price.security_id, price.timestamp AS place, {item} AS item FROM {PRICES.db_table} AS price
            WHERE price.security_id IN ({", ".join(["%s"] * len(keys))}) AND price.interval = %s AND ({within})
            ORDER BY price.security_id, price.timestamp
        ) AS closes GROUP BY security_id
    """  # noqa: S608 - made of our own names and of placeholders
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return {field.to_python(key): _read(items) for key, items in cursor.fetchall()}


def _read(items: str) -> Closes:
    words = items.replace(",", " ").split(" ")
    return Closes(list(map(date.fromisoformat, words[0::3])), words[1::3], words[2::3])


def _splits(ids: Collection[Any]) -> dict[Any, list[tuple[int, date, Any, datetime]]]:
    """Return the splits by security, oldest first; one query."""
    rows = SecurityAction.objects.filter(security__in=ids, kind=ActionKind.SPLIT).order_by("date")
    found: dict[Any, list[tuple[int, date, Any, datetime]]] = {}
    for security_id, *split in rows.values_list("security_id", "pk", "date", "value", "created_at"):
        found.setdefault(security_id, []).append(tuple(split))
    return found
