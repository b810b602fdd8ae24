"""Splits from before the first price that a provider has, with older prices stored: asked for once."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.management import call_command

from securities.bars import Bar
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice
from securities.providers.protocol import Limit
from securities.tests.shelf import at, bars, split
from securities.tests.syncing import closes, security, sync

__all__ = ["security"]
pytestmark = pytest.mark.django_db
THE_DAY = date(2026, 3, 16)  # ten bars before it
UNCOMPARED = "Nobody has prices from before the split of {} any more; see whether the stored ones are as traded."
WRONG = "The stored prices do not show the split of {}; what is before it is wrong."


def asked_since(shelf):
    return [call[2] for call in shelf.asked("history")]


def less_far(shelf, security, closes, **told):
    """Store prices of 30 days that the provider has had, of which it has those since the split."""
    item = shelf.put("ACME", closes=closes)
    sync(security, on="2026-04-10")
    item.bars[Interval.DAY] = [bar for bar in item.bars[Interval.DAY] if bar.at >= at(str(THE_DAY))]
    return SecurityAction.objects.create(security=security, kind="split", date=THE_DAY, value=4, **told)


CASES = {
    "it cannot be seen": ([200] * 10 + [100] * 20, UNCOMPARED.format(THE_DAY)),
    "they do not show it": ([100] * 30, WRONG.format(THE_DAY)),
    "they show it": ([400] * 10 + [100] * 20, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_the_whole_range_is_fetched_once_where_the_provider_does_not_reach(shelf, security, case):
    stored, problem = CASES[case]
    less_far(shelf, security, stored)
    results = [sync(security, on="2026-04-10")]
    before = len(asked_since(shelf))

    results += [sync(security, on="2026-04-10"), sync(security, on="2026-04-20")]

    assert [result.problem for result in results] == [problem] * 3
    assert asked_since(shelf)[before:] == [date(2026, 4, 3)] * 2
    assert closes() == stored


def test_another_ratio_is_looked_for_again(shelf, security):
    told = less_far(shelf, security, [100] * 30)
    sync(security, on="2026-04-10")
    told.value = 2
    told.save()

    result = sync(security, on="2026-04-10")

    assert asked_since(shelf)[-1] == date(2026, 3, 2)
    assert result.problem == WRONG.format(THE_DAY)


def test_a_provider_that_reaches_further_again_puts_it_right_when_somebody_asks_since_then(shelf, security):
    less_far(shelf, security, [100] * 30)
    sync(security, on="2026-04-10")
    item = shelf.put("ACME", closes=[400] * 10 + [100] * 20)
    item.secret_splits = [split(str(THE_DAY), 4)]

    result = sync(security, on="2026-04-10", since=date(2026, 3, 2))

    assert (closes(), result.problem) == ([400] * 10 + [100] * 20, "")


def test_stored_prices_that_somebody_puts_right_end_it(shelf, security):
    less_far(shelf, security, [100] * 30)
    sync(security, on="2026-04-10")
    SecurityPrice.objects.filter(timestamp__lt=at(str(THE_DAY))).update(close=400)

    results = [sync(security, on="2026-04-10") for _ in range(2)]

    assert [result.problem for result in results] == ["", ""]
    security.refresh_from_db()
    assert security.split_readings == {"1d": [["2026-03-16", "4", True]]}


def test_a_split_that_is_deleted_is_forgotten(shelf, security):
    less_far(shelf, security, [100] * 30).delete()
    SecurityAction.objects.create(security=security, kind="split", date=THE_DAY, value=4)
    sync(security, on="2026-04-10")
    SecurityAction.objects.all().delete()
    before = len(asked_since(shelf))

    result = sync(security, on="2026-04-10")

    assert (result.problem, asked_since(shelf)[before:]) == ("", [date(2026, 4, 3)])
    security.refresh_from_db()
    assert security.split_readings == {"1d": []}


def test_weeks_that_are_stored_right_are_not_called_wrong(shelf, security):
    """The bar of the split's week is one of its first day, and in shares of that day."""
    mondays = [date(2025, 11, 3) + timedelta(weeks=week) for week in range(20)]
    split_on = mondays[9] + timedelta(days=2)
    for day in mondays:
        close = 400 if day < split_on else 100
        SecurityPrice.objects.create(security=security, timestamp=at(str(day)), interval="1wk", open=close, close=close)
    SecurityAction.objects.create(security=security, kind="split", date=split_on, value=4)
    item = shelf.put("ACME")
    item.bars[Interval.WEEK] = [Bar(at(str(day)), 100, 100, 100, 100, 1) for day in mondays[10:]]

    result = sync(security, on="2026-03-20", interval=Interval.WEEK)

    assert result.problem == UNCOMPARED.format(split_on)


