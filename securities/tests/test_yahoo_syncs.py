"""Commands and syncs from end to end: the real yfinance, the made-up market, our tables, the API."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine
from django.core.management import CommandError, call_command

from finances import http
from securities.actions import ActionKind
from securities.intervals import Interval
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice
from tests.stand_in.market import Split

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _evening(yahoo):
    with time_machine.travel("2026-03-13T21:00:00Z"):
        yield


def run(capsys, *arguments, on="2026-03-13"):
    with time_machine.travel(f"{on}T22:00:00Z"):
        call_command(*arguments)
    return capsys.readouterr().out


def prices(symbol, interval=Interval.DAY):
    return SecurityPrice.objects.filter(security__symbol=symbol, interval=interval).order_by("timestamp")


def rows(symbol):
    """Return all that is stored of the days of a security, by instant."""
    names = ("open", "high", "low", "close", "volume")
    return {row[0]: row[1:] for row in prices(symbol).values_list("timestamp", *names)}


def closes(symbol):
    return {row.timestamp.date(): row.close for row in prices(symbol)}


def test_a_first_sync_adds_securities_with_all_their_prices(capsys):
    output = run(capsys, "sync_prices", "GADGET", "PENNY.L")

    assert "2 of 2 securities done" in output
    gadget = Security.objects.get(symbol="GADGET")
    assert (gadget.name, gadget.exchange, gadget.currency_id) == ("Gadget Works Inc.", "NMS", "USD")
    assert prices("GADGET").first().timestamp.date() == date(2022, 3, 1)
    assert prices("GADGET").last().timestamp.date() == date(2026, 3, 13)
    assert not QuarantinedRecord.objects.exists()


@pytest.mark.parametrize(
    ("symbol", "currency", "low", "high"),
    # the stand-in quotes 305.3 pence, 15400 cents and 4200 agorot, and 1 % of noise
    [("PENNY.L", "GBP", "3.0", "3.2"), ("RAND.JO", "ZAR", "150", "160"), ("SHEKEL.TA", "ILS", "41", "43.5")],
)
def test_hundredths_are_stored_in_the_main_unit(capsys, symbol, currency, low, high):
    run(capsys, "sync_prices", symbol, "--since", "2026-03-01")

    assert Security.objects.get(symbol=symbol).currency_id == currency
    assert Decimal(low) < closes(symbol)[date(2026, 3, 13)] < Decimal(high)


def test_dividends_in_pence_are_stored_in_pounds(capsys):
    run(capsys, "sync_prices", "PENNY.L")

    paid = SecurityAction.objects.filter(kind=ActionKind.DIVIDEND)
    assert {action.value for action in paid} == {Decimal("0.045")}


@pytest.mark.parametrize("interval", ["1m", "1h", "1wk", "1mo"])
def test_other_intervals_are_synced_too(capsys, interval):
    run(capsys, "sync_prices", "LATE", "--interval", interval, "--since", "2026-03-09")

    assert prices("LATE", interval).exists()
    assert not QuarantinedRecord.objects.exists()


def test_a_second_sync_asks_nothing_and_changes_nothing(capsys, yahoo):
    run(capsys, "sync_prices", "GADGET", "PENNY.L")
    run(capsys, "sync_prices", "--all")
    asked, misses = yahoo.count(), http.stats()["misses"]

    output = run(capsys, "sync_prices", "--all")

    assert "0 prices new, 0 changed" in output
    assert yahoo.count() == asked
    assert http.stats()["misses"] == misses


def test_the_bar_of_a_day_that_is_not_over_is_replaced_when_it_is(capsys):
    with time_machine.travel("2026-03-13T15:00:00Z"):  # 11:00 in New York
        call_command("sync_prices", "GADGET")
    during = closes("GADGET")

    output = run(capsys, "sync_prices", "GADGET")

    after = closes("GADGET")
    assert {day for day in after if after[day] != during[day]} == {date(2026, 3, 13)}
    assert "0 prices new, 1 changed" in output


def test_the_next_days_sync_asks_for_the_end_only(capsys, yahoo):
    run(capsys, "sync_prices", "GADGET")
    before = prices("GADGET").count()

    output = run(capsys, "sync_prices", "GADGET", on="2026-03-17")

    assert prices("GADGET").count() == before + 2
    assert "2 prices new" in output
    # seven days before the last stored one, at midnight in New York; and in a new week, every split
    assert [asked.query["period1"] for asked in yahoo.received[-2:]] == ["1772773200", "-2208970800"]
    assert yahoo.received[-1].query["interval"] == "1mo"


def test_a_split_that_arrives_later_leaves_old_rows_and_keeps_the_series_whole(capsys, yahoo, api):
    run(capsys, "sync_prices", "LATE")
    before = rows("LATE")
    yahoo.market.announce("LATE", Split(date(2026, 3, 17), 4))

    run(capsys, "sync_prices", "LATE", on="2026-03-18")

    after = closes("LATE")
    assert len(before) > 5 * 250
    assert {at: row for at, row in rows("LATE").items() if at in before} == before
    split = SecurityAction.objects.get(kind=ActionKind.SPLIT)
    assert (split.date, split.value) == (date(2026, 3, 17), 4)
    assert after[date(2026, 3, 16)] / after[date(2026, 3, 17)] == pytest.approx(Decimal(4), rel=Decimal("0.03"))
    assert not QuarantinedRecord.objects.exists()


def test_its_adjusted_series_goes_on_as_before(capsys, yahoo, user, signed_in):
    run(capsys, "sync_prices", "LATE")
    yahoo.market.announce("LATE", Split(date(2026, 3, 17), 4))
    run(capsys, "sync_prices", "LATE", on="2026-03-18")

    with time_machine.travel("2026-03-18T22:00:00Z"):
        answer = signed_in(user).get("/api/v1/securities/LATE/prices?start=2026-03-02&end=2026-03-18")

    series = [float(point["close"]) for point in answer.json()["prices"]]
    steps = [later / earlier for earlier, later in pairwise(series)]
    assert len(series) == 13
    assert all(0.97 < step < 1.03 for step in steps)


def test_an_unknown_symbol_fails_alone(capsys):
    with pytest.raises(CommandError):
        run(capsys, "sync_prices", "NOPE", "GADGET")

    output = capsys.readouterr()
    assert "1 of 2 securities done" in output.out + output.err
    assert prices("GADGET").exists()


def test_profiles_are_refreshed(capsys, yahoo):
    run(capsys, "sync_prices", "ACME")
    yahoo.market.companies["ACME"].name = "Acme Anvils & Sons Inc."

    output = run(capsys, "sync_securities", "ACME", on="2026-03-14")

    acme = Security.objects.get()
    assert "1 of 1 securities done" in output
    assert (acme.name, acme.sector, acme.industry) == ("Acme Anvils & Sons Inc.", "Technology", "Consumer Electronics")


@pytest.mark.django_db(transaction=True)
def test_several_workers_share_one_pace(capsys, yahoo):
    symbols = ["ACME", "BOLT", "GADGET", "RHEIN.DE"]

    output = run(capsys, "sync_prices", *symbols, "--workers", "4")

    assert "4 of 4 securities done" in output
    assert yahoo.count("/chart/") == 8
    assert yahoo.count("getcrumb") == 1
