"""Rates are the ECB's: units per euro."""

from datetime import date

import pytest

from currencies.tests.factories import CurrencyRateFactory

URL = "/api/v1/currencies/convert"
FRIDAY = date(2015, 8, 7)


@pytest.fixture
def august_2015(db):
    CurrencyRateFactory(target_id="CAD", date=FRIDAY, rate="1.4313")
    CurrencyRateFactory(target_id="JPY", date=FRIDAY, rate="136.43")


@pytest.mark.usefixtures("august_2015")
def test_a_sunday_is_converted_at_fridays_cross_rate_and_says_so(api):
    response = api.get(URL, {"from": "cad", "to": "JPY", "amount": "1000", "date": "2015-08-09"})

    assert response.status_code == 200
    assert response.json() == {
        "amount": 1000,
        "base_currency": "CAD",
        "target_currency": "JPY",
        "converted_amount": 95319,  # 1000 / 1.4313 * 136.43 = 95318.9408...
        "rate": 95.318940823028,
        "requested_date": "2015-08-09",
        "date": "2015-08-07",
        "derivation": "cross",
        "via": "EUR",
        "legs": [
            {
                "base": "CAD",
                "quote": "EUR",
                "rate": 0.698665548801789,
                "date": "2015-08-07",
                "source": "ecb",
                "derivation": "inverse",
            },
            {
                "base": "EUR",
                "quote": "JPY",
                "rate": 136.43,
                "date": "2015-08-07",
                "source": "ecb",
                "derivation": "direct",
            },
        ],
        "detail": "1000 CAD = 95319 JPY at 95.318940823028, the cross rate through EUR of 2015-08-07, "
        "the last one on or before 2015-08-09.",
    }


@pytest.mark.usefixtures("august_2015")
def test_it_costs_three_queries(api, django_assert_num_queries):
    with django_assert_num_queries(3):  # who asks, the currencies, the rates
        api.get(URL, {"from": "CAD", "to": "JPY", "date": "2015-08-09"})


def test_legs_of_different_days_tell_both(api):
    CurrencyRateFactory(target_id="CAD", date=date(2015, 8, 5), rate="1.25")
    CurrencyRateFactory(target_id="JPY", date=FRIDAY, rate="125")

    response = api.get(URL, {"from": "CAD", "to": "JPY", "date": "2015-08-09"})

    assert response.json()["date"] == "2015-08-05"
    assert response.json()["detail"] == (
        "1 CAD = 100 JPY at 100, the cross rate through EUR of 2015-08-05 (CAD to EUR) and 2015-08-07 (EUR to JPY), "
        "the last ones on or before 2015-08-09."
    )


def test_a_published_rate_is_shown_with_all_its_digits(api):
    CurrencyRateFactory(target_id="CAD", date=FRIDAY, rate="12345678.123456789012")

    response = api.get(URL, {"from": "EUR", "to": "CAD", "date": "2015-08-07"})

    assert b'"rate":12345678.123456789012,' in response.content


def test_an_ended_currency_is_converted_at_its_fixed_rate(api):
    response = api.get(URL, {"from": "HRK", "to": "EUR", "amount": "753.45", "date": "2024-05-01"})

    assert response.json()["converted_amount"] == 100
    assert response.json()["derivation"] == "fixed"
    assert response.json()["detail"].endswith("the rate between HRK and EUR is fixed for ever.")


@pytest.mark.usefixtures("august_2015")
@pytest.mark.parametrize(
    ("query", "code", "reason"),
    [
        ({"from": "CAD", "to": "XAU"}, "rate_not_found", "No rate of XAU is known at all."),
        (
            {"from": "CAD", "to": "EUR", "date": "1998-12-31"},
            "rate_not_found",
            "The first rate of CAD is of 2015-08-07.",
        ),
        (
            {"from": "CAD", "to": "EUR", "date": "2015-08-15"},
            "rate_not_found",
            "The last rate of CAD is of 2015-08-07.",
        ),
        ({"from": "CAD", "to": "QQQ"}, "currency_not_found", "There is no currency QQQ."),
    ],
)
def test_a_missing_rate_is_a_404_with_its_reason(api, query, code, reason):
    response = api.get(URL, query)

    assert response.status_code == 404
    assert response.json()["code"] == code
    assert reason in response.json()["detail"]


@pytest.mark.parametrize(
    "amount",
    ["123456789012345678.123456789012", "123456789012345.67", "1234567890123.45", "0.1", "-0.3", "100", "999999999999"],
)
def test_an_amount_comes_back_digit_by_digit(api, amount):
    response = api.get(URL, {"from": "CAD", "to": "CAD", "amount": amount})

    assert f'"amount":{amount},'.encode() in response.content


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"to": "CAD"}, "from"),
        ({"from": "CAD"}, "to"),
        ({"from": "CANADIAN", "to": "CAD"}, "from"),
        ({"from": "CA", "to": "CAD"}, "from"),
        ({"from": "C\x00D", "to": "CAD"}, "from"),
        ({"from": "CAD", "to": "EUR", "amount": "NaN"}, "amount"),
        ({"from": "CAD", "to": "EUR", "amount": "Infinity"}, "amount"),
        ({"from": "CAD", "to": "EUR", "amount": "1e400"}, "amount"),
        ({"from": "CAD", "to": "EUR", "amount": "1e-400"}, "amount"),
        ({"from": "CAD", "to": "EUR", "amount": "1" * 40_000}, "amount"),
        ({"from": "CAD", "to": "EUR", "amount": "0.1234567890123"}, "amount"),
        ({"from": "CAD", "to": "EUR", "amount": "one"}, "amount"),
        ({"from": "CAD", "to": "EUR", "date": "2015-02-30"}, "date"),
        ({"from": "CAD", "to": "EUR", "date": "yesterday"}, "date"),
    ],
)
def test_hostile_input_names_its_field(api, query, field):
    response = api.get(URL, query)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_have_no_rate(api, day):
    response = api.get(URL, {"from": "CAD", "to": "EUR", "date": day})

    assert response.status_code == 404
