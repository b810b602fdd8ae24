"""What a column rounds to nothing, or cannot hold, is held back; all that comes with it is stored."""

from datetime import timedelta
from decimal import Decimal

import pytest

from securities import imports
from securities.intervals import Interval
from securities.models import QuarantinedRecord, SecurityAction
from securities.providers.protocol import History
from securities.tests.shelf import bars, dividend, split
from securities.tests.syncing import closes, security, sync

__all__ = ["security"]
pytestmark = pytest.mark.django_db
TINY, NOTHING = Decimal("1e-10"), Decimal("4e-11")


def held_back():
    return list(QuarantinedRecord.objects.values_list("reason", flat=True))


def test_a_price_below_the_last_digit_of_its_column_is_held_back(shelf, security):
    shelf.put("ACME", closes=[TINY, TINY, NOTHING, TINY])

    result = sync(security)

    assert result.problem == "Held back: 1 not positive."
    assert closes() == [1e-10] * 3
    assert held_back() == ["not_positive"]


def test_such_a_row_of_a_file_takes_no_other_with_it(tmp_path):
    path = tmp_path / "acme.csv"
    path.write_text("Date,Close\n2026-03-02,0.0000000001\n2026-03-03,4e-11\n2026-03-04,1e-300\n2026-03-05,1e-10\n")

    result = imports.import_prices(path=path, symbol="ACME", currency="USD")

    assert (result.ingested.inserted, closes()) == (2, [1e-10, 1e-10])
    assert held_back() == ["not_positive"] * 2


def test_bars_of_one_second_are_one(shelf, security):
    item = shelf.put("ACME", closes=[100, 101])
    last = item.bars[Interval.DAY][-1]
    item.bars[Interval.DAY].append(last._replace(at=last.at + timedelta(microseconds=5), close=Decimal(102)))

    sync(security)

    assert closes() == [100, 101]
    assert held_back() == ["duplicate"]


def test_what_splits_make_too_small_is_held_back(shelf, security):
    """Yahoo's price is of today's shares, of which there were a million for one of then."""
    shelf.put("ACME", closes=[NOTHING] * 2 + [100] * 10, actions=[split("2026-03-04", "1e-6")])

    result = sync(security, on="2026-03-18")

    assert result.problem == "Held back: 2 not positive."
    assert closes() == [100] * 10


def test_a_dividend_that_no_column_holds_is_held_back():
    history = History(bars([100] * 3), [dividend("2026-01-01", "1e13")], currency="USD")

    taken = imports.take_in(symbol="ACME", interval="1d", history=history)

    assert [held.reason for held in taken.intake.held_back_actions] == ["too_large"]
    assert not SecurityAction.objects.exists()
