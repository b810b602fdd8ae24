"""Asking the providers for the rates of a day."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from requests.adapters import HTTPAdapter

from currencies import services
from currencies.models import CurrencyRate
from finances.exceptions import (
    InvalidValueError,
    ProviderError,
    ProviderNotFoundError,
    ProviderOutOfRangeError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)
from tests.stand_in.server import KEY

FRIDAY = date(2026, 10, 30)
SUNDAY = date(2026, 11, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def providers(stand_in, settings):
    settings.RATE_PROVIDERS = ["exchangerate-api", "open-er-api", "ecb"]
    settings.EXCHANGERATE_API_KEY = ""


def stored(**filters):
    return {rate.target_id: rate.rate for rate in CurrencyRate.objects.filter(**filters)}


def paths(stand_in):
    return [request.path for request in stand_in.received]


def test_the_newest_rates_are_stored_as_published():
    result = services.sync_rates(base="USD", on=SUNDAY)

    # Invented figures, see tests/stand_in/rate_answers.py.
    assert stored(base="USD", date=FRIDAY, source="open.er-api.com") == {
        "CAD": Decimal("1.25"),
        "EUR": Decimal("0.800000000001"),
        "JPY": Decimal("150.5"),
        "KWD": Decimal("0.305"),
    }
    assert (result.base_currency, result.date) == ("USD", FRIDAY)
    assert (result.synced_count, result.changed_count, result.failed_count) == (4, 4, 0)
    assert not result.is_stale


def test_a_currency_that_we_do_not_have_is_left_out_and_named():
    result = services.sync_rates(base="USD", on=SUNDAY)

    assert result.unknown_codes == ("ZZZ",)
    assert "unknown here: ZZZ." in result.message


def test_doing_it_again_changes_nothing():
    services.sync_rates(base="USD", on=SUNDAY)

    again = services.sync_rates(base="USD", on=SUNDAY)

    assert (again.synced_count, again.changed_count) == (4, 0)
    assert CurrencyRate.objects.count() == 4


def test_a_rate_entered_by_hand_survives():
    CurrencyRate.objects.create(base_id="USD", target_id="CAD", date=FRIDAY, rate="1.3", source="manual")

    services.sync_rates(base="USD", on=SUNDAY)

    assert stored(base="USD")["CAD"] == Decimal("1.3")


def test_a_dry_run_stores_nothing_and_says_what_it_would():
    result = services.sync_rates(base="USD", on=SUNDAY, dry_run=True)

    assert (result.synced_count, result.changed_count) == (4, 4)
    assert CurrencyRate.objects.count() == 0


def test_with_a_key_the_keyed_service_is_asked_first(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = KEY

    services.sync_rates(base="USD", on=SUNDAY)

    assert paths(stand_in) == ["/keyed/v6/latest/USD"]
    assert set(CurrencyRate.objects.values_list("source", flat=True)) == {"exchangerate-api.com"}


def test_a_wrong_key_leads_on_to_the_next_provider_and_is_told(settings):
    settings.EXCHANGERATE_API_KEY = "wrong"

    result = services.sync_rates(base="USD", on=SUNDAY)

    assert result.synced_count == 4
    assert "exchangerate-api.com does not accept the API key" in result.message


def test_after_the_others_the_ecb_is_asked(stand_in, settings):
    settings.RATE_PROVIDERS = ["exchangerate-api", "ecb"]

    result = services.sync_rates(base="CAD", on=SUNDAY)

    assert result.message.startswith("5 rates of EUR from ecb, the newest of 2026-10-30.")
    assert stored(base="EUR", date=FRIDAY)["CAD"] == Decimal("1.5606")


def test_a_past_day_comes_from_a_provider_that_has_the_past(stand_in):
    result = services.sync_rates(base="EUR", on=date(2008, 7, 15))

    assert result.date == date(2008, 7, 15)
    assert stored(date=date(2008, 7, 15))["USD"] == Decimal("1.5990")  # source: ECB
    assert "open.er-api.com gives no past rates." in result.message


def test_a_past_sunday_gets_the_rates_of_its_friday():
    result = services.sync_rates(base="EUR", on=date(2015, 6, 7))

    assert result.date == date(2015, 6, 5)
    assert stored(date=date(2015, 6, 5))["JPY"] == Decimal("139.97")  # source: ECB


def test_without_a_network_the_past_comes_from_the_archive(stand_in):
    stand_in.mode = "down"

    result = services.sync_rates(base="USD", on=date(2015, 6, 7))

    assert result.date == date(2015, 6, 5)
    assert (result.synced_count, result.is_stale) == (31, False)
    assert "cannot be reached" in result.message


def test_rates_more_than_a_week_old_are_not_the_latest_ones():
    with pytest.raises(ProviderNotFoundError, match="no rates of 2026-11-07 or the week before"):
        services.sync_rates(base="USD", on=date(2026, 11, 7))

    assert CurrencyRate.objects.count() == 0


def test_a_day_before_the_euro_is_nowhere():
    with pytest.raises(ProviderError):
        services.sync_rates(base="EUR", on=date(1998, 12, 31))


def test_when_nobody_answers_the_stored_rates_are_told_as_stale(stand_in):
    CurrencyRate.objects.create(base_id="USD", target_id="CAD", date=date(2027, 3, 1), rate="1.3", source="test")
    stand_in.mode = "down"

    result = services.sync_rates(base="USD", on=date(2027, 3, 6))

    assert result.is_stale
    assert (result.date, result.synced_count) == (date(2027, 3, 1), 0)
    assert "The newest stored rates of USD are of 2027-03-01." in result.message
    assert len(result.failures) == 3


@pytest.mark.parametrize(("mode", "error"), [("down", ProviderUnavailableError), ("429", ProviderRateLimitedError)])
def test_when_nobody_answers_and_nothing_is_stored_it_is_an_error_that_may_pass(stand_in, mode, error):
    stand_in.mode = mode

    with pytest.raises(error):
        services.sync_rates(base="USD", on=date(2027, 3, 6))


def test_a_base_that_nobody_publishes_is_not_found(settings):
    settings.RATE_PROVIDERS = ["ecb"]

    with pytest.raises(ProviderNotFoundError, match="does not publish rates of AED"):
        services.sync_rates(base="AED", on=SUNDAY)


def test_an_older_answer_of_the_provider_is_told_as_stale(stand_in, time_machine):
    time_machine.move_to("2026-10-30 12:00Z")
    services.sync_rates(base="USD", on=FRIDAY)
    stand_in.mode = "down"
    time_machine.move_to("2026-11-01 12:00Z")

    result = services.sync_rates(base="USD", on=SUNDAY)

    assert result.is_stale
    assert result.date == FRIDAY
    assert "The source is away" in result.message


def test_one_provider_alone_is_asked_when_it_is_named(stand_in):
    services.sync_rates(base="EUR", on=SUNDAY, provider="ecb")

    assert paths(stand_in) == ["/ecb/eurofxref.zip"]


def test_the_provider_that_is_named_must_have_the_day(stand_in):
    CurrencyRate.objects.create(base_id="USD", target_id="CAD", date=date(2015, 6, 1), rate="1.3", source="test")

    with pytest.raises(ProviderOutOfRangeError):
        services.sync_rates(base="USD", on=date(2015, 6, 5), provider="open-er-api")


@pytest.mark.parametrize("arguments", [{"base": "ZZZ"}, {"base": "USD", "provider": "yahoo"}])
def test_an_unknown_currency_or_provider_is_refused_before_anybody_is_asked(stand_in, arguments):
    with pytest.raises(InvalidValueError):
        services.sync_rates(on=SUNDAY, **arguments)

    assert stand_in.received == []


@pytest.mark.parametrize("mode", ["garbage", "html", "empty", "cut_off", "huge", "500", "no_content"])
def test_whatever_providers_send_nothing_wrong_is_stored(stand_in, mode):
    stand_in.mode = mode

    with pytest.raises(ProviderUnavailableError):
        services.sync_rates(base="USD", on=date(2027, 3, 6))

    assert CurrencyRate.objects.count() == 0


def test_no_request_goes_out_inside_a_transaction(monkeypatch):
    send, savepoints = HTTPAdapter.send, []
    outside = len(connection.savepoint_ids)  # the test's own transaction

    def spy(*args, **options):
        savepoints.append(len(connection.savepoint_ids))
        return send(*args, **options)

    monkeypatch.setattr(HTTPAdapter, "send", spy)

    services.sync_rates(base="USD", on=SUNDAY)
    services.sync_history(since=date(2026, 10, 1), until=SUNDAY, provider="ecb")

    assert savepoints == [outside] * 3
