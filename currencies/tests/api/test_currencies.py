import pytest

from currencies.models import Currency
from currencies.tests.factories import CurrencyRateFactory

URL = "/api/v1/currencies"


def test_the_whole_table_comes_at_once(api, django_assert_num_queries):
    with django_assert_num_queries(2):  # who asks, the rows
        response = api.get(URL)

    assert response["X-Total-Count"] == str(len(response.json())) == "201"
    assert response.json()[0] == {
        "code": "AED",
        "name": "United Arab Emirates Dirham",
        "symbol": "AED",
        "decimal_places": 2,
        "is_active": True,
    }


def test_currencies_no_longer_in_use_can_be_left_out(api):
    response = api.get(URL, {"active_only": "true"})

    codes = {row["code"] for row in response.json()}
    assert len(codes) == 178
    assert "HRK" not in codes


def test_currencies_are_found_by_code_and_name(api):
    response = api.get(URL, {"search": "canadian"})

    assert [row["code"] for row in response.json()] == ["CAD"]


def test_a_page_can_be_asked_for(api):
    response = api.get(URL, {"limit": 2, "skip": 1, "active_only": "true"})

    assert [row["code"] for row in response.json()] == ["AFN", "ALL"]


@pytest.mark.parametrize("code", ["CAD", "cad", "Cad"])
def test_a_code_is_read_in_any_case(api, code):
    response = api.get(f"{URL}/{code}")

    assert response.json()["code"] == "CAD"


@pytest.mark.parametrize("code", ["QQQ", "C", "CANADA", "12345", "%00"])
def test_an_unknown_code_is_a_404(api, code):
    assert api.get(f"{URL}/{code}").status_code == 404


def test_a_superuser_adds_a_currency_that_is_missing(superuser_api):
    response = superuser_api.post(URL, {"code": "btc", "name": "Bitcoin", "symbol": "₿", "decimal_places": 8})

    assert response.status_code == 201
    assert response["Location"] == f"http://testserver{URL}/BTC"
    assert Currency.objects.get(code="BTC").decimal_places == 8


def test_a_currency_that_is_there_is_not_added_again(superuser_api):
    response = superuser_api.post(URL, {"code": "cad", "name": "Mine"})

    assert (response.status_code, response.json()["code"]) == (409, "duplicate")
    assert Currency.objects.get(code="CAD").name == "Canadian Dollar"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"code": "TOOLONG", "name": "x"}, "code"),
        ({"code": "ÄBC", "name": "x"}, "code"),
        ({"code": 123, "name": "x"}, "code"),
        ({"code": "QQQ"}, "name"),
        ({"code": "QQQ", "name": "x", "decimal_places": -1}, "decimal_places"),
        ({"code": "QQQ", "name": "x", "decimal_places": 10**30}, "decimal_places"),
        ({"code": "QQQ", "name": "x\x00"}, "name"),
    ],
)
def test_bad_input_names_its_field(superuser_api, body, field):
    response = superuser_api.post(URL, body)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_more_decimal_places_than_a_currency_has_are_refused(superuser_api):
    response = superuser_api.post(URL, {"code": "QQQ", "name": "x", "decimal_places": 9})

    assert response.status_code == 400
    assert response.json()["detail"] == "decimal_places: A currency has at most 8 decimal places."


def test_adding_a_currency_is_for_superusers(api):
    response = api.post(URL, {"code": "BTC", "name": "Bitcoin"})

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert not Currency.objects.filter(code="BTC").exists()


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_changes_are_for_superusers(api, verb):
    response = getattr(api, verb)(f"{URL}/CAD", {"name": "Mine"})

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert Currency.objects.get(code="CAD").name == "Canadian Dollar"


def test_a_superuser_renames_a_currency_but_not_its_code(superuser_api):
    response = superuser_api.patch(f"{URL}/cad", {"name": "Loonie", "code": "CDN"})

    assert response.status_code == 200
    assert response.json()["code"] == "CAD"
    assert Currency.objects.get(code="CAD").name == "Loonie"


def test_a_currency_in_use_is_not_deleted(superuser_api):
    CurrencyRateFactory(target_id="JPY")

    response = superuser_api.delete(f"{URL}/JPY")

    assert (response.status_code, response.json()["code"]) == (409, "in_use")
    assert Currency.objects.filter(code="JPY").exists()


def test_a_superuser_deletes_a_currency_that_nothing_uses(superuser_api):
    response = superuser_api.delete(f"{URL}/XTS")

    assert response.status_code == 204
    assert not Currency.objects.filter(code="XTS").exists()


@pytest.mark.parametrize("path", ["", "/CAD", "/CAD/rates", "/convert"])
def test_nobody_reads_without_signing_in(anonymous, path):
    assert anonymous.get(f"{URL}{path}").status_code == 401
