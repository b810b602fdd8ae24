"""Files of prices around splits: what their prices plainly show, and what whoever imports them must say."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from securities import imports, splits
from securities.actions import Action
from securities.imports import SplitsUnclearError, Word
from securities.intervals import Interval, instant_of
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice
from securities.providers.protocol import History
from securities.splits import Told
from securities.tests.factories import SecurityActionFactory, SecurityFactory
from securities.tests.shelf import bars, split
from securities.tests.syncing import closes

pytestmark = pytest.mark.django_db
FIRST, SECOND = "2026-03-16", "2026-03-30"  # ten bars before each
UNSEEN = (
    f"It cannot be seen in the prices whether the split of {FIRST} was taken out of them; nothing was imported. If it "
    "was, import the file with --adjusted; if the prices are as traded, with --as-traded."
)


def written(tmp_path, series, *, first=date(2026, 3, 2), **ratios):
    """Write closes of weekdays, with the splits of their days."""
    rows = [f"{bar.at.date()},{bar.close},{ratios.get(str(bar.at.date()), 0)}" for bar in bars(series, first=first)]
    path = tmp_path / "acme.csv"
    path.write_text("\n".join(["Date,Close,Stock Splits", *rows]))
    return path


def load(path, **word):
    return imports.import_prices(path=path, symbol="ACME", currency="USD", word=Word(**word))


@pytest.mark.parametrize("ratio", ["1.1", "1.5", "4", "0.1"])
def test_what_the_prices_plainly_show_is_done(tmp_path, ratio):
    before = Decimal(100) * Decimal(ratio)
    path = written(tmp_path, [before] * 10 + [100] * 10, **{FIRST: ratio})
    load(path)
    as_traded = closes()
    SecurityPrice.objects.all().delete()
    load(written(tmp_path, [100] * 20, **{FIRST: ratio}))

    assert as_traded == closes() == pytest.approx([float(before)] * 10 + [100] * 10)


UNCLEAR = {
    "the price fell by half of it": (date(2026, 3, 2), [100] * 10 + [95] * 10),
    "the price moves as much by itself": (date(2026, 3, 2), [100, 112] * 10),
    "there are too few prices to tell": (date(2026, 3, 12), [101, 100, 99, 98]),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_the_prices_do_not_plainly_show_is_asked(tmp_path, case):
    first, series = UNCLEAR[case]
    path = written(tmp_path, series, first=first, **{FIRST: "1.1"})

    with pytest.raises(SplitsUnclearError) as refused:
        load(path)

    assert refused.value.message == UNSEEN
    assert not Security.objects.exists()
    assert not QuarantinedRecord.objects.exists()


@pytest.mark.parametrize(("option", "times"), [("--adjusted", Decimal("1.1")), ("--as-traded", 1)])
def test_the_operator_says_it(tmp_path, capsys, option, times):
    path = str(written(tmp_path, UNCLEAR["the price fell by half of it"][1], **{FIRST: "1.1"}))
    arguments = ["import_prices", path, "--symbol", "ACME", "--currency", "USD"]
    with pytest.raises(CommandError, match="with --adjusted; if the prices are as traded, with --as-traded"):
        call_command(*arguments)

    call_command(*arguments, option)

    assert closes() == pytest.approx([100 * float(times)] * 10 + [95] * 10)
    assert SecurityAction.objects.get().value == Decimal("1.1")


def test_the_operator_cannot_say_both():
    with pytest.raises(CommandError, match="not allowed with argument"):
        call_command("import_prices", "x.csv", "--symbol", "A", "--currency", "USD", "--adjusted", "--as-traded")


def test_a_file_whose_splits_contradict_each_other_is_refused_and_nothing_is_lost(tmp_path):
    SecurityFactory(symbol="ACME", currency_id="USD")
    load(written(tmp_path, [400] * 5))
    path = written(tmp_path, [400] * 10 + [100] * 20, **{FIRST: "4", SECOND: "2"})

    with pytest.raises(SplitsUnclearError) as refused:
        load(path, replaces=True)

    assert refused.value.message == (
        f"The prices in the file fall by the split of {FIRST}, but the split of {SECOND} was taken out of them; "
        "nothing was imported. Correct the splits or the file, or say of all splits that they were taken out "
        "(--adjusted) or that none was (--as-traded)."
    )
    assert closes() == [400] * 5
    assert not SecurityAction.objects.exists()
    assert not Security.objects.get().is_syncing
    load(path, is_split_adjusted=False)
    assert closes() == [400] * 10 + [100] * 20


def test_two_splits_that_were_taken_out_do_not_outvote_one_that_was_not(tmp_path):
    path = written(tmp_path, [100] * 20 + [50] * 10, **{"2026-03-09": "3", FIRST: "4", SECOND: "2"})

    with pytest.raises(SplitsUnclearError, match=f"fall by the split of {SECOND}, but the split of 2026-03-09 and"):
        load(path)


@pytest.mark.parametrize("on", ["2026-02-02", "2026-03-02", "2026-04-20"])
def test_a_split_that_no_price_is_on_both_sides_of_asks_nothing(tmp_path, on):
    security = SecurityFactory(symbol="ACME", currency_id="USD")
    SecurityAction.objects.create(security=security, kind="split", date=date.fromisoformat(on), value=4)

    load(written(tmp_path, [100, 112] * 10))

    assert closes() == [100, 112] * 10


def test_a_split_by_which_nothing_is_multiplied_asks_nothing(tmp_path):
    security = SecurityFactory(symbol="ACME", currency_id="USD")
    SecurityAction.objects.create(security=security, kind="split", date=date.fromisoformat(FIRST), value=1)

    load(written(tmp_path, [100, 112] * 10))

    assert closes() == [100, 112] * 10


@pytest.mark.parametrize("place", [9, 10])
def test_a_price_of_zero_beside_a_split_decides_nothing(tmp_path, place):
    series = [400] * 10 + [100] * 10
    rest = series[:place] + series[place + 1 :]
    series[place] = 0

    load(written(tmp_path, series, **{FIRST: "4"}))

    assert closes() == rest


@pytest.mark.parametrize("on", ["2020-08-31", "2020-09-02", "2020-09-04"])
@pytest.mark.parametrize("before", [400, 100])
def test_of_weeks_that_of_the_split_tells(tmp_path, on, before):
    security = SecurityFactory(symbol="ACME", currency_id="USD")
    SecurityAction.objects.create(security=security, kind="split", date=date.fromisoformat(on), value=4)
    mondays = [date(2020, 8, 3) + timedelta(weeks=week) for week in range(8)]
    path = tmp_path / "acme.csv"
    rows = [f"{day},{before if day < date(2020, 8, 31) else 100}" for day in mondays]
    path.write_text("\n".join(["Date,Close", *rows]))

    load(path)

    # A bar of a week is one of its first day; that of the split is multiplied with those before it, if they are.
    is_multiplied = before == 100 and on > "2020-08-31"
    assert closes() == [400] * 4 + [400 if is_multiplied else 100] + [100] * 3


def test_weeks_as_they_are_stored_around_a_split_are_asked_about(tmp_path):
    security = SecurityFactory(symbol="ACME", currency_id="USD")
    SecurityAction.objects.create(security=security, kind="split", date=date(2020, 9, 2), value=4)
    mondays = [date(2020, 8, 3) + timedelta(weeks=week) for week in range(8)]
    path = tmp_path / "acme.csv"
    path.write_text("\n".join(["Date,Close", *(f"{day},{400 if day < date(2020, 9, 2) else 100}" for day in mondays)]))

    with pytest.raises(SplitsUnclearError, match="whether the split of 2020-09-02 was taken out of them"):
        load(path)
    load(path, is_split_adjusted=False)

    assert closes() == [400] * 5 + [100] * 3


def test_a_table_of_the_admin_is_as_traded():
    security = SecurityFactory(symbol="ACME", currency_id="USD")
    SecurityAction.objects.create(security=security, kind="split", date=date.fromisoformat(FIRST), value=4)
    rows = bars([100] * 20)

    imports.take_in(symbol="ACME", interval=Interval.DAY, history=History(rows, currency="USD"), replaces=True)

    assert closes() == [100] * 20


class Counted(list):
    """Bars that know how often somebody went through all of them."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def place_of(on: str, days: list[date], interval: Interval) -> int:
    return splits.Shown(
        [bar._replace(at=instant_of(day)) for bar, day in zip(bars([100] * len(days)), days, strict=True)], interval
    ).first_after(split(on, 4))


