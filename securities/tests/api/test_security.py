import pytest

from finances.exceptions import ProviderRateLimitedError
from securities.models import Security
from securities.tests.factories import SecurityFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/securities"


@pytest.mark.parametrize("name", ["BRK-B", "brk-b", "id"])
def test_a_stored_security_by_symbol_or_id(api, shelf, name, django_assert_num_queries):
    security = SecurityFactory(symbol="BRK-B", name="Berkshire", sector="Finance", market_cap=900_000_000_000)

    with django_assert_num_queries(2):  # who asks, the security
        response = api.get(f"{URL}/{security.pk if name == 'id' else name}")

    body = response.json()
    assert (body["id"], body["symbol"], body["in_database"]) == (str(security.pk), "BRK-B", True)
    assert (body["asset_class"], body["security_type"], body["currency"]) == ("equity", "equity", "USD")
    assert (body["market_cap"], body["industry"], body["last_synced_at"]) == (900_000_000_000, None, None)


@pytest.mark.parametrize("symbol", ["^GSPC", "BTC-USD", "EURUSD=X", "0700.HK", "RY.TO", "M&M.NS", "ES=F"])
def test_all_forms_of_symbols(api, shelf, symbol):
    shelf.put(symbol, closes=[100])

    fetched = api.get(f"{URL}/{symbol}")
    again = api.get(f"{URL}/{symbol.lower().replace('^', '%5E')}/")

    assert (fetched.status_code, fetched.json()["symbol"]) == (200, symbol)
    assert again.json()["id"] == fetched.json()["id"]
    assert len(shelf.asked("profile")) == 1


@pytest.mark.parametrize("name", ["NOPE", "no such", "x" * 40, "00000000-0000-0000-0000-000000000000", "%00"])
def test_an_unknown_one_is_a_404(api, shelf, name):
    response = api.get(f"{URL}/{name}")

    assert (response.status_code, response.json()["code"]) == (404, "security_not_found")


def test_while_the_provider_is_away_it_is_a_503(api, shelf):
    shelf.failure = ProviderRateLimitedError("The shelf asks for patience.", retry_after=42)

    response = api.get(f"{URL}/ACME")

    assert (response.status_code, response["Retry-After"]) == (503, "42")
    assert response.json()["detail"] == "The shelf asks for patience."
    assert not Security.objects.exists()


def test_only_for_those_who_are_signed_in(anonymous):
    for path in ("search?q=a", "ACME", "ACME/prices"):
        assert anonymous.get(f"{URL}/{path}").status_code == 401
    assert anonymous.post(f"{URL}/ACME/sync").status_code == 401


def test_nobody_writes_securities_over_the_api(superuser_api):
    security = SecurityFactory()

    for verb in ("put", "patch", "delete"):
        assert getattr(superuser_api, verb)(f"{URL}/{security.symbol}", {"name": "x"}).status_code == 405
