"""Asking for today's rates also brings those of the days that were missed."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from currencies.models import CurrencyRate
from currencies.providers.ecb import Ecb
from currencies.tests.factories import CurrencyRateFactory
from tests.stand_in import rate_answers
from tests.stand_in.server import Reply

THURSDAY, FRIDAY, SUNDAY = date(2026, 10, 15), date(2026, 10, 16), date(2026, 11, 1)
MISSED = [date(2026, 10, day) for day in (19, 20, 21, 22, 23, 26, 27, 28, 29)]
NEWEST = date(2026, 10, 30)  # what the stand-in's services give as their newest
NINETY_DAYS, LATEST = "/ecb/eurofxref-hist-90d.xml", "/open/v6/latest/USD"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sunday(stand_in, settings, time_machine):
    """Publish invented rates of each working day, on a Sunday in a market whose newest rates are of two days before."""
    time_machine.move_to("2026-11-01 12:00Z")
    settings.RATE_PROVIDERS = ["open-er-api", "ecb"]
    invented = ("1.25", *["N/A"] * (len(rate_answers.ECB_COLUMNS) - 1))
    days = [THURSDAY, FRIDAY, *MISSED, NEWEST]
    stand_in.routes[NINETY_DAYS] = Reply(rate_answers.ecb_90_days_xml({str(day): invented for day in days}))


@pytest.fixture
def archive():
    """Rates of the ECB up to a Friday two weeks ago."""
    return CurrencyRateFactory(target_id="USD", date=FRIDAY)


def days_of(source):
    return sorted(set(CurrencyRate.objects.filter(source=source).values_list("date", flat=True)))


def paths(stand_in):
    return [request.path for request in stand_in.received]


def test_the_days_since_the_archive_are_filled_though_the_first_provider_has_today_alone(archive, stand_in, capsys):
    call_command("sync_rates")

    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]
    assert days_of("open.er-api.com") == [NEWEST]
    assert paths(stand_in) == [NINETY_DAYS, LATEST]
    told = capsys.readouterr().out
    assert told.startswith("4 rates of USD from open.er-api.com, the newest of 2026-10-30.")
    assert "Days were missed since 2026-10-16: 11 rates of EUR from ecb, the newest of 2026-10-30." in told


@pytest.mark.parametrize("arguments", [[], ["--provider", "ecb"]])
def test_a_provider_that_has_both_fills_them_too(archive, settings, arguments):
    settings.RATE_PROVIDERS = ["ecb"]

    call_command("sync_rates", *arguments)

    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]


def test_the_next_time_it_is_one_question_again(archive, stand_in, time_machine):
    call_command("sync_rates")
    stand_in.received.clear()
    time_machine.move_to("2026-11-02 12:00Z")

    call_command("sync_rates")

    assert paths(stand_in) == [LATEST]


@pytest.mark.parametrize(("today", "newest"), [("2026-10-30", 29), ("2026-11-01", 29), ("2026-11-02", 30)])
def test_where_no_working_day_was_missed_it_is_one_question(stand_in, time_machine, today, newest):
    CurrencyRateFactory(date=date(2026, 10, newest))
    time_machine.move_to(f"{today} 12:00Z")

    call_command("sync_rates")

    assert paths(stand_in) == [LATEST]


def test_days_that_another_source_brought_were_not_missed(archive, stand_in):
    for day in MISSED:
        CurrencyRateFactory(base_id="USD", date=day, source="open.er-api.com")

    call_command("sync_rates")

    assert paths(stand_in) == [LATEST]


def test_a_rate_that_a_person_entered_does_not_stand_for_its_day(archive, stand_in):
    for day in MISSED:
        CurrencyRateFactory(target_id="CHF", date=day, source="manual")

    call_command("sync_rates")

    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]


def test_a_day_missed_between_others_is_filled_too(archive, stand_in):
    for day in [MISSED[0], MISSED[-1]]:
        CurrencyRateFactory(base_id="USD", date=day, source="open.er-api.com")

    call_command("sync_rates")

    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]


def test_without_any_rates_of_the_provider_nothing_was_missed(stand_in):
    call_command("sync_rates")

    assert paths(stand_in) == [LATEST]


@pytest.mark.parametrize(
    ("chosen", "arguments"),
    [
        (["open-er-api"], []),
        (["open-er-api", "ecb"], ["--provider", "open-er-api"]),
        (["open-er-api", "ecb"], ["--date", "2026-11-01"]),
    ],
)
def test_who_gives_no_range_and_who_is_asked_for_a_day_is_asked_as_ever(archive, stand_in, settings, chosen, arguments):
    settings.RATE_PROVIDERS = chosen

    call_command("sync_rates", *arguments)

    assert paths(stand_in) == [LATEST]


def test_a_service_of_which_each_past_day_is_a_request_is_not_asked_for_them(stand_in, settings):
    settings.RATE_PROVIDERS, settings.EXCHANGERATE_API_KEY = ["exchangerate-api"], "the-right-key"
    CurrencyRateFactory(base_id="USD", date=FRIDAY, source="exchangerate-api.com")

    call_command("sync_rates")

    assert paths(stand_in) == ["/keyed/v6/latest/USD"]


def test_for_years_the_whole_history_is_one_question_more(stand_in):
    CurrencyRateFactory(date=date(2008, 7, 15))

    call_command("sync_rates")

    # Source: tests/stand_in/rate_answers.py.
    days = ["2008-07-15", "2015-06-05", "2022-12-30", "2026-10-29", "2026-10-30"]
    assert [str(day) for day in days_of("ecb")] == days
    assert paths(stand_in) == [NINETY_DAYS, "/ecb/eurofxref-hist.zip", LATEST]


def test_a_dry_run_says_what_was_missed_and_keeps_nothing(archive, capsys):
    call_command("sync_rates", "--dry-run")

    assert "Days were missed since 2026-10-16: 11 rates" in capsys.readouterr().out
    assert CurrencyRate.objects.get() == archive


def test_that_missed_days_cannot_be_had_is_a_failure_and_is_made_up_for(archive, stand_in, capsys, time_machine):
    answer = stand_in.routes[NINETY_DAYS]
    stand_in.routes[NINETY_DAYS] = Reply(b"", status=500)

    with pytest.raises(CommandError, match="Not everything went well:\nThe European Central Bank is out of order"):
        call_command("sync_rates")

    assert capsys.readouterr().out.startswith("4 rates of USD from open.er-api.com")
    assert (days_of("ecb"), days_of("open.er-api.com")) == ([FRIDAY], [NEWEST])

    stand_in.routes[NINETY_DAYS] = answer
    time_machine.shift(timedelta(hours=2))
    call_command("sync_rates")

    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]


def test_what_is_broken_off_is_taken_up_by_the_next_run(archive, monkeypatch):
    monkeypatch.setattr(Ecb, "days_a_batch", 4)
    written = []

    def interrupt(execute, sql, *rest):
        if "INSERT INTO currencies_currencyrate" in sql:
            written.append(sql)
            if len(written) == 2:
                raise KeyboardInterrupt
        return execute(sql, *rest)

    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(interrupt):
        call_command("sync_rates")
    before = days_of("ecb")
    call_command("sync_rates")

    assert before == [FRIDAY, *MISSED[:3]]
    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]


@pytest.mark.parametrize("names", [["ecb"], ["open-er-api", "ecb"]], ids=["alone", "behind another one"])
def test_who_asks_for_the_newest_day_alone_leaves_no_hole_for_ever(archive, stand_in, settings, api, names):
    settings.RATE_PROVIDERS = names
    stand_in.routes[LATEST] = Reply(b"", status=500)
    assert api.post("/api/v1/currencies/sync-rates?base_currency=USD").status_code == 200
    before = days_of("ecb")
    del stand_in.routes[LATEST]

    call_command("sync_rates")

    assert before == [FRIDAY, NEWEST]
    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]


def test_what_could_not_be_had_before_the_newest_day_is_made_up_for(archive, stand_in, settings, time_machine):
    settings.RATE_PROVIDERS = ["ecb"]
    answer = stand_in.routes[NINETY_DAYS]
    stand_in.routes[NINETY_DAYS] = Reply(b"", status=500)
    with pytest.raises(CommandError):
        call_command("sync_rates")
    before = days_of("ecb")
    stand_in.routes[NINETY_DAYS] = answer
    time_machine.shift(timedelta(hours=26))

    call_command("sync_rates")

    assert before == [FRIDAY, NEWEST]
    assert days_of("ecb") == [FRIDAY, *MISSED, NEWEST]
