"""Reads what was held when: the holdings, and the history of what was recorded of them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from accounts.models import Holding
from finances import history
from finances.local_days import day_of
from portfolio import timeline
from portfolio.timeline import Segment, Version


class HeldPosition(NamedTuple):
    """What an account held of a security when."""

    id: str
    account_id: str
    security_id: str
    segments: tuple[Segment, ...]


def positions_of(*, user: Any, account_ids: Sequence[Any], zone: ZoneInfo) -> list[HeldPosition]:
    """Return what the accounts of ``user`` held when, in the order in which it was first recorded; two queries.

    The row itself has the last word: what its history does not know of was recorded last.
    """
    versions: dict[Any, list[Version]] = {}
    places: dict[Any, tuple[str, str]] = {}
    for pk, account_id, security_id, kind, at, as_of, quantity in recorded(user, account_ids):
        gone = kind == history.DELETED
        version = Version(day_of(at, zone), day_of(as_of, zone), None if gone else quantity)
        versions.setdefault(pk, []).append(version)
        places[pk] = (str(account_id), str(security_id))
    alive = set()
    rows = Holding.objects.for_user(user).filter(account__in=account_ids).order_by("created_at", "pk")
    for pk, account_id, security_id, at, as_of, quantity in rows.values_list(
        "pk", "account_id", "security_id", "updated_at", "timestamp", "quantity"
    ):
        versions.setdefault(pk, []).append(Version(day_of(at, zone), day_of(as_of, zone), quantity))
        places[pk] = (str(account_id), str(security_id))
        alive.add(pk)
    found = [
        HeldPosition(str(pk), *places[pk], timeline.segments(told))
        for pk, told in versions.items()
        if pk in alive or told[-1].quantity is None
    ]
    return [position for position in found if position.segments]  # else all that was recorded was a mistake


def recorded(user: Any, account_ids: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    """Return all that was ever recorded of the holdings of the accounts, in that order."""
    records: Any = Holding.history.model
    rows = records.objects.filter(user_id=user.pk, account_id__in=account_ids).order_by("history_id")
    found: Iterable[tuple[Any, ...]] = rows.values_list(
        "id", "account_id", "security_id", "history_type", "history_date", "timestamp", "quantity"
    )
    return found
