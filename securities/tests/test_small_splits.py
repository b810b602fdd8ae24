"""Splits of small ratios that somebody enters by hand, long after: prices as traded, however the provider has them."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from securities import quality
from securities.intervals import Interval
from securities.models import QuarantinedRecord, SecurityAction, SecurityPrice
from securities.tests.shelf import at, bars, split
from securities.tests.syncing import closes, security, sync

__all__ = ["security"]
pytestmark = pytest.mark.django_db
MONDAY, THE_DAY = date(2026, 3, 2), date(2026, 3, 16)  # ten bars before it
RATIOS = ["1.25", "1.1", "1.05", "1.01", "0.9"]
UNSEEN = (
    "It cannot be seen in the prices whether the provider took the split of 2026-03-16 out of them. "
    "Say so at the split; until then nothing before it is stored."
)


def enter(security, ratio, on=THE_DAY, **told):
    return SecurityAction.objects.create(security=security, kind="split", date=on, value=Decimal(ratio), **told)


def taken_out_in_secret(shelf, ratio, after):
    """Put on the shelf what was traded at ``after`` times the ratio before the split, which is told to nobody."""
    traded = [Decimal(close) * Decimal(ratio) for close in after[:10]] + [Decimal(close) for close in after[10:]]
    item = shelf.put("ACME", closes=traded)
    item.secret_splits = [split(str(THE_DAY), ratio)]
    return [float(close) for close in traded]


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_split_that_is_entered_long_after_puts_the_stored_prices_right(shelf, security, ratio):
    traded = taken_out_in_secret(shelf, ratio, [100] * 30)
    sync(security, on="2026-04-10")
    assert closes() == pytest.approx([100] * 30)
    enter(security, ratio)

    result = sync(security, on="2026-04-10")

    assert result.problem == ""
    assert closes() == pytest.approx(traded, rel=1e-6)


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_split_that_the_provider_left_in_changes_nothing(shelf, security, ratio):
    traded = [100 * float(ratio)] * 10 + [100.0] * 20
    shelf.put("ACME", closes=[Decimal(str(close)) for close in traded])
    sync(security, on="2026-04-10", since=date(2026, 3, 9))
    enter(security, ratio)

    results = [sync(security, on="2026-04-10"), sync(security, on="2026-04-10", since=MONDAY)]

    assert [result.problem for result in results] == ["", ""]
    assert closes() == pytest.approx(traded)
    assert not QuarantinedRecord.objects.exists()


def test_the_whole_range_is_fetched_once_for_a_split(shelf, security):
    taken_out_in_secret(shelf, "1.25", [100] * 30)
    sync(security, on="2026-04-10")
    enter(security, "1.25")
    sync(security, on="2026-04-10")
    before = len(shelf.asked("history"))

    sync(security, on="2026-04-10")

    assert [call[2] for call in shelf.asked("history")[before:]] == [date(2026, 4, 3)]


def test_each_interval_is_put_right_by_itself(shelf, security):
    item = shelf.put("ACME", closes=[125] * 10 + [100] * 20)
    item.bars[Interval.HOUR] = bars([125] * 24 * 10 + [100] * 24 * 20, interval=Interval.HOUR)
    item.secret_splits = [split(str(THE_DAY), "1.25")]
    for interval in (Interval.DAY, Interval.HOUR):
        sync(security, on="2026-04-10", interval=interval)
    enter(security, "1.25")

    for interval in (Interval.DAY, Interval.HOUR):
        sync(security, on="2026-04-10", interval=interval)

    before = SecurityPrice.objects.filter(timestamp__lt=at(str(THE_DAY)))
    assert set(before.values_list("interval", "close")) == {("1d", Decimal(125)), ("1h", Decimal(125))}


def test_a_ratio_that_is_corrected_is_put_right(shelf, security):
    traded = taken_out_in_secret(shelf, "1.25", [100] * 30)
    wrong = enter(security, "1.2")
    sync(security, on="2026-04-10")
    assert closes()[0] == pytest.approx(120)
    wrong.value = Decimal("1.25")
    wrong.save()

    result = sync(security, on="2026-04-10")

    assert (closes(), result.problem) == (pytest.approx(traded), "")


@pytest.mark.parametrize("ratio", ["1.25", "4"])
def test_a_split_that_never_was_is_taken_back_when_it_is_deleted(shelf, security, ratio):
    shelf.put("ACME", closes=[100] * 30)
    never = enter(security, ratio)
    sync(security, on="2026-04-10")
    assert closes()[0] == 100 * float(ratio)
    never.delete()

    result = sync(security, on="2026-04-10")

    assert (closes(), result.problem) == ([100] * 30, "")


def test_prices_from_a_file_that_are_as_traded_stay_to_the_last_digit(shelf, security):
    traded = taken_out_in_secret(shelf, "1.1", [100] * 30)
    for bar in bars([Decimal(str(close)) + Decimal("0.00000012") for close in traded]):
        SecurityPrice.objects.create(security=security, timestamp=bar.at, close=bar.close)
    enter(security, "1.1")
    before = list(SecurityPrice.objects.order_by("timestamp").values_list("close")[:10])

    result = sync(security, on="2026-04-10")

    assert result.problem == ""
    assert list(SecurityPrice.objects.order_by("timestamp").values_list("close")[:10]) == before


# ---- On the day itself ----


@pytest.mark.parametrize("ratio", ["4", "1.25"])
def test_a_provider_that_tells_of_a_split_before_it_takes_it_out_changes_no_stored_price(shelf, security, ratio):
    item = shelf.put("ACME", closes=[400] * 10)
    sync(security, on="2026-03-13")
    item.actions = [split(str(THE_DAY), ratio)]
    item.secret_splits = [split(str(THE_DAY), 1 / Decimal(ratio))]  # together they divide by nothing

    result = sync(security, on=str(THE_DAY))

    assert closes() == [400] * 10
    assert result.problem.startswith(f"The new prices are {Decimal(ratio):.4g} times the stored ones")

    traded = [400] * 10 + [400 / float(ratio)] * 2
    shelf.put("ACME", closes=traded, actions=item.actions).secret_splits = []
    assert sync(security, on="2026-03-17").problem == ""
    assert closes() == pytest.approx(traded)


def test_a_split_that_was_taken_out_ahead_of_its_day_puts_the_stored_prices_right(shelf, security):
    item = shelf.put("ACME", closes=[400] * 10)
    item.secret_splits = [split(str(THE_DAY), 4)]
    sync(security, on="2026-03-13")
    shelf.put("ACME", closes=[400] * 10 + [100] * 2, actions=item.secret_splits).secret_splits = []

    result = sync(security, on="2026-03-17")

    assert (closes(), result.problem) == ([400] * 10 + [100] * 2, "")


# ---- Where the price moves as much by itself ----

RESTLESS = [100, 103] * 15


def test_of_a_split_smaller_than_the_moves_of_the_price_one_is_asked(shelf, security):
    taken_out_in_secret(shelf, "1.05", RESTLESS)
    sync(security, on="2026-04-10")
    enter(security, "1.05")

    result = sync(security, on="2026-04-10")

    assert (closes(), result.problem) == (RESTLESS, UNSEEN)
    security.refresh_from_db()
    assert security.sync_problem == UNSEEN


@pytest.mark.parametrize("is_taken_out", [True, False])
def test_the_answer_counts(shelf, security, is_taken_out):
    traded = taken_out_in_secret(shelf, "1.05", RESTLESS)
    sync(security, on="2026-04-10")
    told = enter(security, "1.05")
    sync(security, on="2026-04-10")
    told.is_taken_out = is_taken_out
    told.save()

    result = sync(security, on="2026-04-10")

    assert (closes(), result.problem) == (pytest.approx(traded if is_taken_out else RESTLESS), "")


def test_another_answer_counts_as_well(shelf, security):
    traded = taken_out_in_secret(shelf, "1.05", RESTLESS)
    told = enter(security, "1.05", is_taken_out=False)
    sync(security, on="2026-04-10")
    assert closes() == RESTLESS
    told.is_taken_out = True
    told.save()

    result = sync(security, on="2026-04-10")

    assert (closes(), result.problem) == (pytest.approx(traded), "")


def examine(series, known):
    return quality.examine(series, now=at("2026-04-01"), splits=[known], is_split_adjusted=True)


def test_a_fall_of_another_day_is_no_forgotten_split():
    series = bars([125, 125, 100, 100, 100, 100])

    verdict = quality.examine(
        series, now=at("2026-04-01"), splits=[split("2026-03-06", "1.25")], is_split_adjusted=True
    )

    assert verdict.held_back == []


def test_a_small_split_that_was_forgotten_on_its_day_is_held_back():
    series = bars([125, 125, 125, 100, 100])

    verdict = quality.examine(
        series, now=at("2026-04-01"), splits=[split("2026-03-05", "1.25")], is_split_adjusted=True
    )

    assert [(held.bar.at.day, held.reason) for held in verdict.held_back] == [
        (2, "split_mistake"), (3, "split_mistake"), (4, "split_mistake"),
    ]  # fmt: skip


# ---- What it costs ----


def test_a_sync_asks_the_same_number_of_queries_however_many_splits_there_are(shelf, security):
    shelf.put("ACME", closes=[100] * 30)
    sync(security, on="2026-04-10")
    with CaptureQueriesContext(connection) as without_splits:
        sync(security, on="2026-04-10")
    for year in range(2000, 2020):
        enter(security, 2, on=date(year, 6, 1))

    with CaptureQueriesContext(connection) as with_splits:
        sync(security, on="2026-04-10")

    assert len(with_splits) == len(without_splits) + 1  # what people said of the splits
    of_the_range = [q["sql"] for q in with_splits if "BETWEEN" in q["sql"] and "securities_securityprice" in q["sql"]]
    assert len([sql for sql in of_the_range if sql.startswith("SELECT")]) == 2  # to compare, and under the lock
