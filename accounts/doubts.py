"""Whether it is known which shares the quantity of a holding counts: those of before a split or of after it."""

from collections.abc import Container
from typing import Any

from accounts import told
from accounts.models import Holding
from accounts.told import CONFIRMED, StoredSplit, Telling, Told
from finances.history import DELETED
from finances.local_days import day_of


def doubt_of(holding: Holding) -> str | None:
    """Return why nobody knows which shares the quantity counts, and what to do; None when there is no doubt.

    Of what `with_current_price` adds. Most holdings need no query for it: they have not changed since a split, or are
    younger than what is known of it.
    """
    as_of, saved_on = holding.as_of, day_of(holding.updated_at, holding.user.zone)
    splits = [
        StoredSplit(split.date, split.created_at)
        for split in holding.splits_between(as_of, saved_on)
        if split.created_at > holding.created_at
    ]
    found = told.unconfirmed(splits, as_of=as_of, told=told_when(holding)) if splits else []
    return told.reason(holding.security.symbol, found, as_of=as_of) if found else None


def told_when(holding: Holding) -> Told:
    """Return when the quantity was told; one query, of the holding's history."""
    zone = holding.user.zone
    records: Any = Holding.history.model.objects.filter(id=holding.pk).order_by("history_id")
    tellings = [
        Telling(None if kind == DELETED else quantity, Told(day_of(at, zone), at), why == CONFIRMED)
        for kind, at, quantity, why in records.values_list(
            "history_type", "history_date", "quantity", "history_change_reason"
        )
    ]
    own = Telling(holding.quantity, Told(day_of(holding.updated_at, zone), holding.updated_at))
    return list(told.when([*tellings, own]))[-1]


def settles_doubt(holding: Holding, *, told: Container[str]) -> bool:
    """Tell whether a change that says what is ``told``, also where that stays, ends a doubt about the quantity."""
    return "quantity" in told and "timestamp" in told and doubt_of(holding) is not None
