"""The documents that the server hands out about itself."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """Return the OpenAPI document; building it fails on any warning."""
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    call_command("spectacular", file=str(path), format="openapi-json", validate=True, fail_on_warn=True)
    return json.loads(path.read_text())


def test_every_path_is_listed_once_without_a_slash(document):
    assert document["paths"]
    assert not [path for path in document["paths"] if path != "/" and path.endswith("/")]


def test_every_operation_is_described_and_has_its_problems(document):
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            name = f"{verb} {path}"
            assert operation.get("description"), name
            if path.startswith("/api/v1") and operation.get("security", [{}])[0]:
                problem = operation["responses"]["401"]["content"]["application/problem+json"]["schema"]
                assert problem == {"$ref": "#/components/schemas/Problem"}, name


def test_every_read_says_how_to_ask_for_what_has_changed(document):
    for path, operations in document["paths"].items():
        if path.startswith("/api/") and "200" in operations.get("get", {}).get("responses", {}):
            operation = operations["get"]
            assert "If-None-Match" in {each["name"] for each in operation["parameters"]}, path
            assert set(operation["responses"]["304"]) == {"description", "headers"}, path


def test_everything_but_auth_docs_and_health_needs_a_token(document):
    for path, operations in document["paths"].items():
        for operation in operations.values():
            open_to_all = operation.get("security") in (None, [], [{}]) or {} in operation["security"]
            assert open_to_all == bool(re.match(r"/health|/api/v1$|/api/v1/auth/(?!me$|change)", path)), path


def test_aliases_are_deprecated_twins(document):
    properties = document["components"]["schemas"]["FinancialInstitution"]["properties"]

    assert properties["url"]["deprecated"] is True
    assert "deprecated" not in properties["website"]


def body_of(document, path, verb="post"):
    """Return the schema of a request body, and where it may be one row or several, of one row."""
    schema = document["paths"][path][verb]["requestBody"]["content"]["application/json"]["schema"]
    name = schema["$ref"].rpartition("/")[2]
    found = document["components"]["schemas"][name]
    return found if "oneOf" not in found else document["components"]["schemas"]["AccountValueRequest"]


def required_names(schema):
    return [{each["required"][0] for each in choice["anyOf"]} for choice in schema.get("allOf", [])]


def test_a_required_field_is_named_by_either_of_its_names(document):
    value, holding = (body_of(document, path) for path in ("/api/v1/accounts/{account_id}/values", "/api/v1/holdings"))

    assert required_names(value) == [{"value", "balance"}]
    assert required_names(holding) == [{"average_cost", "average_price_per_share"}, {"quantity", "shares"}]
    assert "required" not in value
    assert set(holding["required"]) == {"account_id", "security_id"}
    assert "allOf" not in body_of(document, "/api/v1/holdings/{id}", "patch")


def test_what_the_address_says_is_not_asked_for_in_the_body(document):
    nested = body_of(document, "/api/v1/accounts/{account_id}/holdings")

    assert "account_id" not in nested["properties"]
    assert set(nested["required"]) == {"security_id"}


def test_a_value_is_recorded_for_a_day(document):
    day = body_of(document, "/api/v1/accounts/{account_id}/values")["properties"]["date"]

    assert (day["type"], day["format"]) == ("string", "date")
    assert not day.get("readOnly")


@pytest.mark.parametrize("path", ["/api/v1/holdings", "/api/v1/accounts/{account_id}/holdings"])
def test_a_security_that_nobody_knows_is_a_documented_404(document, path):
    responses = document["paths"][path]["post"]["responses"]

    assert {"201", "404"} <= set(responses)
    assert responses["404"]["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_a_put_asks_for_nothing_that_a_patch_does_not(document):
    operations = document["paths"]["/api/v1/financial-institutions/{id}"]

    assert operations["put"]["requestBody"]["content"] == operations["patch"]["requestBody"]["content"]


@pytest.mark.parametrize("name", ["docs", "redoc", "openapi", "health", "landing"])
def test_the_documents_open_for_everybody(client, db, name):
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("name", ["docs", "redoc"])
def test_the_documents_load_nothing_from_elsewhere(client, db, name):
    page = client.get(reverse(name)).text

    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page)


def test_descriptions_are_for_callers_not_for_readers_of_the_code(document):
    texts = [
        f"{operation['summary']} {operation['description']}"
        for operations in document["paths"].values()
        for operation in operations.values()
    ]

    assert not [text for text in texts if "Raises:" in text or "Returns:" in text]


def test_what_can_be_sent_twice_says_so(document):
    def headers(path):
        return {parameter["name"] for parameter in document["paths"][path]["post"].get("parameters", [])}

    assert "Idempotency-Key" in headers("/api/v1/accounts")
    assert "Idempotency-Key" in headers("/api/v1/accounts/{account_id}/values")
    assert "Idempotency-Key" in headers("/api/v1/auth/change-password")
    assert "Idempotency-Key" not in headers("/api/v1/auth/login")


@pytest.mark.django_db
def test_the_first_page_credits_each_source_of_rates_once(client, settings):
    settings.RATE_PROVIDERS = ["exchangerate-api", "open-er-api"]

    page = client.get(reverse("landing")).content.decode()

    assert page.count("https://www.exchangerate-api.com") == 1
    assert "Rates By Exchange Rate API" in page
