import pytest

from finances.exceptions import ProviderUnavailableError
from securities.tests.factories import SecurityFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/securities/search"


def symbols(response):
    return [row["symbol"] for row in response.json()]


def test_ours_come_first_by_symbol_then_by_name(api, shelf):
    SecurityFactory(symbol="XAPP", name="Apple Growers")
    SecurityFactory(symbol="APPS", name="Digital Turbine")
    SecurityFactory(symbol="APP", name="AppLovin")
    SecurityFactory(symbol="MSFT", name="Microsoft")

    assert symbols(api.get(URL, {"q": "app"})) == ["APP", "APPS", "XAPP"]


def test_what_only_a_provider_knows_fills_up(api, shelf):
    SecurityFactory(symbol="ACME", name="Acme Tools")
    shelf.put("ACME", name="Acme Tools")
    shelf.put("ACM2", name="Acme Nails", currency="EUR")

    response = api.get(URL, {"q": "acme"})

    assert symbols(response) == ["ACME", "ACM2"]
    assert response.json()[1] == {
        "id": "ACM2",
        "symbol": "ACM2",
        "name": "Acme Nails",
        "asset_class": "equity",
        "security_type": "equity",
        "exchange": "NMS",
        "currency": "EUR",
        "sector": None,
        "industry": None,
        "market_cap": None,
        "last_synced_at": None,
        "is_syncing": False,
        "in_database": False,
        "created_at": None,
        "updated_at": None,
    }
    assert set(response.json()[0]) == set(response.json()[1])
    assert response.json()[0]["in_database"] is True


def test_nobody_is_asked_when_there_are_enough(api, shelf):
    SecurityFactory.create_batch(3, name="Acme")

    response = api.get(URL, {"q": "acme", "limit": 2})

    assert len(response.json()) == 2
    assert shelf.calls == []


def test_the_failure_of_a_provider_leaves_ours_with_a_warning(api, shelf):
    SecurityFactory(symbol="ACME", name="Acme")
    shelf.failure = ProviderUnavailableError('The "shelf" is away.')

    response = api.get(URL, {"q": "acme"})

    assert (response.status_code, symbols(response)) == (200, ["ACME"])
    assert response["Warning"] == "199 - \"The 'shelf' is away. Only stored securities are shown.\""


def test_without_a_provider_ours_are_all(api, settings):
    settings.PRICE_PROVIDERS = []

    response = api.get(URL, {"q": "acme"})

    assert (response.status_code, response.json()) == (200, [])
    assert "Warning" not in response


@pytest.mark.parametrize(
    ("query", "field"),
    [({}, "q"), ({"q": ""}, "q"), ({"q": "x" * 101}, "q"), ({"q": "a", "limit": 0}, "limit"), ({"q": "a\x00"}, "q")],
)
def test_a_bad_question_names_its_field(api, shelf, query, field):
    response = api.get(URL, query)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "💶", "ß"])
def test_strange_texts_find_nothing(api, shelf, text):
    SecurityFactory(symbol="ACME")

    assert api.get(URL, {"q": text}).json() == []
