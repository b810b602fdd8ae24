"""exchangerate-api.com and open.er-api.com, through the stand-in."""

import json
from datetime import date
from decimal import Decimal

import pytest

from currencies.providers.er_service import ErService
from currencies.providers.exchangerate_api import ExchangerateApi
from currencies.providers.open_er_api import OpenErApi
from currencies.providers.protocol import SkippedRate
from finances.exceptions import (
    ProviderError,
    ProviderNotFoundError,
    ProviderOutOfRangeError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)
from tests.stand_in.server import KEY, Reply

# The figures of the stand-in: invented, see tests/stand_in/rate_answers.py.
DOLLAR_RATES = {
    "CAD": Decimal("1.25"),
    "EUR": Decimal("0.800000000001"),
    "JPY": Decimal("150.5"),
    "KWD": Decimal("0.305"),
    "ZZZ": Decimal(42),
}
SERVICE = ErService("The service", source="test", rates_key="rates")
GOOD = {"result": "success", "base_code": "USD", "time_last_update_unix": 1793318551, "rates": {"USD": 1, "CAD": 1.25}}


@pytest.fixture
def keyed(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = KEY
    return ExchangerateApi()


@pytest.fixture(params=["keyed", "open"])
def provider(request, keyed):
    return keyed if request.param == "keyed" else OpenErApi()


def test_the_latest_rates_are_exact_and_dated(provider):
    table = provider.latest(base="USD")

    assert table.base == "USD"
    assert table.on == date(2026, 10, 30)
    assert table.rates == DOLLAR_RATES
    assert table.source == provider.source
    assert table.skipped == ()


def test_the_key_is_sent_as_a_bearer_token_and_is_not_in_the_address(keyed, stand_in):
    keyed.latest(base="USD")

    (request,) = stand_in.received
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in request.path


def test_without_a_key_the_keyed_service_is_not_ready(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = ""

    with pytest.raises(ProviderError, match="set EXCHANGERATE_API_KEY"):
        ExchangerateApi().latest(base="USD")

    assert not ExchangerateApi().is_ready
    assert stand_in.received == []


def test_a_key_that_no_header_can_carry_is_refused_unsaid(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = "half\r\nX-Evil: 1"

    with pytest.raises(ProviderError) as refused:
        ExchangerateApi().latest(base="USD")

    assert "Evil" not in str(refused.value)
    assert stand_in.received == []


def test_a_wrong_key_is_said_to_be_wrong(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = "the-wrong-key"

    with pytest.raises(ProviderError, match="does not accept the API key") as refused:
        ExchangerateApi().latest(base="USD")

    assert "the-wrong-key" not in str(refused.value)


@pytest.mark.parametrize(
    ("error_type", "error"),
    [
        ("unsupported-code", ProviderNotFoundError),
        ("no-data-available", ProviderNotFoundError),
        ("quota-reached", ProviderRateLimitedError),
        ("plan-upgrade-required", ProviderOutOfRangeError),
        ("inactive-account", ProviderError),
        ("malformed-request", ProviderError),
        ("something-new", ProviderUnavailableError),
    ],
)
def test_an_error_body_with_status_200_is_the_error_that_it_means(provider, stand_in, error_type, error):
    stand_in.mode, stand_in.error_type = "error_body", error_type

    with pytest.raises(ProviderError) as raised:
        provider.latest(base="USD")

    assert type(raised.value) is error


def test_a_quota_that_is_used_up_lets_the_service_rest(provider, stand_in):
    stand_in.mode = "error_body"

    for _ in range(3):
        with pytest.raises(ProviderRateLimitedError) as raised:
            provider.latest(base="USD")

    assert len(stand_in.received) == 1
    assert raised.value.retry_after in {59, 60}


@pytest.mark.parametrize("mode", ["429", "500", "down", "garbage", "html", "empty", "cut_off", "no_content", "huge"])
def test_a_service_that_fails_is_a_typed_error(provider, stand_in, mode):
    stand_in.mode = mode

    with pytest.raises((ProviderRateLimitedError, ProviderUnavailableError)):
        provider.latest(base="USD")


def test_past_rates_cost_one_request_a_day_newest_first(keyed, stand_in):
    tables = keyed.history(base="USD", since=date(2015, 2, 21), until=date(2015, 2, 22))

    assert [table.on for table in tables] == [date(2015, 2, 22), date(2015, 2, 21)]
    assert [request.path for request in stand_in.received] == [
        "/keyed/v6/history/USD/2015/2/22",
        "/keyed/v6/history/USD/2015/2/21",
    ]


def test_past_rates_on_a_free_plan_are_out_of_range(keyed, stand_in):
    stand_in.mode, stand_in.error_type = "error_body", "plan-upgrade-required"

    with pytest.raises(ProviderOutOfRangeError, match="paid plans only"):
        next(keyed.history(base="USD", since=date(2015, 2, 22), until=date(2015, 2, 22)))


def test_the_free_service_has_no_past():
    with pytest.raises(ProviderOutOfRangeError):
        OpenErApi().history(base="USD", since=date(2015, 2, 22), until=date(2015, 2, 22))


def test_an_answer_for_another_base_is_none(provider, stand_in):
    for path in ("/keyed/v6/latest/EUR", "/open/v6/latest/EUR"):
        rates = {"rates": {"CAD": 1}, "conversion_rates": {"CAD": 1}}
        stand_in.routes[path] = Reply(json.dumps({**GOOD, **rates}).encode())

    with pytest.raises(ProviderUnavailableError, match="rates for EUR"):
        provider.latest(base="EUR")


def test_an_answer_for_another_day_is_none(keyed, stand_in):
    wrong_day = {**GOOD, "year": 2015, "month": 2, "day": 21, "conversion_rates": {"CAD": 1.25}}
    stand_in.routes["/keyed/v6/history/USD/2015/2/22"] = Reply(json.dumps(wrong_day).encode())

    with pytest.raises(ProviderUnavailableError, match="another day than 2015-02-22"):
        next(keyed.history(base="USD", since=date(2015, 2, 22), until=date(2015, 2, 22)))


def test_figures_that_are_no_rates_are_left_out_and_named():
    rates = '{"USD": 1, "CAD": 1.25, "JPY": 0, "GBP": -1, "CHF": "0.9", "SEK": null, "NOK": 1e400, "dkk": 7}'
    body = json.dumps(GOOD).replace('{"USD": 1, "CAD": 1.25}', rates).encode()

    table = SERVICE.read_latest(body, base="USD")

    day = date(2026, 10, 30)
    assert table.rates == {"CAD": Decimal("1.25")}
    assert table.skipped == (
        SkippedRate("JPY", day, "the rate is zero"),
        SkippedRate("GBP", day, "the rate is negative"),
        SkippedRate("CHF", day, "the rate is not a number"),
        SkippedRate("SEK", day, "the rate is not a number"),
        SkippedRate("NOK", day, "the rate is too large to be stored"),
        SkippedRate("dkk", day, "the code is not one of a currency"),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"rates": {}},
        {"rates": {"CAD": 0}},
        {"rates": [1, 2]},
        {"rates": None},
        {"rates": {"USD": 2, "CAD": 1.25}},
        {"base_code": None},
        {"base_code": ["USD"]},
        {"time_last_update_unix": None},
        {"time_last_update_unix": "yesterday"},
        {"time_last_update_unix": 10**30},
        {"time_last_update_unix": -(10**15)},
        {"time_last_update_unix": [1]},
    ],
)
def test_a_shape_that_is_not_documented_is_no_answer(change):
    body = json.dumps({**GOOD, **change}).encode()

    with pytest.raises(ProviderUnavailableError):
        SERVICE.read_latest(body, base="USD")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"42", b'"text"', b"{", b"\xff\xfe\x00", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1, "a": 2}'],
)
def test_what_is_no_json_object_is_no_answer(body):
    with pytest.raises(ProviderUnavailableError):
        SERVICE.examine(200, body)


def test_a_success_without_rates_is_no_answer():
    with pytest.raises(ProviderUnavailableError, match="without rates"):
        SERVICE.examine(200, b'{"result": "success"}')
