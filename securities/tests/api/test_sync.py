import pytest
from django.utils import timezone

from finances.exceptions import ProviderUnavailableError
from securities.api.views import SecurityViewSet
from securities.models import SecurityPrice
from securities.tests.factories import SecurityFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/securities"


def test_prices_are_fetched_and_counted(api, shelf):
    SecurityFactory(symbol="ACME")
    shelf.put("ACME", closes=[100, 101, 102])

    response = api.post(f"{URL}/acme/sync")

    assert response.status_code == 200
    assert response.json()["prices_synced"] == 3
    assert response.json()["message"] == "3 prices of ACME synced, 3 of them new."
    assert response.json()["security"]["is_syncing"] is False
    assert response.json()["security"]["last_synced_at"].endswith("Z")


def test_one_that_is_not_stored_is_stored(api, shelf):
    shelf.put("ACME", closes=[100, 101])

    response = api.post(f"{URL}/ACME/sync")

    assert (response.status_code, response.json()["prices_synced"]) == (200, 2)
    assert len(shelf.asked("history")) == 1


def test_another_interval(api, shelf):
    SecurityFactory(symbol="ACME")
    shelf.put("ACME", closes=[100] * 24, interval="1h")

    response = api.post(f"{URL}/ACME/sync?interval=1h&since=2026-03-01")

    assert response.json()["prices_synced"] == 24
    assert set(SecurityPrice.objects.values_list("interval", flat=True)) == {"1h"}


def test_while_one_is_running_it_is_a_409(api, shelf):
    SecurityFactory(symbol="ACME", sync_started_at=timezone.now())

    response = api.post(f"{URL}/ACME/sync")

    assert (response.status_code, response.json()["code"]) == (409, "sync_running")
    assert api.get(f"{URL}/ACME").json()["is_syncing"] is True


def test_unknown_is_a_404_and_away_a_503(api, shelf):
    SecurityFactory(symbol="ACME")

    unknown = api.post(f"{URL}/ACME/sync")
    shelf.failure = ProviderUnavailableError("The shelf is away.")
    away = api.post(f"{URL}/ACME/sync")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "provider_not_found")
    assert (away.status_code, away["Retry-After"]) == (503, "60")


@pytest.mark.parametrize("query", ["interval=2d", "since=yesterday"])
def test_a_bad_question_is_a_400(api, shelf, query):
    SecurityFactory(symbol="ACME")

    assert api.post(f"{URL}/ACME/sync?{query}").status_code == 400


def test_it_has_a_rate_of_its_own():
    assert SecurityViewSet.sync.kwargs["throttle_scope"] == "sync"
