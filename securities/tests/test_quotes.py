"""Quotes from end to end: the real provider on the made-up market, the command, the tables."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from django.core.management import CommandError, call_command

from securities import quotes, syncs
from securities.actions import ActionKind
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice
from securities.providers.protocol import Quote
from securities.quotes import NoQuoteError
from securities.tests.factories import SecurityFactory

pytestmark = pytest.mark.django_db
TODAY, YESTERDAY = date(2026, 3, 13), date(2026, 3, 12)


def price(security, day, close, **values):
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return SecurityPrice.objects.create(security=security, interval="1d", timestamp=at, close=close, **values)


def quote(amount, *, symbol="ACME", currency="USD", at="2026-03-13T15:00:00+00:00"):
    return Quote(symbol, Decimal(amount), currency, datetime.fromisoformat(at))


def bar(security, day=TODAY):
    names = ("open", "high", "low", "close", "volume")
    return SecurityPrice.objects.filter(security=security, timestamp__date=day).values_list(*names).first()


@pytest.fixture
def acme():
    security = SecurityFactory(symbol="ACME", currency_id="USD", timezone="America/New_York")
    price(security, YESTERDAY, Decimal(100))
    return security


def take(security, **given):
    with time_machine.travel("2026-03-13T15:01:00Z"):
        return quotes.take(security=security, **given)


# ---- one quote ----


def test_a_quote_is_the_close_so_far_of_its_day(acme):
    version = acme.prices_version

    result = take(acme, quote=quote("101.5"))

    assert result.ingested.inserted == 1
    assert bar(acme) == (None, None, None, Decimal("101.5"), None)
    assert Security.objects.get().prices_version > version


def test_what_is_known_of_the_day_is_kept_and_widened(acme):
    price(acme, TODAY, Decimal(101), open=Decimal(100), high=Decimal(102), low=Decimal(99), volume=7)

    take(acme, quote=quote("103.25"))

    assert bar(acme) == (Decimal(100), Decimal("103.25"), Decimal(99), Decimal("103.25"), 7)


def test_the_day_is_the_exchanges(acme):
    acme.timezone = "Asia/Tokyo"
    acme.save()

    take(acme, quote=quote("101", at="2026-03-12T23:30:00+00:00"))

    assert bar(acme, YESTERDAY)[3] == 100
    assert bar(acme, TODAY)[3] == 101


def test_a_quote_from_before_the_last_price_changes_nothing(acme):
    price(acme, TODAY, Decimal(102))

    result = take(acme, quote=quote("90", at="2026-03-12T20:00:00+00:00"))

    assert result.ingested.written == 0
    assert [bar(acme, day)[3] for day in (YESTERDAY, TODAY)] == [100, 102]


def test_a_quote_from_before_another_one_or_a_sync_changes_nothing(acme):
    take(acme, quote=quote("104", at="2026-03-13T14:30:00+00:00"))
    earlier = take(acme, quote=quote("101", at="2026-03-13T14:00:00+00:00"))
    Security.objects.update(last_synced_at=datetime(2026, 3, 13, 14, 50, tzinfo=UTC))
    before_sync = take(acme, quote=quote("102", at="2026-03-13T14:45:00+00:00"))

    assert (earlier.ingested.written, before_sync.ingested.written) == (0, 0)
    assert bar(acme)[3] == 104


def test_hundredths_become_the_main_unit():
    penny = SecurityFactory(symbol="PENNY.L", currency_id="GBP", timezone="Europe/London")
    price(penny, YESTERDAY, Decimal("3.05"))

    take(penny, quote=quote("306.5", currency="GBp"))

    assert bar(penny)[3] == Decimal("3.065")


@pytest.mark.parametrize("amount", ["25", "66.6", "400", "0", "-3"])
def test_what_may_be_a_split_or_is_no_price_is_left_to_the_sync(acme, amount):
    with pytest.raises(NoQuoteError):
        take(acme, quote=quote(amount))

    assert bar(acme) is None


def test_after_a_split_that_is_known_the_lower_price_is_right(acme):
    SecurityAction.objects.create(security=acme, kind=ActionKind.SPLIT, date=TODAY, value=4)

    take(acme, quote=quote("25.2"))

    assert bar(acme)[3] == Decimal("25.2")


def test_before_a_split_that_is_only_announced_the_price_is_the_old_one(acme):
    SecurityAction.objects.create(security=acme, kind=ActionKind.SPLIT, date=date(2026, 3, 20), value=4)

    take(acme, quote=quote("100.8"))

    assert bar(acme)[3] == Decimal("100.8")


def test_a_quote_in_another_currency_is_refused(acme):
    with pytest.raises(syncs.CurrencyMismatchError, match="ACME is quoted in CAD; its prices are in USD"):
        take(acme, quote=quote("100", currency="CAD"))

    assert bar(acme) is None


def test_a_dry_run_keeps_nothing(acme):
    assert take(acme, quote=quote("101"), keep=False).ingested.inserted == 1
    assert bar(acme) is None


# ---- the command ----


def run(capsys, *arguments, at="2026-03-13T15:00:00Z"):
    with time_machine.travel(at):
        call_command("sync_prices", *arguments)
    return capsys.readouterr().out


@pytest.fixture
def synced(yahoo, capsys):
    """Two securities with prices up to the day before."""
    run(capsys, "GADGET", "PENNY.L", at="2026-03-12T22:00:00Z")
    return yahoo


def last_day(symbol):
    prices = SecurityPrice.objects.filter(security__symbol=symbol, interval=Interval.DAY)
    return prices.latest("timestamp")


def test_many_are_brought_up_to_now_by_one_question(synced, capsys):
    before = synced.count("/v7/finance/quote"), synced.count("/v8/finance/chart")

    told = run(capsys, "--quotes", "--all")

    assert "2 of 2 securities done: 2 prices new" in told
    assert (synced.count("/v7/finance/quote"), synced.count("/v8/finance/chart")) == (before[0] + 1, before[1])
    assert last_day("GADGET").timestamp.date() == TODAY
    assert Decimal("3.0") < last_day("PENNY.L").close < Decimal("3.2")


def test_the_next_sync_replaces_what_the_quotes_told(synced, capsys):
    run(capsys, "--quotes", "--all")
    quoted = last_day("GADGET")

    run(capsys, "--all", at="2026-03-13T22:00:00Z")
    closed = last_day("GADGET")

    assert quoted.open is None
    assert closed.timestamp == quoted.timestamp
    assert closed.open is not None
    assert closed.volume


def test_one_without_a_quote_does_not_stop_the_others(synced, capsys):
    SecurityFactory(symbol="NOPE")

    with pytest.raises(CommandError, match="NOPE: There is no price of NOPE now"):
        run(capsys, "--quotes", "NOPE", "GADGET")

    assert last_day("GADGET").timestamp.date() == TODAY


@pytest.mark.parametrize("besides", [("--since", "2026-01-01"), ("--interval", "1h"), ("--workers", "2")])
def test_what_has_no_meaning_for_a_quote_is_refused(capsys, besides):
    with pytest.raises(CommandError, match="--quotes goes with neither"):
        run(capsys, "--quotes", "--all", *besides)
