"""What the real yfinance makes of Yahoo's answers; Yahoo's stand-in gives them, about a made-up market."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from finances import http
from finances.exceptions import ProviderNotFoundError, ProviderOutOfRangeError
from securities.actions import Action, ActionKind
from securities.bars import Bar
from securities.intervals import Interval, instant_of
from securities.providers.protocol import Listing, Profile
from securities.providers.yahoo import Yahoo

PROVIDER = Yahoo()
FRIDAY, TOMORROW = date(2026, 3, 13), date(2026, 3, 14)


@pytest.fixture(autouse=True)
def _evening(yahoo):
    with time_machine.travel("2026-03-13T21:30:00Z"):
        yield


def history(symbol="ACME", interval=Interval.DAY, since=date(2026, 3, 9), until=TOMORROW):
    return PROVIDER.history(symbol, interval=interval, since=since, until=until)


@pytest.mark.parametrize(
    ("interval", "since", "count", "first", "last"),
    [
        ("1m", "2026-03-12", 780, "2026-03-12T13:30", "2026-03-13T19:59"),
        ("1h", "2026-03-09", 35, "2026-03-09T13:30", "2026-03-13T19:30"),
        ("1d", "2026-03-02", 10, "2026-03-02T00:00", "2026-03-13T00:00"),
        ("1wk", "2026-02-04", 6, "2026-02-02T00:00", "2026-03-09T00:00"),
        ("1mo", "2025-12-31", 4, "2025-12-01T00:00", "2026-03-01T00:00"),
    ],
)
def test_every_interval_gives_its_bars(interval, since, count, first, last):
    found = history(interval=Interval(interval), since=date.fromisoformat(since))

    instants = [bar.at for bar in found.bars]
    assert len(instants) == count
    assert (instants[0], instants[-1]) == tuple(datetime.fromisoformat(f"{at}+00:00") for at in (first, last))
    assert (found.currency, found.timezone) == ("USD", "America/New_York")
    assert found.is_split_adjusted
    assert not found.is_stale


def test_a_bar_has_the_seven_digits_that_yahoo_knows():
    bar = history(since=FRIDAY).bars[0]

    # the stand-in's close is 190.15, as a 32-bit float 190.14999389648438
    prices = (Decimal(text) for text in ("190.15", "202.0344", "178.2656", "190.15"))
    assert bar == Bar(instant_of(FRIDAY), *prices, volume=10765)
    assert all(isinstance(price, Decimal) for price in bar[1:5])


def test_days_are_those_of_the_exchange():
    # In Tel Aviv months begin while UTC still has the last evening of the old one.
    monthly = history("SHEKEL.TA", Interval.MONTH, since=date(2026, 2, 1))

    assert [bar.at for bar in monthly.bars] == [datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]


@pytest.mark.parametrize(("symbol", "currency"), [("PENNY.L", "GBp"), ("RAND.JO", "ZAc"), ("SHEKEL.TA", "ILA")])
def test_hundredths_are_named_as_they_are_quoted(symbol, currency):
    found, profile, quotes = history(symbol), PROVIDER.profile(symbol), PROVIDER.quotes([symbol])

    assert (found.currency, profile.currency, quotes[symbol].currency) == (currency, currency, currency)


def test_splits_and_dividends_have_their_true_days_in_weeks_and_months():
    weekly = history("TENFOLD", Interval.WEEK, since=date(2024, 5, 1), until=date(2024, 9, 1))

    assert weekly.actions == [
        Action(date(2024, 5, 7), ActionKind.DIVIDEND, Decimal("0.01")),
        Action(date(2024, 6, 10), ActionKind.SPLIT, Decimal(10)),
        Action(date(2024, 8, 6), ActionKind.DIVIDEND, Decimal("0.1")),
    ]


def test_all_splits_and_dividends_are_known_since_the_first():
    actions = PROVIDER.actions("TENFOLD")

    assert [action.on for action in actions if action.kind is ActionKind.SPLIT] == [date(2024, 6, 10)]
    assert actions[0] == Action(date(2020, 2, 4), ActionKind.DIVIDEND, Decimal("0.01"))
    assert actions[-1] == Action(date(2026, 2, 3), ActionKind.DIVIDEND, Decimal("0.1"))


def test_adjusted_closes_come_along_for_days():
    daily, weekly = history(since=date(2026, 1, 26)), history(interval=Interval.WEEK)

    before, ex_date = (next(bar for bar in daily.bars if bar.at.date() == date(2026, 2, day)) for day in (2, 3))
    assert float(daily.adjusted_closes[before.at]) == pytest.approx(float(before.close) - 0.25, rel=1e-6)
    assert daily.adjusted_closes[ex_date.at] == ex_date.close
    assert weekly.adjusted_closes == {}


def test_a_search_finds_names_and_symbols():
    found = PROVIDER.search("inc", limit=2)

    assert found == [
        Listing("ACME", "Acme Anvils Inc.", "equity", "NMS"),
        Listing("TENFOLD", "Tenfold Inc.", "equity", "NMS"),
    ]


def test_a_search_may_find_nothing():
    assert PROVIDER.search("no such thing", limit=5) == []


def test_a_profile_tells_what_yahoo_knows():
    profile = PROVIDER.profile("BASKET")

    assert profile == Profile(
        "BASKET", "Basket of Everything ETF", "etf", "PCX", "USD", "America/New_York", "",
        "Consumer Electronics", profile.market_cap,
    )  # fmt: skip
    assert profile.market_cap > 480e9


def test_quotes_leave_out_what_yahoo_does_not_know(yahoo):
    quotes = PROVIDER.quotes(["PENNY.L", "NOPE", "ACME"])

    assert set(quotes) == {"ACME", "PENNY.L"}
    assert quotes["ACME"].at == datetime(2026, 3, 13, 21, 30, tzinfo=UTC)
    assert yahoo.count("/v7/finance/quote") == 1


def test_a_symbol_with_signs_is_asked_for_as_it_is(yahoo):
    found = history("^ALL")

    assert len(found.bars) == 5
    assert yahoo.received[-1].path == "/v8/finance/chart/^ALL"


def test_weeks_stay_apart_where_daylight_saving_time_begins():
    weekly = history(interval=Interval.WEEK, since=date(2026, 2, 23))

    # in New York it began on 2026-03-08
    assert [bar.at.date() for bar in weekly.bars] == [date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 9)]


@pytest.mark.parametrize("ask", [PROVIDER.profile, PROVIDER.actions, history])
def test_an_unknown_symbol_costs_one_request_and_a_definite_no(yahoo, ask):
    PROVIDER.profile("ACME")
    before = yahoo.count()

    with pytest.raises(ProviderNotFoundError):
        ask("NOPE")

    assert yahoo.count() == before + 1


def test_days_that_yahoo_does_not_keep_are_out_of_range():
    with pytest.raises(ProviderOutOfRangeError, match="within the last 30 days"):
        history(interval=Interval.MINUTE, since=FRIDAY - timedelta(days=40))


def test_days_before_the_first_trade_are_empty():
    found = history("GADGET", since=date(2010, 1, 1), until=date(2011, 1, 1))

    assert (found.bars, found.actions) == ([], [])


def test_a_weekend_is_empty_and_still_tells_the_currency():
    found = history(since=date(2026, 3, 7), until=date(2026, 3, 9))

    assert (found.bars, found.currency) == ([], "USD")


def test_the_second_time_nothing_goes_out(yahoo):
    def ask_everything():
        for interval in Interval:
            history(interval=interval)
        return PROVIDER.search("acme", limit=5), PROVIDER.profile("ACME"), PROVIDER.quotes(["ACME"])

    first = ask_everything()
    asked = yahoo.count()

    second = ask_everything()

    assert second == first
    assert yahoo.count() == asked
    assert http.stats()["misses"] == asked - 2  # the cookie and the crumb are no answers


def test_prices_cost_no_cookie_and_no_crumb(yahoo):
    history()
    PROVIDER.search("acme", limit=5)

    assert yahoo.count("fc.yahoo.com") == yahoo.count("getcrumb") == 0


@pytest.mark.parametrize(
    ("ask", "minutes"),
    [
        (lambda: history(until=date(2026, 3, 12)), 24 * 60),
        (lambda: history(until=date(2026, 3, 20)), 15),
        (lambda: history(interval=Interval.MINUTE, since=FRIDAY), 15),
        (lambda: PROVIDER.search("acme", limit=5), 6 * 60),
        (lambda: PROVIDER.profile("ACME"), 6 * 60),
        (lambda: PROVIDER.quotes(["ACME"]), 1),
    ],
)
def test_answers_are_fresh_for_as_long_as_they_should(yahoo, ask, minutes):
    ask()
    asked, now = yahoo.count(), datetime(2026, 3, 13, 21, 30, tzinfo=UTC)

    with time_machine.travel(now + timedelta(minutes=minutes, seconds=-20)):
        ask()
        still_asked = yahoo.count()
    with time_machine.travel(now + timedelta(minutes=minutes, seconds=20)):
        ask()

    assert still_asked == asked
    assert yahoo.count() > asked
