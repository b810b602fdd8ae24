"""Records of what was run."""

import contextvars
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, InterfaceError
from django.db.backends.signals import connection_created
from django.utils import timezone

from finances import jobs, request_context, runs
from finances.exceptions import ConflictError, InvalidValueError
from operations import records
from operations.models import Outcome, Run
from operations.tests.conftest import wait_until
from users import sessions

pytestmark = pytest.mark.django_db


def test_a_command_leaves_a_record_of_what_became_of_it(user):
    call_command("flush_expired_tokens")

    run = Run.objects.get()
    assert (run.name, run.cause, run.outcome, run.started_by) == ("flush_expired_tokens", "command", "succeeded", None)
    assert run.summary == "Expired token families deleted: 0"
    assert run.started_at <= run.finished_at


def test_a_dry_run_leaves_none():
    call_command("flush_expired_tokens", "--dry-run")

    assert not Run.objects.exists()


def test_a_command_that_fails_says_why():
    with pytest.raises(CommandError):
        call_command("sync_prices", "NIL")

    run = Run.objects.get()
    assert (run.outcome, run.done_count, run.failed_count) == ("failed", 0, 1)
    assert run.reason.startswith("NIL: ")
    assert run.failures == [run.reason]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("sync_prices", []),
        ("sync_prices", ["AAPL", "--since=2999-01-01"]),
        ("sync_prices", ["AAPL", "--quotes", "--workers=2"]),
        ("sync_securities", ["AAPL", "--all"]),
        ("trim_prices", ["--interval=1m"]),
        ("trim_prices", ["--interval=1m", "--older-than=1"]),
        ("trim_prices", ["--interval=1m", "--older-than=9999999999"]),
        ("import_prices", ["/nowhere/none.csv", "--symbol=ACME", "--currency=USD"]),
        ("import_prices", [__file__, "--symbol=ACME", "--currency=QQQ"]),
        ("import_prices", [__file__, "--symbol=A B", "--currency=USD"]),
        ("sync_rates", ["--date=2015-06-07", "--since=2015-06-01"]),
        ("sync_rates", ["--base=ZZZ"]),
    ],
)
def test_what_was_typed_and_makes_no_sense_is_no_run(command, arguments):
    with pytest.raises(CommandError):
        call_command(command, *arguments)

    assert not Run.objects.exists()


def test_some_failures_among_successes_are_a_failure_in_part_and_only_the_first_are_kept():
    with runs.recorded("sync_prices") as run:
        run.succeed("one done", inserted=3)
        for number in range(200):
            run.fail(f"S{number}: {'x' * 1000}")

    kept = Run.objects.get()
    assert (kept.outcome, kept.done_count, kept.failed_count) == ("partly", 1, 200)
    assert (len(kept.failures), len(kept.failures[0])) == (50, 500)
    assert kept.counts == {"inserted": 3}


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ConflictError("Taken."), "Taken."), (KeyError("x"), "KeyError: 'x'"), (SystemExit(2), "SystemExit: 2")],
)
def test_an_error_is_the_reason_and_goes_on_its_way(error, reason):
    with pytest.raises(type(error)), runs.recorded("backup"):
        raise error

    assert (Run.objects.get().outcome, Run.objects.get().reason) == ("failed", reason)


def test_a_run_whose_process_is_gone_is_lost_and_not_running_for_ever():
    gone = Run.objects.create(name="sync_prices", cause="command")
    Run.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    gone.refresh_from_db()
    before = (gone.state, list(Run.objects.lost()), list(Run.objects.running()))

    call_command("flush_expired_tokens")

    gone.refresh_from_db()
    assert before == ("lost", [gone], [])
    assert (gone.outcome, gone.reason) == (Outcome.LOST, "The process that ran it ended without a word.")
    assert gone.finished_at == gone.seen_at


@pytest.mark.django_db(transaction=True)
def test_a_run_that_takes_long_tells_that_it_lives(monkeypatch):
    keeper = records.Records()
    keeper.heart = records.Heart(seconds=0.05)
    beaten = threading.Event()
    monkeypatch.setattr(
        records.connections, "close_all", lambda close=records.connections.close_all: (close(), beaten.set())
    )

    run = keeper.begin("backup", [], runs.Origin())
    Run.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    assert beaten.wait(10)
    assert Run.objects.running().count() == 1 or beaten.wait(10)
    keeper.end(run, runs.Result(done=1))

    run.refresh_from_db()
    assert run.outcome == "succeeded"