@pytest.mark.parametrize("on", ["2020-08-31", "2020-09-02", "2020-09-04", "2020-09-06"])
@pytest.mark.parametrize("named", [0, 4, 6])  # by their Monday, as they are stored, or by another day
def test_of_weeks_that_of_the_split_is_the_first_after_it(on, named):
    days = [date(2020, 8, 3 + named) + timedelta(weeks=week) for week in range(8)]

    assert place_of(on, days, Interval.WEEK) == 4


@pytest.mark.parametrize("day", [1, 15])
@pytest.mark.parametrize("month", range(1, 13))
def test_of_months_however_long_that_of_the_split_is_the_first_after_it(month, day):
    firsts = [date(year, number, 1) for year in (2019, 2020, 2021) for number in range(1, 13)]

    assert place_of(str(date(2020, month, day)), firsts, Interval.MONTH) == 11 + month


def test_a_split_after_the_last_month_has_no_bar_after_it():
    assert place_of("2026-03-02", [date(2026, 1, 1), date(2026, 2, 1)], Interval.MONTH) == 2


@pytest.mark.parametrize("apart", [7, 14, 28])
def test_sparse_prices_of_days_are_of_their_days(apart):
    fridays = [date(2020, 8, 28) + timedelta(days=apart * number) for number in range(-12, 12)]

    assert place_of("2020-08-31", fridays, Interval.DAY) == 13


def test_weekly_values_of_a_fund_are_imported_as_they_were_traded(tmp_path):
    """The fund is valued on Fridays, and a share became four on the Monday after the twelfth."""
    fridays = [date(2020, 6, 12) + timedelta(weeks=number) for number in range(24)]
    values = [400 + number % 2 if number < 12 else 100 + number % 2 for number in range(24)]
    path = tmp_path / "fund.csv"
    path.write_text("\n".join(["Date,Close", *(f"{day},{value}" for day, value in zip(fridays, values, strict=True))]))
    SecurityActionFactory(security=SecurityFactory(symbol="ACME"), kind="split", value=4, date=date(2020, 8, 31))

    imports.import_prices(path=path, symbol="ACME", currency="USD", interval=Interval.DAY)

    assert closes() == values
    assert not QuarantinedRecord.objects.exists()


def test_the_days_of_prices_are_looked_at_once_for_all_splits():
    series = Counted(bars([100] * 200))
    known: list[Action] = [split(f"2026-0{month}-1{day}", 2) for month in range(4, 9) for day in range(4)]

    splits.read(known, series, Told([], {}, {}), Interval.DAY)

    assert series.times == 1
