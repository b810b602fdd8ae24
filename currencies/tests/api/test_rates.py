"""Rates are the ECB's of 2026-10-29 and 2026-10-30: units per euro."""

import json
from datetime import date
from decimal import Decimal

import pytest

from currencies.models import CurrencyRate
from currencies.tests.factories import CurrencyRateFactory

URL = "/api/v1/currencies"
THURSDAY, FRIDAY = date(2026, 10, 29), date(2026, 10, 30)


@pytest.fixture
def october(db):
    CurrencyRateFactory(target_id="CAD", date=FRIDAY, rate="1.5606")
    CurrencyRateFactory(target_id="USD", date=FRIDAY, rate="1.1172")
    CurrencyRateFactory(target_id="USD", date=THURSDAY, rate="1.1130")


@pytest.mark.usefixtures("october")
def test_the_table_holds_the_latest_rates_on_or_before_the_day(api, django_assert_num_queries):
    with django_assert_num_queries(4):  # who asks, the currency, the newest day, its rates
        response = api.get(f"{URL}/eur/rates", {"rate_date": "2026-11-01"})

    assert response.json() == {
        "base_currency": "EUR",
        "date": "2026-10-30",
        "requested_date": "2026-11-01",
        "rates": {"CAD": 1.5606, "USD": 1.1172},
        "rate_dates": {},
        "count": 2,
        "source": "ecb",
    }


@pytest.mark.usefixtures("october")
def test_the_table_of_another_base_is_derived(api):
    response = api.get(f"{URL}/CAD/rates", {"rate_date": "2026-10-30"})

    assert response.json()["rates"] == {"EUR": 0.640779187491990, "USD": 0.715878508266052}


@pytest.mark.usefixtures("october")
def test_old_rates_are_better_than_none_and_show_their_day(api):
    response = api.get(f"{URL}/EUR/rates", {"rate_date": "2030-01-01"})

    assert response.json()["date"] == "2026-10-30"


@pytest.mark.usefixtures("october")
@pytest.mark.parametrize(("code", "day"), [("JPY", "2026-10-30"), ("EUR", "2026-10-28")])
def test_there_is_a_404_when_there_are_none_at_all(api, code, day):
    response = api.get(f"{URL}/{code}/rates", {"rate_date": day})

    assert (response.status_code, response.json()["code"]) == (404, "rate_not_found")


@pytest.mark.usefixtures("october")
def test_the_series_of_a_pair_is_oldest_first(api):
    response = api.get(f"{URL}/EUR/rates", {"target": "usd"})

    assert response.json() == [
        {"date": "2026-10-29", "rate": 1.113},
        {"date": "2026-10-30", "rate": 1.1172},
    ]
    assert response["X-Total-Count"] == "2"


@pytest.mark.usefixtures("october")
def test_the_series_can_be_cut_and_paged(api):
    cut = api.get(f"{URL}/EUR/rates", {"target": "USD", "start": "2026-10-30", "end": "2026-10-31"})
    paged = api.get(f"{URL}/EUR/rates", {"target": "USD", "limit": 1, "offset": 1})

    assert [point["date"] for point in cut.json()] == ["2026-10-30"]
    assert [point["date"] for point in paged.json()] == ["2026-10-30"]
    assert 'rel="prev"' in paged["Link"]


@pytest.mark.usefixtures("october")
def test_the_rates_of_a_replaced_base_are_the_euros(api):
    response = api.get(f"{URL}/DEM/rates", {"rate_date": "2026-10-30"})
    converted = api.get(f"{URL}/convert", {"from": "DEM", "to": "USD", "date": "2026-10-30"})

    assert response.json()["date"] == "2026-10-30"
    assert response.json()["rates"] == {
        "CAD": 0.797922109794819,  # 1.5606 / 1.95583
        "EUR": 0.511291881196218,
        "USD": converted.json()["rate"],
    }


