"""What somebody may have asked of providers, and for how long they are kept waiting."""

import pytest

from securities.tests.factories import SecurityFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_a_minute(settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "fetch": "2/min"}


def unknown(api, count):
    return [api.get(f"/api/v1/securities/NOPE{number}").status_code for number in range(count)]


@pytest.mark.parametrize(
    "ask",
    [
        lambda api: api.get("/api/v1/securities/ACME"),
        lambda api: api.get("/api/v1/securities/ACME/prices"),
        lambda api: api.post("/api/v1/securities/ACME/sync"),
    ],
)
def test_whoever_asks_too_much_of_providers_has_to_wait(api, shelf, ask):
    shelf.put("ACME", closes=[100])
    answers = unknown(api, 2)

    refused = ask(api)

    assert answers == [404, 404]
    assert refused.status_code == 429
    assert refused.json()["code"] == "throttled"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["retry_after"] == int(refused.headers["Retry-After"])


def test_what_is_stored_may_be_asked_for_without_end(api, shelf):
    SecurityFactory(symbol="ACME")
    unknown(api, 3)

    answers = {api.get("/api/v1/securities/ACME").status_code for _ in range(5)}

    assert answers == {200}


def test_a_search_goes_on_among_what_is_stored(api, shelf):
    SecurityFactory(symbol="ACME", name="Acme Anvils Inc.")
    unknown(api, 3)

    found = api.get("/api/v1/securities/search", {"q": "acme"})

    assert [security["symbol"] for security in found.json()] == ["ACME"]
    assert "Only stored securities are shown" in found.headers["Warning"]


def test_others_are_not_kept_waiting(api, shelf, stranger, signed_in):
    shelf.put("ACME", closes=[100])
    unknown(api, 3)

    answer = signed_in(stranger).get("/api/v1/securities/ACME")

    assert answer.status_code == 200
