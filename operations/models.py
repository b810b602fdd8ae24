"""What was run and what became of it, the processes that work, and the due times that were dealt with."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from finances import runs

# A process tells that it lives several times within this; one that has not, does not. By the database's clock alone.
LEASE = timedelta(seconds=60)


def alive(*, within: timedelta = LEASE) -> models.Q:
    """Return the condition of rows that were seen lately."""
    return models.Q(seen_at__gte=Now() - within)


class Outcome(models.TextChoices):
    """What became of a run."""

    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    PARTLY = "partly", "failed in part"
    FAILED = "failed", "failed"
    LOST = "lost", "lost"


class Cause(models.TextChoices):
    """What starts runs."""

    COMMAND = runs.COMMAND, "command"
    ADMIN = runs.ADMIN, "admin"
    SCHEDULE = runs.SCHEDULE, "schedule"
    API = runs.API, "API"


class RunQuerySet(models.QuerySet["Run"]):
    """Runs, from the records of all processes."""

    def running(self) -> Self:
        """Keep those that are under way in a process that lives."""
        return self.filter(alive(), outcome=Outcome.RUNNING)

    def lost(self) -> Self:
        """Keep those whose process ended without a word, whether that was noted or not."""
        return self.filter(models.Q(outcome=Outcome.LOST) | (models.Q(outcome=Outcome.RUNNING) & ~alive()))

    def mark_lost(self) -> int:
        """Note which runs were lost, and return how many were not known to be."""
        unnoted = self.filter(~alive(), outcome=Outcome.RUNNING)
        return unnoted.update(
            outcome=Outcome.LOST,
            finished_at=models.F("seen_at"),
            reason="The process that ran it ended without a word.",
        )


class Run(models.Model):
    """One run of something: who or what started it, when, and what became of it. Written by `operations.records`."""

    name = models.CharField(max_length=60)
    arguments = models.JSONField(default=list)
    cause = models.CharField(max_length=10, choices=Cause)
    started_by: Any = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    task_id = models.CharField(max_length=36, default="", db_index=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    process = models.CharField(max_length=100)
    queued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    done_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    summary = models.TextField(default="")
    reason = models.TextField(default="")
    failures = models.JSONField(default=list)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("name", "-started_at"), name="run_name"),
            models.Index(fields=("started_at",), name="run_age"),
            models.Index(fields=("seen_at",), name="run_under_way", condition=models.Q(outcome=Outcome.RUNNING)),
        )

    def __str__(self) -> str:
        return f"{self.name} of {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def duration(self) -> timedelta | None:
        """Return how long it took, if it is over."""
        return self.finished_at - self.started_at if self.finished_at else None

    @property
    def state(self) -> str:
        """Return the outcome in a word; one that is under way in a process that is gone is lost."""
        is_gone = self.outcome == Outcome.RUNNING and self.seen_at < timezone.now() - LEASE
        return str(Outcome.LOST.label if is_gone else Outcome(self.outcome).label)


class WorkerQuerySet(models.QuerySet["Worker"]):
    """The processes that work."""

    def living(self, *, within: timedelta = LEASE) -> Self:
        """Keep those that were seen lately."""
        return self.filter(alive(within=within))


class Worker(models.Model):
    """A process of `manage.py worker`, as long as it runs; what it runs is given to others when it is seen no more."""

    id = models.CharField(max_length=64, primary_key=True)
    process = models.CharField(max_length=100)
    roles = models.CharField(max_length=40)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    done_count = models.PositiveIntegerField(default=0)
    failed_count = models.PositiveIntegerField(default=0)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return self.process


class DueTime(models.Model):
    """A time at which the schedule had something to do: whoever stores it does it, and nobody else can."""

    name = models.CharField(max_length=60)
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(auto_now_add=True)
    taken_by = models.CharField(max_length=100)
    task_id = models.CharField(max_length=36, default="")

    class Meta:
        ordering = ("-due_at",)
        constraints = (models.UniqueConstraint(fields=("name", "due_at"), name="due_time_once"),)

    def __str__(self) -> str:
        return f"{self.name} at {self.due_at:%Y-%m-%d %H:%M}"
