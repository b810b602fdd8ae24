"""What ran, what waits, and what is slow, for the admin's first page."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from finances import metrics
from operations import queue
from operations.models import Outcome, Run, Worker
from operations.panels import DAYS, MOST, Bar, Panel, by_day, counted, listed, written

RECENT = timedelta(days=1)
SLOWEST = 5
NOT_COUNTED = "Requests are counted where METRICS_TOKEN is set."


def runs(now: datetime) -> Panel:
    """What ran in the last day, what became of it, and how long the longest took."""
    rows = Run.objects.filter(started_at__gt=now - timedelta(days=DAYS)).order_by("-started_at")[:MOST]
    known = [(run.started_at, run.state, run.name, run.duration) for run in rows]
    recent = [each for each in known if now - each[0] <= RECENT]
    states = Counter(state for _, state, *_ in recent)
    took = [(duration, name) for *_, name, duration in recent if duration is not None]
    longest = max(took, default=None)
    return Panel(
        "Runs of commands and syncs",
        figures=[("in the last day", written(len(recent)), listed("operations_run"))],
        bars=[
            Bar(
                str(outcome.label),
                states[str(outcome.label)],
                listed("operations_run", f"state={outcome.value}"),
                "" if outcome in {Outcome.RUNNING, Outcome.SUCCEEDED} else "bad",
            )
            for outcome in Outcome
        ],
        columns=by_day((at.date() for at, *_ in known), today=now.date(), address=lambda _: listed("operations_run")),
        note=f"The longest was {longest[1]}, {longest[0].total_seconds():,.1f} s." if longest else "Nothing ran.",
    )


def waiting(_now: datetime) -> Panel:
    """What waits for a worker, and who works."""
    tasks, workers = "django_tasks_database_dbtaskresult", listed("operations_worker")
    counts = queue.lengths()
    labels = {
        TaskResultStatus.READY: "waiting", TaskResultStatus.RUNNING: "running", TaskResultStatus.FAILED: "failed",
    }  # fmt: skip
    note = "Tasks wait in the database." if settings.WORKERS else "Without workers the server runs all at once."
    return Panel(
        "Queue",
        figures=[("workers", written(counted(Worker.objects.living())), workers)],
        bars=[
            Bar(
                label,
                counts[status],
                listed(tasks, f"status__exact={status.value}"),
                "bad" if status == TaskResultStatus.FAILED else "",
            )
            for status, label in labels.items()
        ],
        note=note,
    )


def slowest(_now: datetime) -> Panel:
    """Which requests took longest on average, in milliseconds, since this server started."""
    sums: Counter[tuple[str, str]] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for family in metrics.registry().collect():
        for sample in family.samples:
            key = (sample.labels.get("method", ""), sample.labels.get("route", ""))
            if sample.name == "finances_http_request_seconds_sum":
                sums[key] += sample.value
            elif sample.name == "finances_http_request_seconds_count":
                counts[key] += sample.value
    means = {key: sums[key] / count * 1000 for key, count in counts.items() if count}
    worst = sorted(means, key=lambda key: means[key], reverse=True)[:SLOWEST]
    return Panel(
        "Slowest requests",
        bars=[Bar(f"{method} {route}", round(means[method, route])) for method, route in worst],
        note="Milliseconds on average, since the server started." if worst else NOT_COUNTED,
    )


def needs(now: datetime) -> list[Bar]:
    """Return which work should be looked at."""
    late = Run.objects.filter(started_at__gt=now - RECENT)
    return [
        Bar(
            "Runs that failed in the last day",
            counted(late.filter(outcome=Outcome.FAILED)),
            listed("operations_run", "state=failed"),
        ),
        Bar(
            "Runs that failed in part in the last day",
            counted(late.filter(outcome=Outcome.PARTLY)),
            listed("operations_run", "state=partly"),
        ),
        Bar(
            "Runs lost with their process in the last day", counted(late.lost()), listed("operations_run", "state=lost")
        ),
        Bar(
            "Tasks that failed",
            counted(DBTaskResult.objects.filter(status=TaskResultStatus.FAILED)),
            listed("django_tasks_database_dbtaskresult", "status__exact=FAILED"),
        ),
    ]
