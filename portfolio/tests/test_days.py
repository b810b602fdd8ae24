from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finances.local_days import day_of, end_of
from portfolio import days
from portfolio.days import Period, Spacing

TORONTO, APIA, KIRITIMATI = ZoneInfo("America/Toronto"), ZoneInfo("Pacific/Apia"), ZoneInfo("Pacific/Kiritimati")
SAO_PAULO, ST_JOHNS = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/St_Johns")


@pytest.mark.parametrize(
    ("period", "on", "start"),
    [
        ("1d", "2024-03-01", "2024-02-29"),
        ("1m", "2024-03-31", "2024-02-29"),
        ("1m", "2024-01-15", "2023-12-15"),
        ("ytd", "2024-03-31", "2023-12-31"),
        ("ytd", "2024-12-31", "2023-12-31"),
        ("1y", "2024-02-29", "2023-02-28"),
        ("1y", "9999-12-31", "9998-12-31"),
    ],
)
def test_a_period_starts_on_a_day_that_exists(period, on, start):
    assert Period(period).start(date.fromisoformat(on)) == date.fromisoformat(start)


@pytest.mark.parametrize("period", Period)
def test_nothing_is_before_the_first_day(period):
    assert period.start(date.min) is None


def test_weeks_end_on_sundays_and_months_on_their_last_day():
    start, end = date(2026, 1, 28), date(2026, 2, 11)

    assert [str(day) for day in days.points(start=start, end=end, spacing=Spacing.WEEK)] == [
        "2026-02-01", "2026-02-08", "2026-02-11",
    ]  # fmt: skip
    assert [str(day) for day in days.points(start=start, end=end, spacing=Spacing.MONTH)] == [
        "2026-01-31", "2026-02-11",
    ]  # fmt: skip


@given(st.dates(), st.integers(0, 400), st.sampled_from(Spacing))
def test_points_are_as_many_as_counted_ascend_and_end_with_the_end(start, length, spacing):
    end = date.fromordinal(min(start.toordinal() + length, date.max.toordinal()))

    found = list(days.points(start=start, end=end, spacing=spacing))

    assert len(found) == days.count(start=start, end=end, spacing=spacing)
    assert found == sorted(set(found))
    assert found[0] >= start
    assert found[-1] == end


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        (TORONTO, "2026-01-01T04:59:59", "2025-12-31"),
        (TORONTO, "2026-01-01T05:00:00", "2026-01-01"),
        (TORONTO, "2026-03-08T06:59:59", "2026-03-08"),  # clocks are set forward at 07:00 UTC
        (TORONTO, "2026-03-09T03:59:59", "2026-03-08"),
        (TORONTO, "2026-03-09T04:00:00", "2026-03-09"),
        (TORONTO, "2026-11-02T04:59:59", "2026-11-01"),  # the day of 25 hours
        (SAO_PAULO, "2018-11-04T02:59:59", "2018-11-03"),  # midnight of the 4th does not exist
        (SAO_PAULO, "2018-11-04T03:00:00", "2018-11-04"),
        (APIA, "2011-12-30T09:59:59", "2011-12-29"),  # the 30th does not exist
        (APIA, "2011-12-30T10:00:00", "2011-12-31"),
        (ST_JOHNS, "2010-11-07T02:45:00", "2010-11-07"),  # clocks went back from 00:01 to 23:01 of the 6th
        (KIRITIMATI, "9999-12-31T23:00:00", "9999-12-31"),  # the next day does not exist
    ],
)
def test_an_instant_is_on_a_day_of_the_zone(zone, instant, day):
    assert day_of(datetime.fromisoformat(instant).replace(tzinfo=UTC), zone) == date.fromisoformat(day)


ZONES = st.sampled_from([TORONTO, APIA, KIRITIMATI, SAO_PAULO, ST_JOHNS, ZoneInfo("UTC")])


@given(st.datetimes(timezones=st.just(UTC)), ZONES)
def test_a_day_is_over_exactly_when_its_instants_are(instant, zone):
    day = day_of(instant, zone)

    assert instant < end_of(day, zone) or day == date.max
    assert day == date.min or instant >= end_of(date.fromordinal(day.toordinal() - 1), zone)


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("zone", [TORONTO, KIRITIMATI])
def test_the_first_and_the_last_day_end_somewhere(day, zone):
    assert end_of(day, zone).tzinfo is UTC
