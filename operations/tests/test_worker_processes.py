"""Real workers on a real queue: killed, told to stop, and several at once."""

import signal

import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult

from finances import jobs
from operations import schedule
from operations.models import DueTime, Outcome, Run, Worker
from operations.tests import slow_tasks
from operations.tests.conftest import wait_until

NO_SCHEDULE = "--no-schedule"
EVERY_SECOND = {
    "SCHEDULE_SYNC_RATES": "off",
    "SCHEDULE_SYNC_PRICES": "off",
    "SCHEDULE_SYNC_SECURITIES": "off",
    "SCHEDULE_FLUSH_EXPIRED_TOKENS": "* * * * * *",
    "SCHEDULE_PURGE": "off",
    "SCHEDULE_TRIM_PRICES": "off",
    "SCHEDULE_SYNC_QUOTES": "off",
}


@pytest.fixture
def waiting(start_worker, tmp_path):
    """Enqueue a task that waits for a word."""
    return slow_tasks.wait_for_word.enqueue(str(tmp_path))


def lines(path):
    return path.read_text().split() if path.exists() else []


def test_what_a_killed_worker_had_is_finished_by_another(start_worker, waiting, tmp_path):
    first = start_worker(NO_SCHEDULE)
    wait_until(lambda: lines(tmp_path / "begun"))
    first.kill()
    first.wait(timeout=10)
    left = DBTaskResult.objects.get(pk=waiting.id)

    (tmp_path / "go").touch()
    start_worker(NO_SCHEDULE)
    done = wait_until(lambda: DBTaskResult.objects.successful().filter(pk=waiting.id).first())

    assert left.status == "RUNNING"
    assert lines(tmp_path / "begun") == ["begun", "begun"]
    assert lines(tmp_path / "ended") == ["ended"]
    assert len(set(done.worker_ids)) == 2


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_and_takes_no_more(start_worker, waiting, tmp_path):
    worker = start_worker(NO_SCHEDULE)
    wait_until(lambda: lines(tmp_path / "begun"))
    later = slow_tasks.append.enqueue(str(tmp_path / "later"), "later")

    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "no more tasks" in worker.log.read_text())
    (tmp_path / "go").touch()
    code = worker.wait(timeout=20)

    assert code == 0
    assert lines(tmp_path / "ended") == ["ended"]
    assert DBTaskResult.objects.get(pk=waiting.id).status == "SUCCESSFUL"
    assert DBTaskResult.objects.get(pk=later.id).status == "READY"
    assert not Worker.objects.exists()
    assert "Stopped: 1 tasks done, 0 failed" in worker.log.read_text()


def test_a_long_task_is_not_taken_for_lost_while_its_worker_lives(start_worker, waiting, tmp_path):
    start_worker(NO_SCHEDULE)
    start_worker(NO_SCHEDULE)
    wait_until(lambda: lines(tmp_path / "begun"))
    seen = {
        worker.pk: worker.seen_at for worker in wait_until(lambda: Worker.objects.count() == 2 and Worker.objects.all())
    }

    # Two leases long.
    wait_until(lambda: all((w.seen_at - seen[w.pk]).total_seconds() > 3 for w in Worker.objects.all()))
    (tmp_path / "go").touch()
    wait_until(lambda: DBTaskResult.objects.successful().filter(pk=waiting.id).exists())

    assert lines(tmp_path / "begun") == ["begun"]


def test_no_task_is_run_by_two_workers(start_worker, tmp_path):
    for number in range(60):
        slow_tasks.append.enqueue(str(tmp_path / "done"), str(number))

    workers = [start_worker(NO_SCHEDULE, "--once") for _ in range(3)]
    codes = [worker.wait(timeout=40) for worker in workers]

    assert codes == [0, 0, 0]
    assert sorted(map(int, lines(tmp_path / "done"))) == list(range(60))


