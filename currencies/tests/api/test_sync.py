"""Having the providers asked, over HTTP; the rates are invented, see tests/stand_in/rate_answers.py."""

from datetime import date
from decimal import Decimal

import pytest

from currencies.models import CurrencyRate

URL = "/api/v1/currencies"
WAYS = [("USD/rates", {}), ("USD/rates", {"date": "2026-11-01"}), ("sync-rates?sync_date=2026-11-01", None)]
PAST = [("USD/rates", {"date": "2026-10-31"}), ("sync-rates?sync_date=2026-10-31", None)]


@pytest.fixture(autouse=True)
def sunday(stand_in, settings, time_machine):
    time_machine.move_to("2026-11-01 12:00Z", tick=False)
    settings.RATE_PROVIDERS = ["open-er-api"]


@pytest.mark.parametrize(("path", "body"), WAYS)
def test_everybody_syncs_todays_rates(api, path, body):
    response = api.post(f"{URL}/{path}", body)

    assert response.status_code == 200
    assert response.json()["synced_count"] == 4
    assert CurrencyRate.objects.get(base="USD", target="CAD").rate == Decimal("1.25")


def test_no_body_at_all_is_a_sync(api):
    response = api.post(f"{URL}/USD/rates")

    assert (response.status_code, response.json()["date"]) == (200, str(date(2026, 10, 30)))


@pytest.mark.parametrize(("path", "body"), PAST)
def test_past_days_are_for_superusers(api, stand_in, path, body):
    response = api.post(f"{URL}/{path}", body)

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert stand_in.received == []


@pytest.mark.parametrize(("path", "body"), PAST)
def test_a_superuser_syncs_a_past_day(superuser_api, path, body):
    response = superuser_api.post(f"{URL}/{path}", body)

    assert response.status_code == 200


def test_both_ways_share_one_limit_and_reading_has_none(api, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"sync": "2/h"}
    ways = [f"{URL}/USD/rates", f"{URL}/sync-rates", f"{URL}/USD/rates", f"{URL}/sync-rates"]

    answers = [api.post(way) for way in ways]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert api.get(f"{URL}/USD/rates").status_code == 200


def test_a_provider_that_failed_before_another_answered_is_logged(api, settings, caplog):
    settings.RATE_PROVIDERS = ["exchangerate-api", "open-er-api"]
    settings.EXCHANGERATE_API_KEY = "expired"

    response = api.post(f"{URL}/sync-rates")

    assert response.status_code == 200
    assert "exchangerate-api.com does not accept the API key" in caplog.text
