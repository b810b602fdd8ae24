"""What those who keep Finances running have done: purging."""

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Max, QuerySet
from django.utils import timezone

from finances import idempotency
from finances.models import IdempotentAnswer
from operations import queue
from operations.models import DueTime, Outcome, Run

KEPT_RUNS = timedelta(days=90)


def purge(*, dry_run: bool = False) -> dict[str, int]:
    """Delete what is kept for a time only, and return how much, by what it was; a dry run counts only."""
    now = timezone.now()
    # The last due time of each entry stays: it says that it was dealt with.
    last = DueTime.objects.order_by().values("name").annotate(last=Max("id")).values_list("last", flat=True)
    old = {
        "runs": Run.objects.filter(started_at__lt=now - KEPT_RUNS).exclude(outcome=Outcome.RUNNING),
        "due_times": DueTime.objects.filter(taken_at__lt=now - KEPT_RUNS).exclude(pk__in=list(last)),
        "sessions": Session.objects.filter(expire_date__lt=now),
        "answers": IdempotentAnswer.objects.filter(created_at__lte=now - idempotency.LIFETIME),
    }
    counts = {name: remove(rows, dry_run=dry_run) for name, rows in old.items()}
    return {**counts, "tasks": queue.purge(dry_run=dry_run)}


def remove(rows: "QuerySet[Any]", *, dry_run: bool) -> int:
    """Delete ``rows``, or count them only."""
    return rows.count() if dry_run else rows.delete()[0]
