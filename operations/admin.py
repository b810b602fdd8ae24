"""What runs, what waits, who works, for administrators: to be looked at, and to be tried again."""

import json
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.tasks.base import TaskResultStatus
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_tasks_db.models import DBTaskResult, get_date_max

from finances import jobs, runs
from finances.changelists import LongListMixin
from finances.exceptions import FinancesError
from operations import queue
from operations.models import LEASE, DueTime, Outcome, Run, Worker

RECENT = 1000  # runs whose names are offered to filter by
admin.site.unregister(DBTaskResult)


class RecordsAdmin(LongListMixin, admin.ModelAdmin):
    """Rows that the system writes: nobody adds, changes or deletes them by hand, and they are never counted whole."""

    sortable_by = ()

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Let nobody add one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let nobody change one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let nobody delete one; `manage.py purge` does."""
        return False


class NameFilter(admin.SimpleListFilter):
    """By what was run, of what was run lately."""

    title, parameter_name = "name", "name"

    def lookups(self, _request: Any, _model_admin: Any) -> list[tuple[str, str]]:
        """Offer the names of recent runs; one query that does not grow."""
        names = set(Run.objects.order_by("-id").values_list("name", flat=True)[:RECENT])
        return [(name, name) for name in sorted(names | {self.value() or "sync_prices"})]

    def queryset(self, _request: Any, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Keep the runs of one name."""
        return queryset.filter(name=self.value()) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    """By what became of it; what runs in a process that is gone is lost."""

    title, parameter_name = "state", "state"

    def lookups(self, _request: Any, _model_admin: Any) -> list[tuple[str, str]]:
        """Offer every outcome."""
        return [(str(value), str(label)) for value, label in Outcome.choices]

    def queryset(self, _request: Any, queryset: Any) -> Any:
        """Keep the runs of one outcome."""
        special = {Outcome.RUNNING: queryset.running, Outcome.LOST: queryset.lost}
        if self.value() in special:
            return special[Outcome(str(self.value()))]()
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(Run)
class RunAdmin(RecordsAdmin):
    """What was run, by whom or what, and what became of it."""

    list_display = (
        "name", "state", "started_at", "lasted", "done_count", "failed_count", "cause", "started_by", "why",
    )  # fmt: skip
    list_filter = (StateFilter, NameFilter, "cause")
    list_select_related = ("started_by",)
    search_fields = ("reason",)
    actions = ("run_again",)
    fields = (
        "name", "written", "state", "summary", "reason", "done_count", "failed_count", "numbers", "failed_rows",
        "cause", "started_by", "queued_at", "started_at", "finished_at", "lasted", "process", "task_id", "attempt",
    )  # fmt: skip

    @admin.display(description="state")
    def state(self, run: Run) -> str:
        """Say what became of it."""
        return run.state

    @admin.display(description="took")
    def lasted(self, run: Run) -> str:
        """Show how long it took, in seconds."""
        return "" if run.duration is None else f"{run.duration.total_seconds():.1f} s"

    @admin.display(description="why")
    def why(self, run: Run) -> str:
        """Show the beginning of the reason."""
        return run.reason[:100]

    @admin.display(description="arguments")
    def written(self, run: Run) -> str:
        """Show the arguments as they were written."""
        return " ".join(run.arguments)

    @admin.display(description="numbers")
    def numbers(self, run: Run) -> str:
        """Show what was counted."""
        return ", ".join(f"{count} {name}" for name, count in run.counts.items())

    @admin.display(description="what failed")
    def failed_rows(self, run: Run) -> SafeString:
        """Show the first failures, one a line."""
        return format_html_join("", "<div>{}</div>", ((sentence,) for sentence in run.failures))

    @admin.action(description="Run again", permissions=["view"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        """Enqueue each chosen run once more, with the same arguments, and say of each what became of that."""
        for run in queryset:
            try:
                jobs.start(run.name, run.arguments, cause=runs.ADMIN, user_id=request.user.pk)
            except FinancesError as exc:
                self.message_user(request, f"{run}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{run.name} is enqueued.", messages.SUCCESS)


@admin.register(DBTaskResult)
class TaskAdmin(RecordsAdmin):
    """The queue: what waits, what runs, what is done and what failed, with the reason."""

    list_display = ("title", "state", "enqueued_at", "not_before", "started_at", "finished_at", "attempts", "why")
    list_filter = ("status", "queue_name")
    ordering = ("-enqueued_at",)
    actions = ("try_again",)
    fields = (
        "title", "state", "arguments", "queue_name", "priority", "enqueued_at", "not_before", "started_at",
        "finished_at", "attempts", "why", "said", "trace",
    )  # fmt: skip

    @admin.display(description="task")
    def title(self, task: Any) -> str:
        """Show the function, or the command that it runs."""
        path, args = task.task_path, task.args_kwargs["args"]
        return str(args[0]) if path.endswith("jobs.run_command") and args else str(path.rpartition(".")[2])

    @admin.display(description="state")
    def state(self, task: Any) -> str:
        """Say what became of it; what waits after a failure was tried before."""
        if task.status == TaskResultStatus.READY:
            return "waits to be tried again" if task.worker_ids or task.traceback else "waits"
        return str(TaskResultStatus(task.status).label).lower()

    @admin.display(description="not before")
    def not_before(self, task: Any) -> datetime | None:
        """Show when it may run, if not at once."""
        return None if task.run_after == get_date_max() else task.run_after

    @admin.display(description="attempts")
    def attempts(self, task: Any) -> int:
        """Show how often a worker has taken it."""
        return len(task.worker_ids)

    @admin.display(description="why")
    def why(self, task: Any) -> str:
        """Show the last line of the traceback of the last failure."""
        return str(task.traceback.strip().rpartition("\n")[2][:200])

    @admin.display(description="arguments")
    def arguments(self, task: Any) -> str:
        """Show what it was called with; forgotten once it is done."""
        return json.dumps(task.args_kwargs)

    @admin.display(description="answer")
    def said(self, task: Any) -> str:
        """Show what it returned."""
        return "" if task.return_value is None else str(task.return_value)

    @admin.display(description="traceback")
    def trace(self, task: Any) -> SafeString:
        """Show the traceback of the last failure."""
        return format_html("<pre>{}</pre>", task.traceback)

    @admin.action(description="Try again what failed", permissions=["view"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Make the chosen failed tasks ready again."""
        count = queue.retry(queryset)
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} failed tasks wait to be tried again.", level)


@admin.register(Worker)
class WorkerAdmin(RecordsAdmin):
    """The processes that work, and those that lately ended without a word."""

    list_display = ("process", "roles", "state", "seen_at", "started_at", "done_count", "failed_count")
    fields = list_display

    @admin.display(description="state")
    def state(self, worker: Worker) -> str:
        """Say whether it was seen lately."""
        return "works" if worker.seen_at >= timezone.now() - LEASE else "gone"


@admin.register(DueTime)
class DueTimeAdmin(RecordsAdmin):
    """What the schedule had due, and who saw to it."""

    list_display = ("name", "due_at", "taken_at", "taken_by", "task_id")
    list_filter = ("name",)