@pytest.mark.usefixtures("october")
def test_a_newer_rate_entered_by_hand_leaves_the_others_in_the_table(api):
    CurrencyRateFactory(target_id="XAU", date=date(2026, 11, 24), rate="0.00025", source="manual")

    response = api.get(f"{URL}/EUR/rates", {"rate_date": "2026-11-25"})

    assert response.json()["date"] == "2026-11-24"
    assert response.json()["rates"] == {"CAD": 1.5606, "USD": 1.1172, "XAU": 0.00025}
    assert response.json()["rate_dates"] == {"CAD": "2026-10-30", "USD": "2026-10-30"}


@pytest.mark.usefixtures("october")
def test_the_series_to_a_currency_that_does_not_exist_is_a_404(api):
    response = api.get(f"{URL}/EUR/rates", {"target": "QQQ"})

    assert (response.status_code, response.json()["code"]) == (404, "currency_not_found")


def test_a_series_of_a_currency_to_itself_is_refused(api):
    response = api.get(f"{URL}/EUR/rates", {"target": "eur"})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "target")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"rate_date": "tomorrow"}, "rate_date"),
        ({"target": "US"}, "target"),
        ({"target": "USD", "start": "2026-02-02", "end": "2026-02-01"}, "end"),
        ({"target": "USD", "limit": 10_001}, "limit"),
        ({"target": "USD", "offset": -1}, "offset"),
    ],
)
def test_a_bad_question_names_its_field(api, query, field):
    response = api.get(f"{URL}/EUR/rates", query)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_a_superuser_enters_rates_by_hand(superuser_api):
    body = {"date": "2026-10-30", "rates": {"xau": 0.000275123456, "ALL": "100.25"}}

    response = superuser_api.post(f"{URL}/USD/rates", body)

    assert response.status_code == 200
    assert response.json()["synced_count"] == 2
    stored = CurrencyRate.objects.get(base="USD", target="XAU")
    assert (stored.rate, stored.source) == (Decimal("0.000275123456"), "manual")


def test_a_rate_entered_again_is_corrected(superuser_api):
    superuser_api.post(f"{URL}/USD/rates", {"date": "2026-10-30", "rates": {"ALL": 100}})

    superuser_api.post(f"{URL}/USD/rates", {"date": "2026-10-30", "rates": {"ALL": 101}})

    assert CurrencyRate.objects.get().rate == 101


@pytest.mark.parametrize(
    ("rates", "field"),
    [
        ({"ALL": 100, "QQQ": 1}, "rates.QQQ"),
        ({"ALL": 100, "USD": 1}, "rates.USD"),
        ({"ALL": 0}, "rates.ALL"),
        ({"ALL": -1}, "rates.ALL"),
        ({"ALL": "NaN"}, "rates.ALL"),
        ({"ALL": 0.0000000000001}, "rates.ALL"),
        ({"ALL": 10**13}, "rates.ALL"),
        ({"all": 100, "ALL": 101}, "rates.ALL"),
        ({"HRK": 7}, "rates.HRK"),
        ({}, "rates"),
        ([1], "rates"),
        (None, "rates"),
    ],
)
def test_all_entered_rates_are_stored_or_none(superuser_api, rates, field):
    response = superuser_api.post(f"{URL}/USD/rates", {"rates": rates})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert not CurrencyRate.objects.exists()


def test_rates_by_hand_are_for_superusers(api):
    response = api.post(f"{URL}/USD/rates", {"rates": {"ALL": 100}})

    assert response.status_code == 403
    assert not CurrencyRate.objects.exists()


def test_no_rates_of_a_replaced_currency_are_entered(superuser_api):
    response = superuser_api.post(f"{URL}/DEM/rates", {"rates": {"USD": 2}})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "base_currency")


def test_a_misspelt_field_is_named_and_nobody_is_asked(superuser_api, stand_in):
    response = superuser_api.post(f"{URL}/USD/rates", {"rate": {"ALL": 100}})

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "rate")
    assert stand_in.received == []


@pytest.mark.parametrize("body", [[], [1], "rates", 0, False, None])
def test_a_body_that_is_no_object_is_refused(superuser_api, stand_in, body):
    response = superuser_api.post(f"{URL}/USD/rates", json.dumps(body), content_type="application/json")

    assert response.status_code == 400
    assert stand_in.received == []
