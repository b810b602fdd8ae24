"""What becomes of tasks that fail, whose workers die, or that ended long ago."""

from datetime import timedelta

import pytest
from django.tasks.base import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from finances import jobs
from operations import queue, workers
from operations.models import Outcome, Run, Worker
from operations.tests import slow_tasks
from operations.workers import Duties, Process
from users import mails

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
LONG_AGO = timedelta(hours=1)


@pytest.fixture
def process():
    return Process(Duties())


def run_next(process):
    task = queue.claim(process.id, queues=["default", "jobs"])
    process._run(task)
    return DBTaskResult.objects.get(pk=task.pk)


def given_a_running_task(worker_ids):
    slow_tasks.append.enqueue("/dev/null", "line")
    DBTaskResult.objects.update(status=TaskResultStatus.RUNNING, worker_ids=worker_ids)
    return DBTaskResult.objects.get()


def test_what_is_done_forgets_its_arguments(process, tmp_path):
    slow_tasks.append.enqueue(str(tmp_path / "file"), "somebody@example.org")

    done = run_next(process)

    assert (tmp_path / "file").read_text() == "somebody@example.org\n"
    assert (done.status, done.args_kwargs) == ("SUCCESSFUL", {"args": [], "kwargs": {}})


def test_what_failed_keeps_its_reason_and_is_not_run_again_by_itself(process):
    slow_tasks.fail.enqueue("value")

    failed = run_next(process)

    assert (failed.status, failed.exception_class_path) == ("FAILED", "builtins.ValueError")
    assert failed.traceback.endswith("ValueError: the mail server is away\n")
    assert queue.claim(process.id, queues=["default"]) is None


def test_what_met_somebody_who_was_away_is_tried_again_later_and_not_for_ever(process):
    slow_tasks.fail.enqueue("away")
    waits = []

    for _ in range(queue.MAX_ATTEMPTS):
        before, task = timezone.now(), run_next(process)
        waits.append((task.status, round((task.run_after - before).total_seconds() / 60)))
        DBTaskResult.objects.update(run_after=timezone.now())

    assert waits[:3] == [("READY", 1), ("READY", 5), ("READY", 25)]
    assert task.status == "FAILED"


def test_a_task_that_would_end_the_process_only_fails(process):
    slow_tasks.leave.enqueue()

    assert run_next(process).exception_class_path == "builtins.SystemExit"


def test_a_task_that_is_no_more_fails_with_the_reason(process):
    slow_tasks.append.enqueue("/dev/null", "line")
    DBTaskResult.objects.update(task_path="operations.tests.slow_tasks.gone")

    failed = run_next(process)

    assert failed.status == "FAILED"
    assert "gone" in failed.traceback


def test_what_a_dead_worker_had_is_ready_again_and_its_run_is_lost():
    dead = Worker.objects.create(id="dead", process="host:1", roles="jobs")
    Worker.objects.update(seen_at=timezone.now() - LONG_AGO)
    task = given_a_running_task([dead.pk])
    run = Run.objects.create(name="sync_prices", cause="schedule", task_id=str(task.pk))

    count = queue.give_back_lost()

    task.refresh_from_db()
    run.refresh_from_db()
    assert (count, task.status, run.outcome) == (1, "READY", Outcome.LOST)


def test_what_a_living_worker_has_is_left_alone():
    living = Worker.objects.create(id="living", process="host:1", roles="jobs")
    task = given_a_running_task([living.pk])

    count = queue.give_back_lost()

    task.refresh_from_db()
    assert (count, task.status) == (0, "RUNNING")


def test_a_task_that_kills_its_workers_fails_at_last():
    task = given_a_running_task(["first", "second", "third", "fourth"])

    queue.give_back_lost()

    task.refresh_from_db()
    assert task.status == "FAILED"
    assert task.traceback == "The worker that ran it ended without a word. So did 3 before."


def test_a_worker_that_was_taken_for_dead_overwrites_nothing():
    slow_tasks.append.enqueue("/dev/null", "line")
    stalled = queue.claim("stalled", queues=["default"])
    queue.give_back_lost()
    other = queue.claim("other", queues=["default"])
    queue.succeed(other, 42)

    is_ours = queue.fail(stalled, ValueError("late"))

    assert is_ours is False
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"


def test_a_failed_task_that_is_tried_again_begins_anew(process):
    slow_tasks.fail.enqueue("value")
    run_next(process)

    count = queue.retry(DBTaskResult.objects.all())

    task = queue.claim(process.id, queues=["default"])
    assert (count, len(task.worker_ids)) == (1, 1)


def test_only_what_ended_long_ago_is_purged(process, tmp_path):
    ages = {"SUCCESSFUL": [6, 8], "FAILED": [8, 29, 31], "READY": [400]}
    for status, days in ages.items():
        for age in days:
            pk = slow_tasks.append.enqueue("/dev/null", "line").id
            ended = timezone.now() - timedelta(days=age)
            DBTaskResult.objects.filter(pk=pk).update(status=status, finished_at=ended, enqueued_at=ended)

    counted, purged = queue.purge(dry_run=True), queue.purge()

    assert (counted, purged) == (2, 2)
    assert {status.value: count for status, count in queue.lengths().items()} == {
        "READY": 1, "RUNNING": 0, "FAILED": 2, "SUCCESSFUL": 1,
    }  # fmt: skip


def test_a_long_queue_is_counted_to_a_bound(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(queue, "MOST", 2)
    for _ in range(3):
        slow_tasks.append.enqueue("/dev/null", "line")

    with django_assert_num_queries(4) as queries:
        lengths = queue.lengths()

    assert set(lengths.values()) == {2, 0}
    assert all("LIMIT 2" in query["sql"] for query in queries.captured_queries)


def test_how_long_the_first_has_waited_is_known():
    assert queue.oldest_ready() is None

    slow_tasks.append.enqueue("/dev/null", "line")

    assert timezone.now() - queue.oldest_ready() < timedelta(seconds=5)


def test_log_lines_of_a_task_carry_its_id(process, monkeypatch):
    from finances import request_context

    seen = []
    contexts = (request_context.task_id, request_context.request_id)
    monkeypatch.setattr(workers, "call", lambda _task: seen.extend(each.get() for each in contexts))
    task = slow_tasks.append.enqueue("/dev/null", "line")

    run_next(process)

    assert seen == [task.id, "-"]  # a request's would let providers be asked with less patience


def test_a_command_whose_provider_is_away_is_tried_again_and_takes_one_line_of_the_log(process, stand_in, caplog):
    stand_in.mode = "down"
    jobs.start("sync_rates", ["--provider=ecb"], cause="schedule")

    task = run_next(process)

    run = Run.objects.get()
    assert (task.status, run.outcome) == ("READY", Outcome.FAILED)
    assert run.reason in task.traceback
    assert "Traceback" not in caplog.text


def test_a_mail_waits_in_the_queue_and_its_address_is_forgotten_once_it_is_sent(process, user, mailoutbox):
    mails.post(mails.send_password_reset, user.email)
    kept = DBTaskResult.objects.get().args_kwargs["args"]
    before = len(mailoutbox)

    sent = run_next(process)

    assert (kept, before) == ([user.email], 0)
    assert [mail.to for mail in mailoutbox] == [[user.email]]
    assert user.email not in str(vars(sent))