# ---- Through yfinance ----


def sync_late(on):
    with time_machine.travel(f"{on}T22:00:00Z"):
        call_command("sync_prices", "LATE")


def test_yahoo_is_asked_for_its_window_only(yahoo, capsys):
    security = Security.objects.create(symbol="LATE", name="Late Splitter Inc.", currency_id="USD")
    days = bars([900] * 60 + [600] * 200, first=date(2019, 1, 7))  # from a file; Yahoo's begin with 2020
    for bar in days:
        SecurityPrice.objects.create(security=security, timestamp=bar.at, open=bar.open, close=bar.close)
    SecurityAction.objects.create(security=security, kind="split", date=days[60].at.date(), value=4)
    sync_late("2026-03-13")
    first = len(yahoo.received)

    sync_late("2026-03-17")

    windows = [asked.query for asked in yahoo.received[first:] if "period1" in asked.query]
    # seven days before the last stored one, at midnight in New York; and in a new week, every split
    assert [(query["interval"], query["period1"]) for query in windows] == [
        ("1d", "1772773200"),
        ("1mo", "-2208970800"),
    ]
    security.refresh_from_db()
    assert security.sync_problem == UNCOMPARED.format(days[60].at.date())
    assert security.split_readings == {"1d": [[str(days[60].at.date()), "4", None]]}


# ---- What cannot be had is said where it is true ----

OLDER = " The shelf keeps prices by 1h for 10 days; older ones cannot be had."
OLDER_THAN_STORED = " The shelf keeps prices by 1h for 10 days; none older than the stored ones can be had."


@pytest.mark.parametrize(
    ("since", "told"),
    [
        ("2026-02-02", ""),
        ("2026-02-25", ""),
        ("2026-02-01", OLDER_THAN_STORED),
        ("2020-01-01", OLDER_THAN_STORED),
    ],
)
def test_that_older_prices_cannot_be_had_is_said_where_they_are_not_stored(shelf, security, since, told):
    hours = [100] * 24 * 30  # from Monday, 2 February, to Friday, 13 March
    shelf.put("ACME", closes=hours, interval=Interval.HOUR, first=date(2026, 2, 2))
    sync(security, interval=Interval.HOUR)
    shelf.limits[Interval.HOUR] = Limit(days_back=10)

    result = sync(security, interval=Interval.HOUR, since=date.fromisoformat(since))

    assert result.message.removesuffix(told) == f"{result.ingested.total} prices of ACME synced."
    assert result.unreached == told.strip()


def test_that_they_cannot_be_had_is_said_of_a_gap_in_what_is_stored(shelf, security):
    shelf.put("ACME", closes=[100] * 24 * 30, interval=Interval.HOUR, first=date(2026, 2, 2))
    sync(security, on="2026-02-13", interval=Interval.HOUR)
    shelf.limits[Interval.HOUR] = Limit(days_back=10)

    result = sync(security, interval=Interval.HOUR, since=date(2026, 2, 2))

    assert result.unreached == OLDER.strip()
    again = sync(security, interval=Interval.HOUR, since=date(2026, 2, 2) - timedelta(days=1))
    assert again.unreached == OLDER_THAN_STORED.strip()
