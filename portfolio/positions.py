"""Reads what was held when: the holdings, and the history of what was recorded of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from accounts.models import Holding
from accounts.told import CONFIRMED, Told
from finances import history
from finances.local_days import day_of
from portfolio import timeline
from portfolio.timeline import Segment, Version


class HeldPosition(NamedTuple):
    """What an account held of a security when; ``id`` is that of the holding, or of the last one that there was."""

    id: str
    account_id: str
    security_id: str
    segments: tuple[Segment, ...]


def positions_of(*, user: Any, account_ids: Sequence[Any], zone: ZoneInfo) -> list[HeldPosition]:
    """Return what the accounts of ``user`` held when, in the order in which it was first recorded; two queries.

    The row itself has the last word: what its history does not know of was recorded last. An account has one holding of
    a security at a time, so that one which was deleted and another that was added since are the same position.
    """
    versions: dict[Any, list[tuple[int, Version]]] = {}  # each with its place among all, by row
    places: dict[Any, tuple[str, str]] = {}
    order = count()
    for pk, account_id, security_id, kind, at, as_of, quantity, reason in recorded(user, account_ids):
        gone = kind == history.DELETED
        version = version_of(at, as_of, None if gone else quantity, zone, confirms=reason == CONFIRMED)
        versions.setdefault(pk, []).append((next(order), version))
        places[pk] = (str(account_id), str(security_id))
    alive = set()
    rows = Holding.objects.for_user(user).filter(account__in=account_ids).order_by("created_at", "pk")
    for pk, account_id, security_id, at, as_of, quantity in rows.values_list(
        "pk", "account_id", "security_id", "updated_at", "timestamp", "quantity"
    ):
        versions.setdefault(pk, []).append((next(order), version_of(at, as_of, quantity, zone)))
        places[pk] = (str(account_id), str(security_id))
        alive.add(pk)
    by_place: dict[tuple[str, str], list[tuple[int, Any, Version]]] = {}
    for pk, told in versions.items():
        if pk in alive or told[-1][1].quantity is None:  # else it went without a record
            by_place.setdefault(places[pk], []).extend((place, pk, version) for place, version in told)
    found = [position(*place, sorted(told)) for place, told in by_place.items()]
    return [each for each in found if each.segments]  # else all that was recorded was a mistake


def version_of(
    at: datetime, as_of: datetime, quantity: Decimal | None, zone: ZoneInfo, *, confirms: bool = False
) -> Version:
    """Return what was recorded at an instant, by the days of ``zone``."""
    recorded_on = day_of(at, zone)
    return Version(recorded_on, day_of(as_of, zone), quantity, Told(recorded_on, at), confirms)


def position(account_id: str, security_id: str, told: Sequence[tuple[int, Any, Version]]) -> HeldPosition:
    """Return the position that was ``told`` of, in the order in which it was."""
    segments = timeline.segments(version for _, _, version in told)
    return HeldPosition(str(told[-1][1]), account_id, security_id, segments)


def recorded(user: Any, account_ids: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    """Return all that was ever recorded of the holdings of the accounts, in that order."""
    records: Any = Holding.history.model
    rows = records.objects.filter(user_id=user.pk, account_id__in=account_ids).order_by("history_id")
    found: Iterable[tuple[Any, ...]] = rows.values_list(
        "id",
        "account_id",
        "security_id",
        "history_type",
        "history_date",
        "timestamp",
        "quantity",
        "history_change_reason",
    )
    return found
