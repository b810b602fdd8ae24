"""What is kept with a security and follows from its prices, splits and dividends."""

from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from finances.time_zones import zone_of
from securities import adjustment
from securities.actions import Action, ActionKind
from securities.adjustment import Step
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice


def refresh(security: Security) -> None:
    """Count up the security's version, and derive its steps of adjustment anew; three queries."""
    steps = adjustment_steps(security)
    security.adjustments = [[step.before.isoformat(), str(step.split), str(step.total)] for step in steps]
    Security.objects.filter(pk=security.pk).update(
        prices_version=F("prices_version") + 1, adjustments=security.adjustments
    )
    security.prices_version += 1


def adjustment_steps(security: Security) -> list[Step]:
    """Derive the steps of adjustment from the stored actions and the closes before the dividends; two queries.

    What is to come has changed no price yet. On its day new prices are stored, and the steps derived anew.
    """
    tomorrow = timezone.now().astimezone(zone_of(security.timezone)).date() + timedelta(days=1)
    before = SecurityPrice.objects.filter(
        security=security, interval=Interval.DAY, timestamp__lt=OuterRef("date")
    ).order_by("-timestamp")
    dividends = SecurityAction.objects.filter(
        security=security, kind=ActionKind.DIVIDEND, currency=None, date__lt=tomorrow
    )
    closes: dict[date, tuple[date, Decimal]] = {
        on: (at.date(), close)
        for on, at, close in dividends.annotate(
            close_at=Subquery(before.values("timestamp")[:1]), close=Subquery(before.values("close")[:1])
        ).values_list("date", "close_at", "close")
        if close is not None
    }
    comparable = [action for action in stored_actions(security) if action.currency is None and action.on < tomorrow]
    return adjustment.steps(comparable, closes_before=closes)


def words_on_splits(security: Security) -> dict[date, bool]:
    """Return what people said of splits, by day: whether providers took them out of their prices; one query."""
    told = SecurityAction.objects.filter(security=security, kind=ActionKind.SPLIT).exclude(is_taken_out=None)
    return dict(told.values_list("date", "is_taken_out"))


def stored_actions(security: Security) -> list[Action]:
    """Return the security's splits and dividends as plain values, oldest first; one query."""
    rows = SecurityAction.objects.filter(security=security).order_by("date", "kind")
    return [
        Action(on, ActionKind(kind), value, currency)
        for on, kind, value, currency in rows.values_list("date", "kind", "value", "currency_id")
    ]
