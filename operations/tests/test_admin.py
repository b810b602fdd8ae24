"""The admin shows what runs and what waits, and lets it be tried again."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from finances import jobs
from operations.models import Run
from operations.tests import slow_tasks
from securities.tests.factories import SecurityFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
RUNS, TASKS = "/admin/operations/run/", "/admin/django_tasks_database/dbtaskresult/"


@pytest.fixture
def admin(client, superuser):
    client.force_login(superuser)
    return client


def act(admin, path, action, *rows):
    return admin.post(path, {"action": action, "_selected_action": [str(row.pk) for row in rows]}, follow=True)


def test_runs_are_listed_with_what_became_of_them_and_can_be_filtered(admin):
    Run.objects.create(name="sync_rates", cause="schedule", outcome="failed", reason="The key expired.")
    Run.objects.create(name="sync_prices", cause="admin", outcome="succeeded", summary="3 of 3 securities done.")

    everything = admin.get(RUNS).content.decode()
    failed = admin.get(RUNS, {"state": "failed"}).content.decode()
    prices = admin.get(RUNS, {"name": "sync_prices"}).content.decode()

    assert "The key expired." in everything
    assert "1 run" in failed
    assert "The key expired." in failed
    assert "The key expired." not in prices


def test_the_list_of_runs_costs_the_same_for_many(admin):
    Run.objects.create(name="sync_rates")
    with CaptureQueriesContext(connection) as few:
        admin.get(RUNS)
    Run.objects.bulk_create(Run(name=f"run-{number}") for number in range(60))

    with CaptureQueriesContext(connection) as many:
        admin.get(RUNS)

    assert len(many) == len(few)


def test_a_run_can_be_run_again(admin, superuser):
    run = Run.objects.create(name="sync_prices", arguments=["--held"], outcome="failed")

    page = act(admin, RUNS, "run_again", run)

    task = DBTaskResult.objects.get()
    assert "ync_prices is enqueued." in page.content.decode()
    assert task.args_kwargs["args"] == ["sync_prices", ["--held"], "admin", str(superuser.pk)]


def test_the_queue_shows_what_waits_runs_and_failed_with_the_reason(admin):
    jobs.start("sync_rates", cause="schedule")
    failed = slow_tasks.fail.enqueue("value")
    DBTaskResult.objects.filter(pk=failed.id).update(
        status="FAILED", traceback="Traceback:\nValueError: no such host\n", finished_at=timezone.now()
    )

    page = admin.get(TASKS).content.decode()
    detail = admin.get(f"{TASKS}{failed.id}/change/").content.decode()

    assert "sync_rates" in page
    assert "ValueError: no such host" in page
    assert "Traceback:" in detail


def test_what_failed_can_be_tried_again_and_nothing_else_is_touched(admin):
    failed, done = slow_tasks.fail.enqueue("value"), slow_tasks.fail.enqueue("value")
    DBTaskResult.objects.filter(pk=failed.id).update(status="FAILED")
    DBTaskResult.objects.filter(pk=done.id).update(status="SUCCESSFUL")

    page = act(admin, TASKS, "try_again", *DBTaskResult.objects.all())

    assert "1 failed tasks wait to be tried again." in page.content.decode()
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"READY", "SUCCESSFUL"}


def test_sync_now_waits_for_a_worker_where_there_are_some(admin):
    security = SecurityFactory(symbol="AAPL")

    page = act(admin, "/admin/securities/security/", "sync_now", security)

    assert "waits for a worker" in page.content.decode()
    assert DBTaskResult.objects.get().args_kwargs["args"][:2] == ["sync_prices", ["AAPL"]]


def test_sync_now_is_done_at_once_where_there_are_none_and_recorded(admin, superuser, settings):
    settings.WORKERS = False
    security = SecurityFactory(symbol="AAPL")

    act(admin, "/admin/securities/security/", "sync_now", security)

    run = Run.objects.get()
    assert (run.name, run.cause, run.started_by, run.arguments) == ("sync_prices", "admin", superuser, ["AAPL"])
    assert run.failed_count == 1
