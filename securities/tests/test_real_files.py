"""Real files of prices, compared with what others counted in them.

The files lie outside the project: ``FINANCES_SAMPLE_DATA``, by default ``shared/data`` beside it.
"""

import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from finances.exceptions import InvalidValueError
from securities import imports
from securities.intervals import Interval
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice

DATA = Path(os.environ.get("FINANCES_SAMPLE_DATA", Path(settings.BASE_DIR).parent / "shared" / "data"))
PRICES = DATA / "prices"
PAIRS = PRICES / "yfinance_pairs"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not PRICES.is_dir(), reason="there is no sample data here"),
]


def load(path, currency="USD", interval=None, symbol="TEST"):
    return imports.import_prices(path=path, symbol=symbol, currency=currency, interval=interval)


def expected(path):
    everything = json.loads((DATA / "expected.json").read_text())
    return everything["files"][path.relative_to(DATA).as_posix()]["computed"]


def day_in(text):
    """Return the day of a time as it stands in one of the files."""
    if "/" not in text:
        return date.fromisoformat(text[:10])
    month, day, year = map(int, text.split(" ")[0].split("/"))
    return date(year, month, day)


@pytest.mark.parametrize(
    ("name", "interval", "layout"),
    [
        ("backtesting__EURUSD_1h.csv", "1h", "plain"),
        ("bokeh__AAPL.csv", "1d", "yahoo"),
        ("bokeh__GOOG.csv", "1d", "yahoo"),
        ("bt__2006-day-001.txt", "1d", "plain"),
        ("bt__orcl-2014.txt", "1d", "yahoo"),
        ("csvdir_AAPL.csv.gz", "1d", "plain"),
        ("csvdir_KO.csv.gz", "1d", "plain"),
        ("mpf__SP500_NOV2019_Hist.csv", "1d", "plain"),
        ("mpf__SP500_NOV2019_IDay.csv", "1m", "plain"),
        ("mpf__yahoofinance-AAPL-20040819-20180120.csv", "1d", "yahoo"),
        ("mpf__yahoofinance-SPY-20200901-20210113.csv", "1d", "yahoo"),
        ("plotly__finance-charts-apple.csv", "1d", "yahoo"),
        ("skfolio__sp500_index.csv.gz", "1d", "plain"),
        ("yf__IBE-MC-1d-no-bad-divs.csv", "1d", "yahoo"),
    ],
)
def test_a_file_is_imported_whole(name, interval, layout):
    facts = expected(PRICES / name)

    result = load(PRICES / name, symbol="AAPL" if "AAPL" in name else "GOOG")

    stored = SecurityPrice.objects.order_by("timestamp")
    assert (result.interval, result.layout) == (interval, layout)
    assert (result.row_count, result.ingested.inserted, result.problem) == (facts["rows"], facts["rows"], "")
    assert stored.count() == facts["rows"]
    assert [stored.first().timestamp.date(), stored.last().timestamp.date()] == [
        day_in(facts["first_row_date"]), day_in(facts["last_row_date"]),
    ]  # fmt: skip
    if "last_close" in facts:
        assert stored.last().close == pytest.approx(Decimal(facts["last_close"]), rel=Decimal("1e-6"))
    assert SecurityAction.objects.filter(kind="dividend").count() == facts.get("dividends", 0)
    assert SecurityAction.objects.filter(kind="split").count() == len(facts.get("splits", []))


def test_one_security_of_many_is_taken():
    result = load(PRICES / "vega__stocks_monthly.csv", symbol="MSFT")

    first = SecurityPrice.objects.order_by("timestamp").first()
    assert (result.interval, result.row_count) == ("1mo", 123)
    assert (first.timestamp.isoformat(), first.close) == ("2000-01-01T00:00:00+00:00", Decimal("39.81"))


@pytest.mark.parametrize("name", ["bt__ticksample.csv", "yf__EA-15m-no-bad-divs.csv", "lean_factor_aapl.csv"])
def test_what_is_no_series_of_ours_is_refused(name):
    with pytest.raises(InvalidValueError, match="cannot be read"):
        load(PRICES / name)

    assert not Security.objects.exists()


def test_prices_of_a_split_are_stored_as_traded():
    load(PRICES / "csvdir_AAPL.csv.gz")  # Apple's 7:1 split of 2014-06-09, taken out of the file's prices

    before = SecurityPrice.objects.get(timestamp="2014-06-06T00:00Z").close
    after = SecurityPrice.objects.get(timestamp="2014-06-09T00:00Z").close
    assert before == pytest.approx(Decimal("645.57"), abs=Decimal("0.01"))  # Nasdaq's close of the day
    assert after == pytest.approx(Decimal("93.70"), abs=Decimal("0.01"))


