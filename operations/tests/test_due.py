"""What the schedule has due, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from operations import due, schedule
from operations.models import DueTime
from operations.schedule import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
FRIDAY = datetime(2026, 11, 27, 22, 20, tzinfo=UTC)  # 23:20 in Frankfurt


@pytest.fixture
def only(settings):
    """Return a function that leaves one entry of the schedule."""

    def leave(name):
        settings.SCHEDULE = {entry.name: "" if entry.name == name else "off" for entry in schedule.ENTRIES}

    return leave


@pytest.mark.parametrize(
    ("cron", "now", "last"),
    [
        ("30 16 * * 1-5", FRIDAY, datetime(2026, 11, 27, 15, 30, tzinfo=UTC)),
        ("30 16 * * 1-5", datetime(2026, 11, 27, 15, 30, tzinfo=UTC), datetime(2026, 11, 27, 15, 30, tzinfo=UTC)),
        ("30 16 * * 1-5", datetime(2026, 11, 27, 15, 29, 59, tzinfo=UTC), datetime(2026, 11, 26, 15, 30, tzinfo=UTC)),
        # Over the week-end, and in summer time.
        ("30 16 * * 1-5", datetime(2026, 7, 13, 8, tzinfo=UTC), datetime(2026, 7, 10, 14, 30, tzinfo=UTC)),
        # On the day on which the clock is put back, 2:30 comes twice and is due once.
        ("30 2 * * *", datetime(2026, 10, 25, 1, 45, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_the_last_due_time_is_by_the_clock_of_the_schedules_zone(cron, now, last):
    assert Entry("x", cron, "purge").last_due(now) == last


def test_what_is_due_is_enqueued_once(only):
    only("sync_prices")

    first = due.Schedule().enqueue_due(now=FRIDAY)
    again = due.Schedule().enqueue_due(now=FRIDAY + timedelta(hours=3))

    task = DBTaskResult.objects.get()
    assert (first, again) == (["sync_prices"], [])
    assert task.args_kwargs["args"] == ["sync_prices", ["--held"], "schedule", None]
    assert DueTime.objects.get().task_id == str(task.pk)


def test_a_scheduler_that_was_away_makes_up_for_the_last_time_alone(only):
    only("sync_prices")
    due.Schedule().enqueue_due(now=FRIDAY - timedelta(days=10))
    DBTaskResult.objects.all().delete()

    due.Schedule().enqueue_due(now=FRIDAY)

    assert DBTaskResult.objects.count() == 1


def test_what_still_waits_is_not_enqueued_again(only):
    only("purge")
    due.Schedule().enqueue_due(now=FRIDAY - timedelta(days=1))

    due.Schedule().enqueue_due(now=FRIDAY)

    assert DBTaskResult.objects.count() == 1
    assert DueTime.objects.count() == 2


def test_settings_move_a_job_or_switch_it_off(settings):
    settings.SCHEDULE = {"sync_rates": "0 9 * * *", "sync_prices": "off"}

    entries = {entry.name: entry.cron for entry in schedule.entries()}

    assert entries["sync_rates"] == "0 9 * * *"
    assert "sync_prices" not in entries
    assert "purge" in entries


@pytest.mark.parametrize(
    ("zone", "cron", "problem"),
    [
        ("Europe/Nowhere", "", "SCHEDULE_TIME_ZONE: there is no time zone 'Europe/Nowhere'."),
        ("UTC", "61 * * * *", "SCHEDULE_PURGE: '61 * * * *' is neither a cron expression nor 'off' (Bad minute)."),
        ("UTC", "daily", "SCHEDULE_PURGE: 'daily' is neither a cron expression nor 'off' (Wrong number of fields)."),
        ("UTC", "off", None),
    ],
)
def test_a_typing_error_in_a_setting_is_said_at_the_start(settings, zone, cron, problem):
    settings.SCHEDULE_TIME_ZONE, settings.SCHEDULE = zone, {"purge": cron}

    assert list(schedule.problems()) == ([problem] if problem else [])


def test_every_entry_names_a_command_that_understands_its_arguments_and_can_be_set(settings):
    for entry in schedule.ENTRIES:
        parser = due.jobs.recorded_command(entry.command).create_parser("manage.py", entry.command)
        assert parser.parse_args(list(entry.arguments))

    assert {entry.name for entry in schedule.ENTRIES} == set(settings.SCHEDULE)


def test_the_last_due_time_of_an_entry_is_never_purged(only):
    only("purge")
    for days in (300, 200, 100):
        due.Schedule().enqueue_due(now=FRIDAY - timedelta(days=days))
    DueTime.objects.update(taken_at=FRIDAY - timedelta(days=100))

    call_command("purge")

    assert [each.due_at.date() for each in DueTime.objects.all()] == [(FRIDAY - timedelta(days=100)).date()]


def test_what_was_seen_is_not_asked_for_again(django_assert_num_queries):
    mine, other = due.Schedule(), due.Schedule()
    mine.enqueue_due(now=FRIDAY)
    other.enqueue_due(now=FRIDAY)

    with django_assert_num_queries(0):
        again = mine.enqueue_due(now=FRIDAY + timedelta(seconds=30)) + other.enqueue_due(now=FRIDAY)

    assert again == []
