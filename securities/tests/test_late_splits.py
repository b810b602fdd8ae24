"""Splits that are told late, or by hand, and days that only quotes told of: what the next sync makes of them."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from securities import quotes
from securities.intervals import Interval
from securities.models import SecurityAction, SecurityPrice
from securities.providers.protocol import Quote
from securities.tests.shelf import at, split
from securities.tests.syncing import closes, security, sync

__all__ = ["security"]
pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


def split_in_secret(shelf, security):
    """Let a split of 16 March be taken out of the prices, and told to nobody, when they are stored first."""
    traded = [400] * 10 + [100] * 20
    item = shelf.put("ACME", closes=traded)
    item.secret_splits = [split("2026-03-16", 4)]
    sync(security, on="2026-04-10")
    assert closes() == [100] * 30
    return item, traded


def test_a_split_that_is_told_weeks_late_puts_the_stored_prices_right(shelf, security):
    item, traded = split_in_secret(shelf, security)
    item.secret_splits, item.actions = [], [split("2026-03-16", 4)]

    result = sync(security, on="2026-04-13")  # a Monday, the first sync of its week

    assert (closes(), result.problem) == (traded, "")
    assert SecurityAction.objects.get().value == 4
    security.refresh_from_db()
    assert security.adjustments == [["2026-03-16", "0.25", "0.25"]]


def test_all_splits_are_asked_for_once_a_week(shelf, security):
    shelf.put("ACME", closes=range(100, 130))
    for day in ("2026-03-09", "2026-03-10", "2026-03-13", "2026-03-16", "2026-03-17"):
        sync(security, on=day)

    assert len(shelf.asked("actions")) == 1


def test_a_split_that_is_entered_by_hand_puts_the_stored_prices_right(shelf, security):
    _, traded = split_in_secret(shelf, security)
    SecurityAction.objects.create(security=security, kind="split", date=date(2026, 3, 16), value=4)

    result = sync(security, on="2026-04-10")

    assert (closes(), result.problem) == (traded, "")


@pytest.mark.parametrize(("ratio", "after"), [("1.5", 130), ("2", 120), ("4", 100)])
def test_a_price_that_rose_on_the_day_of_its_split_stops_nothing(shelf, security, ratio, after):
    traded = [150] * 10 + [after] * 5
    shelf.put("ACME", closes=traded, actions=[split("2026-03-16", ratio)])
    sync(security, on="2026-03-20")
    shelf.put("ACME", closes=[*traded, after + 1], actions=[split("2026-03-16", ratio)])

    result = sync(security, on="2026-03-23")

    assert (closes(), result.problem) == ([*traded, after + 1], "")


@pytest.mark.parametrize("ratio", ["1.25", "1.4", "0.8"])
@pytest.mark.parametrize("told_on", ["2026-03-20", "2026-04-13"])
def test_a_small_split_that_is_told_late_puts_the_stored_prices_right(shelf, security, ratio, told_on):
    traded = [400] * 10 + [400 / Decimal(ratio)] * 25
    item = shelf.put("ACME", closes=traded[:13])
    item.secret_splits = [split("2026-03-16", ratio)]
    sync(security, on="2026-03-18")
    item = shelf.put("ACME", closes=traded[: 15 if told_on < "2026-04" else 30], actions=[split("2026-03-16", ratio)])
    item.secret_splits = []

    result = sync(security, on=told_on)

    assert result.problem == ""
    assert closes()[:10] == [400] * 10
    assert closes()[10] == pytest.approx(400 / float(ratio), rel=1e-6)


# ---- Beside quotes ----


def quoted(security, *days, close):
    for day in days:
        at = datetime.fromisoformat(f"2026-{day}T15:00:00+00:00")
        with time_machine.travel(at, tick=False):
            quotes.take(security=security, quote=Quote("ACME", Decimal(close), "USD", at))


def test_days_that_only_quotes_told_of_are_fetched(shelf, security):
    shelf.put("ACME", closes=[100] * 5)
    sync(security, on="2026-03-06")
    quoted(security, "04-03", close=101)
    shelf.put("ACME", closes=[100] * 26)

    result = sync(security, on="2026-04-06")

    assert (len(closes()), result.problem) == (26, "")
    assert not SecurityPrice.objects.filter(open=None).exists()


def test_what_quotes_told_is_replaced_however_far_it_is_from_the_closes(shelf, security):
    shelf.put("ACME", closes=[100] * 5)
    sync(security, on="2026-03-06")
    quoted(security, "03-09", "03-10", "03-11", "03-12", "03-13", close=110)
    shelf.put("ACME", closes=[100] * 10)

    result = sync(security, on="2026-03-13")

    assert (closes(), result.problem) == ([100] * 10, "")


def test_what_cannot_be_put_right_is_said(shelf, security):
    item, _ = split_in_secret(shelf, security)
    SecurityAction.objects.create(security=security, kind="split", date=date(2026, 3, 16), value=4)
    item.bars[Interval.DAY] = [bar for bar in item.bars[Interval.DAY] if bar.at >= at("2026-03-23")]

    result = sync(security, on="2026-04-10")

    assert closes() == [100] * 30
    assert result.problem == "The stored prices do not show the split of 2026-03-16; what is before it is wrong."


def test_exact_prices_stay_when_a_split_brings_them_again_with_fewer_digits(shelf, security):
    exact = [Decimal("1234.56789") + day for day in range(10)]
    for number, close in enumerate(exact):
        day = MONDAY + timedelta(days=number + 2 * (number // 5))
        SecurityPrice.objects.create(security=security, timestamp=at(str(day)), close=close)
    shelf.put("ACME", closes=[*exact, 311, 312], actions=[split("2026-03-16", 4)])

    result = sync(security, on="2026-03-17")

    assert result.problem == ""
    assert closes() == [*(float(close) for close in exact), 311, 312]