def held_back(subject="price"):
    records = QuarantinedRecord.objects.filter(subject=subject).order_by("timestamp")
    return [(record.timestamp.date().isoformat(), record.reason) for record in records]


def test_days_from_which_a_split_was_not_taken_out_are_held_back():
    load(PAIRS / "yf__4063-T-1d-bad-stock-split.csv", currency="JPY")

    assert held_back() == [
        (day, "split_mistake")
        for day in (
            "2023-03-15", "2023-03-16", "2023-03-17", "2023-03-20", "2023-03-22",
            "2023-03-23", "2023-03-24", "2023-03-27", "2023-03-28",
        )
    ]  # fmt: skip
    assert SecurityPrice.objects.count() == 13


def test_a_day_at_a_ten_thousandth_of_its_price_is_held_back():
    load(PAIRS / "yf__ALPHA-PA-1d-bad-stock-split.csv", currency="EUR")

    assert [day for day, _ in held_back()] == ["2023-05-08"]
    assert SecurityPrice.objects.count() == 28


def test_an_hour_in_pounds_among_pence_is_held_back():
    load(PAIRS / "yf__ASAI-L-1h-bad-unit.csv", currency="GBp", interval=Interval.HOUR)

    assert held_back() == [("2024-10-24", "unit_mistake")]
    assert SecurityPrice.objects.count() == 19
    assert Security.objects.get().currency_id == "GBP"
    assert SecurityPrice.objects.order_by("timestamp").first().close == Decimal("0.72")


def test_nothing_is_stored_when_two_units_are_mixed_and_either_may_be_right():
    result = load(PAIRS / "yf__AET-L-1d-100x-error.csv", currency="GBp")

    assert not SecurityPrice.objects.exists()
    assert result.problem == "Held back: 23 unclear unit."


def test_a_known_price_tells_which_unit_is_right():
    load(PAIRS / "yf__AET-L-1d-100x-error-fixed.csv", currency="GBp")
    SecurityPrice.objects.exclude(timestamp="2022-05-03T00:00Z").delete()
    SecurityPrice.objects.update(timestamp="2022-05-02T00:00Z")

    load(PAIRS / "yf__AET-L-1d-100x-error.csv", currency="GBp")

    assert [day for day, _ in held_back()] == [
        "2022-05-03", "2022-05-04", "2022-05-05", "2022-05-06", "2022-05-20", "2022-05-23", "2022-05-24",
        "2022-05-25", "2022-05-26", "2022-05-27", "2022-05-30", "2022-05-31", "2022-06-01", "2022-06-06",
    ]  # fmt: skip
    assert {round(close, 6) for close in SecurityPrice.objects.values_list("close", flat=True)} == {Decimal("0.1455")}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "ABDP-L-1d-bad-div",
            [(day, "dividend_contradicted") for day in
             ("2022-05-05", "2022-12-29", "2023-05-04", "2024-02-08", "2024-05-02")],
        ),
        (
            "SCR-TO-1d-bad-div",
            [(day, "dividend_too_large") for day in ("2023-03-14", "2023-06-14", "2023-09-14")],
        ),
        ("TEP-PA-1d-bad-div", [("2023-04-20", "dividend_repeated")]),
        ("8TRA-DE-1d-missing-div-adjust", []),
        ("VWILX-1d-cg-double-count", []),
    ],
)  # fmt: skip
def test_dividends_that_cannot_be_are_held_back_and_the_prices_kept(name, found):
    path = PAIRS / f"yf__{name}.csv"

    load(path)

    assert held_back("dividend") == found
    assert SecurityPrice.objects.count() == expected(path)["rows"]
    assert SecurityAction.objects.count() == expected(path)["dividends"] - len(found)


@pytest.mark.parametrize(
    "name",
    [
        "4063-T-1d-bad-stock-split-fixed", "8TRA-DE-1d-missing-div-adjust-fixed", "ABDP-L-1d-bad-div-fixed",
        "AET-L-1d-100x-error-fixed", "ALPHA-PA-1d-bad-stock-split-fixed", "TEP-PA-1d-bad-div-fixed",
        "VWILX-1d-cg-double-count-fixed",
    ],
)  # fmt: skip
def test_repaired_files_are_taken_whole(name):
    path = PAIRS / f"yf__{name}.csv"

    result = load(path)

    assert (result.problem, result.skipped) == ("", ())
    assert SecurityPrice.objects.count() == expected(path)["rows"]