def test_two_schedulers_at_once_do_what_is_due_once_each_time(start_worker):
    for _ in range(2):
        start_worker("--only-schedule", **EVERY_SECOND)
    start_worker(NO_SCHEDULE)
    wait_until(lambda: Run.objects.filter(outcome=Outcome.SUCCEEDED).count() >= 4)

    due = list(DueTime.objects.order_by("due_at"))
    tasks = [str(pk) for pk in DBTaskResult.objects.values_list("pk", flat=True)]
    runs = list(Run.objects.all())

    assert len({each.due_at for each in due}) == len(due)
    assert sorted(each.task_id for each in due if each.task_id) == sorted(tasks)
    assert len({run.task_id for run in runs}) == len(runs)
    assert {(run.name, run.cause) for run in runs} == {("flush_expired_tokens", "schedule")}


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is never away")
def test_a_worker_waits_for_its_database_and_goes_on_where_it_was(start_worker, waiting, cable, tmp_path):
    worker = start_worker(NO_SCHEDULE, "--lease=10", DATABASE_URL=cable.url)
    wait_until(lambda: lines(tmp_path / "begun"))

    cable.cut()
    wait_until(lambda: "The database is away" in worker.log.read_text())
    (tmp_path / "go").touch()
    wait_until(lambda: lines(tmp_path / "ended"))
    later = slow_tasks.append.enqueue(str(tmp_path / "later"), "later")
    cable.mend()
    wait_until(lambda: DBTaskResult.objects.successful().filter(pk__in=[waiting.id, later.id]).count() == 2)

    assert worker.poll() is None
    assert (lines(tmp_path / "begun"), lines(tmp_path / "later")) == (["begun"], ["later"])
    assert worker.log.read_text().count("The database is away") == 1


def test_a_worker_is_refused_where_there_is_no_queue(start_worker):
    worker = start_worker(WORKERS="false")

    assert worker.wait(timeout=20) == 1
    assert "Set WORKERS=true" in worker.log.read_text()


def test_a_job_on_a_worker_leaves_a_record_and_its_log_has_its_id(start_worker):
    task = jobs.start("flush_expired_tokens", cause="schedule")
    worker = start_worker(NO_SCHEDULE, "--once")

    code = worker.wait(timeout=30)

    run = Run.objects.get()
    assert (code, run.outcome, run.task_id, run.attempt) == (0, Outcome.SUCCEEDED, task, 1)
    assert f"[{task}] flush_expired_tokens: Expired token families deleted: 0" in worker.log.read_text()


def test_a_scheduler_that_is_called_once_enqueues_what_is_due_and_ends(start_worker, tmp_path):
    alive = tmp_path / "alive"
    scheduler = start_worker("--only-schedule", "--once", f"--alive-file={alive}")

    code = scheduler.wait(timeout=30)

    assert code == 0
    assert alive.exists()
    assert DBTaskResult.objects.filter(status="READY").count() == len(schedule.ENTRIES)
    assert not Worker.objects.exists()


def test_a_worker_that_stood_still_for_too_long_stores_nothing_over_who_took_its_place(start_worker, waiting, tmp_path):
    stalled = start_worker(NO_SCHEDULE)
    wait_until(lambda: lines(tmp_path / "begun"))
    stalled.send_signal(signal.SIGSTOP)
    start_worker(NO_SCHEDULE)
    wait_until(lambda: len(lines(tmp_path / "begun")) == 2)
    (tmp_path / "go").touch()
    done = wait_until(lambda: DBTaskResult.objects.successful().filter(pk=waiting.id).first())

    stalled.send_signal(signal.SIGCONT)
    wait_until(lambda: "given to another worker" in stalled.log.read_text())
    wait_until(lambda: Worker.objects.count() == 2)

    assert stalled.poll() is None
    after = DBTaskResult.objects.get(pk=waiting.id)
    assert (after.status, after.finished_at, after.worker_ids) == (done.status, done.finished_at, done.worker_ids)


def test_a_worker_that_is_told_twice_ends_at_once_and_another_does_the_rest(start_worker, waiting, tmp_path):
    worker = start_worker(NO_SCHEDULE)
    wait_until(lambda: lines(tmp_path / "begun"))

    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "no more tasks" in worker.log.read_text())
    worker.send_signal(signal.SIGTERM)
    code = worker.wait(timeout=10)
    (tmp_path / "go").touch()
    start_worker(NO_SCHEDULE)
    wait_until(lambda: DBTaskResult.objects.successful().filter(pk=waiting.id).exists())

    assert code == 1
    assert lines(tmp_path / "ended") == ["ended"]
