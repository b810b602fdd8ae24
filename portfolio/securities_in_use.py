"""Reads securities with the closes and splits that some days need."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Q

from portfolio.inputs import Close, Security, Split
from securities import adjustment, models
from securities.actions import ActionKind
from securities.adjustment import LaterSplits
from securities.intervals import Interval, instant_of
from securities.models import SecurityAction, SecurityPrice
from securities.providers.protocol import Action


def load(ids: Collection[Any], windows: list[tuple[date, date]]) -> dict[str, Security]:
    """Return securities by their ``ids``, with their closes in ``windows`` and all their splits; three queries."""
    closes, splits = _closes(ids, windows), _splits(ids)
    found = {}
    for row in models.Security.objects.filter(pk__in=ids):
        own, actions = closes.get(row.pk, []), splits.get(row.pk, [])
        found[str(row.pk)] = Security(
            id=str(row.pk),
            symbol=row.symbol,
            name=row.name,
            asset_class=row.asset_class,
            sector=row.sector,
            currency=row.currency_id,
            days=[close.on for close in own],
            closes=own,
            splits=tuple(Split(on, adjustment.exact_ratio(value), pk) for pk, on, value in actions),
            later_splits=LaterSplits([Action(on, ActionKind.SPLIT, value) for _, on, value in actions])
            if actions
            else None,
        )
    return found


def _closes(ids: Collection[Any], windows: list[tuple[date, date]]) -> dict[Any, list[Close]]:
    """Return the daily closes, as traded, by security, oldest first; one query."""
    within = Q()
    for first, last in windows:
        within |= Q(timestamp__range=(instant_of(first), datetime.combine(last, time.max, UTC)))
    rows = SecurityPrice.objects.filter(within, security__in=ids, interval=Interval.DAY)
    found: dict[Any, list[Close]] = {}
    for security_id, at, close, pk in (
        rows.order_by("security_id", "timestamp").values_list("security_id", "timestamp", "close", "pk").iterator()
    ):
        found.setdefault(security_id, []).append(Close(at.date(), close, pk))
    return found


def _splits(ids: Collection[Any]) -> dict[Any, list[tuple[int, date, Any]]]:
    """Return the splits by security, oldest first; one query."""
    rows = SecurityAction.objects.filter(security__in=ids, kind=ActionKind.SPLIT).order_by("date")
    found: dict[Any, list[tuple[int, date, Any]]] = {}
    for security_id, pk, on, value in rows.values_list("security_id", "pk", "date", "value"):
        found.setdefault(security_id, []).append((pk, on, value))
    return found