class Broken:
    """Keeps no records, since the database is away from some point on; its connection, maybe, was closed under us."""

    def __init__(self, error, *, from_the_beginning):
        self.error, self.from_the_beginning = error, from_the_beginning

    def begin(self, *_):
        if self.from_the_beginning:
            raise self.error
        return "a run"

    def end(self, *_):
        raise self.error


@pytest.fixture
def keep_with():
    """Return a function that has others keep the records."""
    kept = list(runs._keepers)
    yield runs.keep_records
    runs.keep_records(kept[0])


@pytest.mark.parametrize("error", [DatabaseError("away"), InterfaceError("connection already closed")], ids=str)
@pytest.mark.parametrize("from_the_beginning", [True, False])
def test_work_goes_on_when_its_record_cannot_be_written(caplog, keep_with, error, from_the_beginning):
    keep_with(Broken(error, from_the_beginning=from_the_beginning))

    with runs.recorded("sync_rates") as run:
        run.succeed("done")

    assert run.done == 1
    assert "could not be recorded" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [DatabaseError("away"), InterfaceError("connection already closed")], ids=str)
def test_signs_of_life_go_on_after_the_database_was_away(caplog, error):
    """The heart's thread meets the fault where it asks the database, and beats again when that is back."""
    heart = records.Heart(seconds=0.05)
    run = Run.objects.create(name="backup", seen_at=timezone.now() - timedelta(minutes=2))
    met = threading.Event()

    def away(execute, *args):
        if met.is_set():
            return execute(*args)
        met.set()
        raise error

    def open_wrapped(connection, **_):
        connection.execute_wrappers.append(away)

    connection_created.connect(open_wrapped)
    try:
        heart.beat_for(run.pk)
        assert met.wait(10)
        wait_until(lambda: Run.objects.running().exists())
    finally:
        heart.stop_for(run.pk)
        connection_created.disconnect(open_wrapped)

    assert "does not take the signs of life" in caplog.text


def test_a_job_is_recorded_with_who_started_it(superuser):
    task = jobs.start("flush_expired_tokens", cause=runs.ADMIN, user_id=superuser.pk)

    run = Run.objects.get()
    assert (run.cause, run.started_by, run.task_id) == ("admin", superuser, task)
    assert run.queued_at <= run.started_at


def test_a_run_outlives_its_user(superuser):
    jobs.start("flush_expired_tokens", cause=runs.ADMIN, user_id=superuser.pk)

    superuser.delete()

    assert Run.objects.get().started_by is None


@pytest.mark.parametrize("name", ["migrate", "shell", "nothing", "worker", "seed_demo"])
def test_only_commands_that_leave_records_are_run_from_the_queue(name):
    with pytest.raises(InvalidValueError):
        jobs.start(name, cause=runs.ADMIN)


def test_a_sync_over_the_api_is_recorded(api, user):
    answer = api.post("/api/v1/securities/NIL/sync")

    run = Run.objects.get()
    assert answer.status_code == 404
    assert (run.name, run.cause, run.started_by, run.outcome) == ("sync_prices", "api", user, "failed")
    assert run.arguments == ["--interval=1d", "--", "NIL"]


def test_purging_keeps_what_is_young():
    for days in (10, 89, 91):
        Run.objects.create(name="sync_rates", outcome="succeeded", started_at=timezone.now() - timedelta(days=days))

    call_command("purge")

    assert Run.objects.filter(name="sync_rates").count() == 2
    assert Run.objects.get(name="purge").counts["runs"] == 1


def test_a_job_that_somebody_starts_counts_neither_as_their_request_nor_against_their_limits(superuser, monkeypatch):
    seen = []
    monkeypatch.setattr(
        sessions,
        "flush",
        lambda **_: seen.append((request_context.request_id.get(), request_context.user_id.get())) or 0,
    )

    contextvars.copy_context().run(start_within_a_request, superuser)

    assert seen == [("-", "-")]


def start_within_a_request(user):
    request_context.request_id.set("r-1")
    request_context.user_id.set(str(user.pk))
    jobs.start("flush_expired_tokens", cause=runs.ADMIN, user_id=user.pk)
