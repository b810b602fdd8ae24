from datetime import UTC, datetime

import pytest

from securities.completeness import Calendar, Completeness, assess, expected_points
from securities.intervals import Interval


def points(interval, start, end, calendar=Calendar.SESSIONS):
    return expected_points(
        interval,
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end=datetime.fromisoformat(end).replace(tzinfo=UTC),
        calendar=calendar,
    )


@pytest.mark.parametrize(
    ("start", "end", "calendar", "count"),
    [
        ("2026-11-02", "2026-11-08", Calendar.SESSIONS, 5),  # Monday to Sunday
        ("2026-11-07", "2026-11-08", Calendar.SESSIONS, 0),  # a weekend
        ("2026-11-07", "2026-11-08", Calendar.ALWAYS, 2),
        ("2026-01-01", "2026-12-31", Calendar.SESSIONS, 261),
        ("2026-11-02T10:00", "2026-11-03", Calendar.SESSIONS, 1),  # Monday's midnight is before the start
        ("2026-11-03", "2026-11-02", Calendar.SESSIONS, 0),
    ],
)
def test_days(start, end, calendar, count):
    assert points(Interval.DAY, start, end, calendar) == count


@pytest.mark.parametrize(
    ("interval", "start", "end", "calendar", "count"),
    [
        (Interval.MINUTE, "2026-11-03T00:00", "2026-11-04T00:00", Calendar.SESSIONS, 390),
        (Interval.MINUTE, "2026-11-03T15:00", "2026-11-04T15:00", Calendar.SESSIONS, 390),
        (Interval.MINUTE, "2026-11-07T00:00", "2026-11-08T00:00", Calendar.SESSIONS, 0),
        (Interval.MINUTE, "2026-11-07T00:00", "2026-11-08T00:00", Calendar.ALWAYS, 1440),
        (Interval.HOUR, "2026-11-02T00:00", "2026-11-09T00:00", Calendar.SESSIONS, 35),
        (Interval.HOUR, "2026-11-02T00:00", "2026-11-09T00:00", Calendar.WEEKDAYS, 120),
        (Interval.WEEK, "2026-01-01T00:00", "2026-12-31T00:00", Calendar.SESSIONS, 52),
        (Interval.MONTH, "2026-01-01T00:00", "2026-12-31T00:00", Calendar.SESSIONS, 12),
        (Interval.MONTH, "2026-01-02T00:00", "2026-12-31T00:00", Calendar.SESSIONS, 11),
    ],
)
def test_other_intervals(interval, start, end, calendar, count):
    assert points(interval, start, end, calendar) == pytest.approx(count, abs=0.01)


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        (0, Completeness.EMPTY),
        (7, Completeness.SPARSE),
        (8, Completeness.PARTIAL),
        (15, Completeness.PARTIAL),
        (16, Completeness.COMPLETE),
        (30, Completeness.COMPLETE),
    ],
)
def test_80_per_cent_are_complete_and_40_are_partial(count, verdict):
    start, end = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC)  # twenty weekdays

    assert assess(count=count, interval=Interval.DAY, start=start, end=end, calendar=Calendar.SESSIONS) is verdict
