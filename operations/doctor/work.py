"""Does the work in the background get done?"""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.tasks.base import TaskResultStatus
from django.utils import timezone

from operations import queue
from operations.doctor.findings import Finding, error, ok, some, warning
from operations.models import Outcome, Run, Worker

RECENT = timedelta(days=1)


def check_work() -> Iterator[Finding]:
    """Find tasks that nobody is there for, and work that failed."""
    waiting, living = queue.lengths()[TaskResultStatus.READY], Worker.objects.living().count()
    if settings.WORKERS and not living:
        yield error(
            f"WORKERS is set, and no worker lives; {waiting} tasks wait for one.",
            "Start `manage.py worker`, or unset WORKERS, so that the server does them itself.",
        )
    late = Run.objects.filter(started_at__gt=timezone.now() - RECENT)
    bad = (late.filter(outcome__in=[Outcome.FAILED, Outcome.PARTLY]) | late.lost()).order_by("name")
    names = sorted(set(bad.values_list("name", flat=True)))
    if names:
        yield warning(
            f"Runs of the last day failed, in part or whole: {some(names)}.", "The admin shows why, under Runs."
        )
    if not names and (living or not settings.WORKERS):
        yield ok(f"{living} workers live, {waiting} tasks wait." if settings.WORKERS else "Nothing failed lately.")
