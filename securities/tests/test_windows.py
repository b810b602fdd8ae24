from datetime import date, timedelta

import pytest

from securities import windows
from securities.intervals import Interval
from securities.providers.protocol import Limit
from securities.windows import Stored, Window

TODAY, TOMORROW = date(2026, 11, 20), date(2026, 11, 21)
UNLIMITED = Limit()
# What Yahoo keeps.
MINUTES, HOURS = Limit(29, 7), Limit(729, 365)


def plan(interval=Interval.DAY, *, since=date(2020, 1, 1), limit=UNLIMITED, stored=None):
    return windows.plan(interval, since=since, today=TODAY, limit=limit, stored=stored)


def test_without_prices_everything_is_asked_for_up_to_tomorrow():
    assert plan() == [Window(date(2020, 1, 1), TOMORROW)]


def test_with_prices_only_the_end_is_asked_for_with_an_overlap():
    assert plan(stored=Stored(date(2020, 1, 1), date(2026, 11, 18))) == [Window(date(2026, 11, 11), TOMORROW)]


def test_what_lies_before_the_first_price_is_filled_in():
    stored = Stored(date(2024, 1, 2), date(2026, 11, 18))

    assert plan(stored=stored) == [
        Window(date(2026, 11, 11), TOMORROW),
        Window(date(2020, 1, 1), date(2024, 1, 2)),
    ]


def test_minutes_are_asked_for_in_weeks_and_not_beyond_what_is_kept():
    found = plan(Interval.MINUTE, limit=MINUTES)

    assert found[0].since == TODAY - timedelta(days=29)
    assert [(window.until - window.since).days for window in found] == [7, 7, 7, 7, 2]
    assert found[-1].until == TOMORROW


def test_a_gap_longer_than_a_provider_keeps_is_not_asked_for():
    stored = Stored(date(2020, 1, 2), date(2021, 1, 4))

    assert plan(Interval.HOUR, limit=HOURS, stored=stored)[0].since == TODAY - timedelta(days=729)


@pytest.mark.parametrize(
    ("interval", "first"),
    [
        (Interval.MINUTE, date(2026, 11, 18)),
        (Interval.HOUR, date(2026, 11, 18)),
        (Interval.DAY, date(2026, 11, 12)),
        (Interval.WEEK, date(2026, 10, 22)),
        (Interval.MONTH, date(2026, 8, 18)),
    ],
)
def test_each_interval_has_its_overlap(interval, first):
    (window,) = plan(interval, since=date(2026, 11, 1), stored=Stored(date(2026, 11, 1), date(2026, 11, 19)))

    assert window == Window(first, TOMORROW)


def test_with_prices_of_the_future_there_is_nothing_to_ask_for():
    assert plan(stored=Stored(date(2020, 1, 1), date(2027, 6, 1))) == []
