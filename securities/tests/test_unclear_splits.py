"""Splits that prices do not plainly show, or do not reach: nothing right is overwritten, and a person is asked."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine

from securities import splits, syncs
from securities.intervals import Interval
from securities.models import SecurityAction, SecurityPrice
from securities.tests.shelf import at, bars, split
from securities.tests.syncing import closes, security, sync

__all__ = ["security"]
pytestmark = pytest.mark.django_db
THE_DAY = date(2026, 3, 16)  # ten bars before it
ASKED = (
    "It cannot be seen in the prices whether the provider took the split of 2026-03-16 out of them. "
    "Say so at the split; until then nothing before it is stored."
)


def enter(security, ratio, on=THE_DAY, **told):
    return SecurityAction.objects.create(security=security, kind="split", date=on, value=Decimal(ratio), **told)


def quiet(before, after):
    """Return closes that usually move by three thousandths."""
    return [Decimal(str(round(level + step, 2))) for level, count in ((before, 10), (after, 20))
            for step in [level * (-0.0015 if day % 2 else 0.0015) for day in range(count)]]  # fmt: skip


def restless():
    """Return closes that move by three tenths a day, and fall by two fifths on the day of the split."""
    return [100, 130] * 5 + [75, 100] * 10


# ---- A real move on the day ----

CASES = {
    "1.1 was left in, and the price fell by half of it": ("1.1", quiet(100, 95.7)),
    "3:2 was left in, and the price rose by a quarter": ("1.5", quiet(99.8, 83.2)),
    "1.1 was taken out, and the price fell by half of it": ("1.1", quiet(100, 94.5)),
    "3:2 was taken out, and the price fell by a fifth": ("1.5", quiet(100, 80)),
    "3:2 of a price that moves as much on each day": ("1.5", restless()),
}


@pytest.mark.parametrize("case", CASES)
def test_a_move_that_is_neither_the_split_nor_a_usual_one_is_asked_about(shelf, security, case):
    ratio, shown = CASES[case]
    shelf.put("ACME", closes=shown)
    sync(security, on="2026-04-10")
    before = closes()
    told = enter(security, ratio)

    results = [sync(security, on="2026-04-10") for _ in range(2)]

    assert [result.problem for result in results] == [ASKED, ASKED]
    assert closes() == before
    told.is_taken_out = True
    told.save()
    assert sync(security, on="2026-04-10").problem == ""
    assert closes()[:10] == pytest.approx([close * float(ratio) for close in before[:10]])


@pytest.mark.parametrize("ratio", ["1.1", "1.5", "4", "0.25"])
@pytest.mark.parametrize("move", ["0.997", "1", "1.006"])
def test_a_usual_move_on_the_day_is_nothing_to_ask_about(ratio, move):
    traded = quiet(100 * float(ratio), 100 * float(move))
    divided = quiet(100, 100 * float(move))
    known = split(str(THE_DAY), ratio)

    assert splits.falls_by(known, bars(traded), Interval.DAY) is True
    assert splits.falls_by(known, bars(divided), Interval.DAY) is False


# ---- On its own morning ----


def sync_in_the_morning(security, on=THE_DAY):
    with time_machine.travel(f"{on}T13:00:00Z", tick=False):
        return syncs.sync_security(security=security)


@pytest.mark.parametrize("ratio", ["1.01", "1.25", "2"])
@pytest.mark.parametrize("is_left_in", [True, False])
def test_a_split_whose_day_has_no_price_yet_waits_for_one(shelf, security, ratio, is_left_in):
    shelf.put("ACME", closes=[100] * 10)
    sync(security, on="2026-03-13")
    enter(security, ratio)

    result = sync_in_the_morning(security)

    assert (closes(), result.problem) == ([100] * 10, "")
    security.refresh_from_db()
    assert security.split_readings == {"1d": []}

    traded = [Decimal(100)] * 10 + [100 / Decimal(ratio)] * 2
    item = shelf.put("ACME", closes=traded)
    item.secret_splits = [] if is_left_in else [split(str(THE_DAY), ratio)]
    assert sync(security, on="2026-03-17").problem == ""
    assert closes() == pytest.approx([float(close) for close in traded])
    security.refresh_from_db()
    assert security.split_readings == {"1d": [["2026-03-16", ratio, not is_left_in]]}


def test_what_the_prices_show_counts_more_than_what_was_kept(shelf, security):
    shelf.put("ACME", closes=[100] * 10)
    sync(security, on="2026-03-13")
    enter(security, "1.25")
    security.split_readings = {"1d": [["2026-03-16", "1.25", True]]}
    security.save()
    shelf.put("ACME", closes=[100] * 10 + [80] * 2)

    result = sync(security, on="2026-03-17")

    assert (closes(), result.problem) == ([100] * 10 + [80] * 2, "")
    security.refresh_from_db()
    assert security.split_readings == {"1d": [["2026-03-16", "1.25", False]]}


def test_what_a_person_said_counts_more_than_what_the_prices_show(shelf, security):
    shelf.put("ACME", closes=[100] * 12)
    enter(security, "1.25", is_taken_out=False)

    sync(security, on="2026-03-17")

    assert closes() == [100] * 12


# ---- Beside a price that cannot be ----


@pytest.mark.parametrize("place", [8, 9, 10, 11])
def test_a_price_of_zero_decides_on_no_split(shelf, security, place):
    item = shelf.put("ACME", closes=[125] * 10 + [100] * 20)
    item.secret_splits = [split(str(THE_DAY), "1.25")]
    sync(security, on="2026-04-10")
    item.bars[Interval.DAY][place] = item.bars[Interval.DAY][place]._replace(close=Decimal(0))
    enter(security, "1.25")

    result = sync(security, on="2026-04-10")

    gap = " Nobody has the prices of 2026-03-{} any more; see whether the stored ones are as traded."
    assert result.problem == "Held back: 1 not positive." + {8: gap.format(12), 9: gap.format(13)}.get(place, "")
    assert [close for number, close in enumerate(closes()) if number != place] == [125] * (10 - (place < 10)) + [
        100
    ] * (20 - (place >= 10))


# ---- Where the provider reaches less far back than what is stored ----


def less_far(item):
    item.bars[Interval.DAY] = [bar for bar in item.bars[Interval.DAY] if bar.at >= at("2026-03-09")]


def test_what_nobody_has_any_more_is_put_right_with_what_is_beside_it(shelf, security):
    item = shelf.put("ACME", closes=[400] * 10 + [100] * 20)
    item.secret_splits = [split(str(THE_DAY), 4)]
    sync(security, on="2026-04-10")
    assert closes() == [100] * 30
    less_far(item)
    item.secret_splits, item.actions = [], [split(str(THE_DAY), 4)]

    result = sync(security, on="2026-04-13")

    assert closes() == [400] * 10 + [100] * 20
    assert result.problem == (
        "The stored prices of 2026-03-02 to 2026-03-06, which nobody has any more, lacked the split of 2026-03-16 as "
        "those after them did; they were multiplied by 4, too."
    )
    assert sync(security, on="2026-04-13").problem == ""


def test_what_nobody_has_any_more_and_is_as_traded_stays(shelf, security):
    item = shelf.put("ACME", closes=[400] * 10 + [100] * 20)
    item.secret_splits = [split(str(THE_DAY), 4)]
    sync(security, on="2026-04-10")
    SecurityPrice.objects.filter(timestamp__lt=at("2026-03-09")).update(close=400)
    less_far(item)
    item.secret_splits, item.actions = [], [split(str(THE_DAY), 4)]

    result = sync(security, on="2026-04-13")

    assert closes() == [400] * 10 + [100] * 20
    assert result.problem == (
        "The stored prices of 2026-03-02 to 2026-03-06, which nobody has any more, were as traded with the split of "
        "2026-03-16; they stay as they are."
    )


def test_where_it_cannot_be_seen_nothing_is_rewritten(shelf, security):
    item = shelf.put("ACME", closes=[400] * 10 + [100] * 20)
    item.secret_splits = [split(str(THE_DAY), 4)]
    sync(security, on="2026-04-10")
    SecurityPrice.objects.filter(timestamp__lt=at("2026-03-09")).update(close=200)
    before = closes()
    less_far(item)
    item.secret_splits, item.actions = [], [split(str(THE_DAY), 4)]

    results = [sync(security, on="2026-04-13"), sync(security, on="2026-04-20")]

    assert closes() == before
    doubt = (
        "The stored prices of 2026-03-02 to 2026-03-06, which nobody has any more, may lack the split of 2026-03-16 or "
        "not, and it cannot be seen in them; nothing before it was stored."
    )
    assert [result.problem for result in results] == [doubt, doubt]


def test_what_nobody_has_any_more_is_as_right_as_what_is_beside_it(shelf, security):
    traded, on = [400] * 25 + [100] * 10, "2026-04-06"
    item = shelf.put("ACME", closes=traded)
    item.secret_splits = [split(on, 4)]
    sync(security, on="2026-04-17")
    SecurityPrice.objects.filter(timestamp__lt=at("2026-03-16")).update(close=400)  # as if from a file
    less_far(item)
    item.secret_splits, item.actions = [], [split(on, 4)]

    result = sync(security, on="2026-04-20")

    assert closes() == traded
    assert result.problem == (
        "The stored prices of 2026-03-02 to 2026-03-06, which nobody has any more, were as traded with the split of "
        "2026-04-06; they stay as they are."
    )


def test_a_corrected_ratio_that_is_in_doubt_is_compared_with_how_it_was_read(shelf, security):
    shelf.put("ACME", closes=CASES["1.1 was taken out, and the price fell by half of it"][1])
    told = enter(security, "1.2", is_taken_out=True)
    sync(security, on="2026-04-10")
    before = closes()
    told.value, told.is_taken_out = Decimal("1.1"), None
    told.save()
    assert (sync(security, on="2026-04-10").problem, closes()) == (ASKED, before)
    told.is_taken_out = True
    told.save()

    result = sync(security, on="2026-04-10")

    assert result.problem == ""
    assert closes()[:10] == pytest.approx([close / 1.2 * 1.1 for close in before[:10]])
