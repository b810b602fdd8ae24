"""What every endpoint of the API does alike."""

import re
from datetime import date

import pytest
from django.urls import reverse

from currencies.tests.factories import CurrencyRateFactory
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory

URL = "/api/v1/financial-institutions"


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_verb_works_with_and_without_a_trailing_slash(api, user, slash):
    institution = FinancialInstitutionFactory(user=user)

    created = api.post(f"{URL}{slash}", {"name": "New"})
    listed = api.get(f"{URL}{slash}")
    read = api.get(f"{URL}/{institution.pk}{slash}")
    put = api.put(f"{URL}/{institution.pk}{slash}", {"name": "Put"})
    patched = api.patch(f"{URL}/{institution.pk}{slash}", {"name": "Patched"})
    deleted = api.delete(f"{URL}/{institution.pk}{slash}")

    statuses = [response.status_code for response in (created, listed, read, put, patched, deleted)]
    assert statuses == [201, 200, 200, 200, 200, 204]


def test_two_slashes_are_another_address(api):
    assert api.get(f"{URL}//").status_code == 404


def test_every_answer_names_its_request_and_its_time(api):
    response = api.get(URL)

    assert re.fullmatch(r"[0-9a-f]{32}", response["X-Request-ID"])
    assert float(response["X-Process-Time"]) > 0


def test_a_sane_request_id_is_taken_over(api):
    response = api.get(URL, headers={"X-Request-ID": "client-42.a_b"})

    assert response["X-Request-ID"] == "client-42.a_b"


@pytest.mark.parametrize("given", ["x" * 65, "a b", "é", "<script>", ""])
def test_another_request_id_is_replaced(api, given):
    response = api.get(URL, headers={"X-Request-ID": given})

    assert re.fullmatch(r"[0-9a-f]{32}", response["X-Request-ID"])


def test_lists_are_bare_arrays_paged_by_headers(api, user):
    for name in "abcde":
        FinancialInstitutionFactory(user=user, name=name)

    response = api.get(URL, {"limit": 2, "offset": 2})

    assert [row["name"] for row in response.json()] == ["c", "d"]
    assert response["X-Total-Count"] == "5"
    here = f"http://testserver{URL}"
    assert response["Link"] == (
        f'<{here}?limit=2&offset=0>; rel="first", <{here}?limit=2&offset=0>; rel="prev", '
        f'<{here}?limit=2&offset=4>; rel="next", <{here}?limit=2&offset=4>; rel="last"'
    )


def test_skip_is_another_name_for_offset(api, user):
    for name in "abc":
        FinancialInstitutionFactory(user=user, name=name)

    response = api.get(URL, {"skip": 2})

    assert [row["name"] for row in response.json()] == ["c"]


def test_a_page_behind_the_last_is_empty_and_leads_back(api, user):
    FinancialInstitutionFactory(user=user)

    response = api.get(URL, {"offset": 500})

    assert response.json() == []
    assert response["X-Total-Count"] == "1"
    assert 'rel="next"' not in response["Link"]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": -1}, {"limit": 1001}, {"limit": "ten"}, {"offset": -1}, {"offset": 10**30}]
)
def test_a_page_that_cannot_be_is_refused_by_name(api, query):
    response = api.get(URL, query)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == next(iter(query))


def test_an_unchanged_answer_is_not_sent_again(api, user):
    institution = FinancialInstitutionFactory(user=user)
    path = f"{URL}/{institution.pk}"
    tag = api.get(path)["ETag"]

    unchanged = api.get(path, headers={"If-None-Match": tag})
    api.patch(path, {"name": "Changed"})
    changed = api.get(path, headers={"If-None-Match": tag})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.status_code == 200


def test_a_write_answers_with_the_tag_that_the_next_read_has(api):
    created = api.post(URL, {"name": "Tagged"})

    read = api.get(f"{URL}/{created.json()['id']}")

    assert created["ETag"] == read["ETag"]


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_a_write_that_expects_another_state_is_refused(api, user, verb):
    institution = FinancialInstitutionFactory(user=user, name="First")
    path = f"{URL}/{institution.pk}"
    seen = api.get(path)["ETag"]
    api.patch(path, {"name": "Second"})

    response = getattr(api, verb)(path, {"name": "Third"}, headers={"If-Match": seen})

    assert response.status_code == 412
    assert response.json()["code"] == "stale"
    institution.refresh_from_db()
    assert institution.name == "Second"


@pytest.mark.parametrize("expected", ["current", "*"])
def test_a_write_that_expects_the_current_state_goes_through(api, user, expected):
    institution = FinancialInstitutionFactory(user=user)
    path = f"{URL}/{institution.pk}"
    tag = api.get(path)["ETag"] if expected == "current" else "*"

    response = api.patch(path, {"name": "New"}, headers={"If-Match": tag})

    assert response.status_code == 200


def test_an_unknown_address_is_a_problem_document(api):
    response = api.get("/api/v1/nowhere")

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing at this address.",
        "code": "not_found",
        "errors": [],
    }


def test_invalid_input_says_what_is_wrong_where(api):
    response = api.post(URL, {"website": "nonsense"})

    body = response.json()
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert body["code"] == "invalid"
    assert body["detail"] == "name: This field is required."
    assert body["errors"] == [
        {"field": "name", "code": "required", "message": "This field is required."},
        {"field": "website", "code": "invalid", "message": "Enter a valid URL."},
    ]


def test_a_browser_that_wants_html_still_gets_json(api):
    response = api.get(f"{URL}/not-an-id", headers={"Accept": "text/html"})

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_a_verb_that_does_not_exist_is_a_problem_document(api):
    response = api.delete(URL)

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response["Allow"]


def test_a_body_in_another_format_is_refused(api):
    response = api.post(URL, "<name>x</name>", content_type="application/xml")

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_that_is_too_large_is_refused(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = api.post(URL, {"name": "x" * 2000})

    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_a_form_of_too_many_fields_is_refused(anonymous):
    form = "&".join(["a=1"] * 1001)

    response = anonymous.post("/api/v1/auth/login", form, content_type="application/x-www-form-urlencoded")

    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


HOSTILE_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": 1e400}',
    b'{"name": "\\ud800"}',
    b'{"name": "a\\u0000b"}',
    b'{"name": "a", "name": "b"}',
    b'{"name": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b'{"name": "' + b"x" * 40_000 + b'"}',
    b'{"name": ' + b"9" * 5000 + b"}",
    b'{"name": {"$gt": ""}}',
]


@pytest.mark.parametrize("body", HOSTILE_BODIES, ids=lambda body: repr(body[:24]))
def test_a_hostile_body_is_a_400_and_changes_nothing(api, body):
    response = api.post(URL, body, content_type="application/json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert not FinancialInstitution.objects.exists()


@pytest.mark.parametrize(
    "path", ["%00", "..%2f..%2fetc%2fpasswd", "%ed%a0%80", "x" * 5000, "00000000-0000-0000-0000-000000000000"]
)
def test_a_hostile_identifier_is_a_404(api, path):
    response = api.get(f"{URL}/{path}")

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("value", ["\x00", "x" * 40_000, "' OR 1=1 --", "%ed%a0%80"])
def test_a_hostile_search_is_answered_or_refused(api, user, value):
    FinancialInstitutionFactory(user=user)

    response = api.get(URL, {"search": value})

    assert response.status_code == (400 if "\x00" in value or len(value) > 254 else 200)
    if response.status_code == 200:
        assert response.json() == []


def test_the_clients_origin_may_call(api, settings):
    response = api.options(
        URL,
        headers={
            "Origin": "http://localhost:3000",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,content-type,if-match",
        },
    )

    assert response["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "PATCH" in response["Access-Control-Allow-Methods"]
    assert "if-match" in response["Access-Control-Allow-Headers"]


def test_another_origin_may_not(api):
    response = api.get(URL, headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in response


def test_the_landing_page_leads_everywhere(client, db):
    response = client.get("/")

    for name in ("docs", "redoc", "openapi", "admin:index", "health"):
        assert f'href="{reverse(name)}"' in response.text
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert 'href="https://www.exchangerate-api.com"' in response.text  # its terms of use ask for this link


def test_a_host_that_is_not_ours_is_refused(api, settings):
    settings.ALLOWED_HOSTS = ["finances.example"]

    response = api.get(URL, headers={"Host": "evil.example"})

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert "evil.example" not in response.text


def test_a_head_tells_what_a_get_would(api, user):
    FinancialInstitutionFactory(user=user)

    response = api.head(URL)

    assert (response.status_code, response.content) == (200, b"")
    assert response["X-Total-Count"] == "1"


def test_the_links_of_a_page_can_be_followed_from_skip_to_the_end(api, user):
    for name in "abcde":
        FinancialInstitutionFactory(user=user, name=name)
    found, address = [], f"{URL}?skip=1&limit=2"

    while address:
        response = api.get(address)
        found += [row["name"] for row in response.json()]
        links = dict(
            reversed(re.fullmatch(r' ?<(.*)>; rel="(.*)"', link).groups()) for link in response["Link"].split(",")
        )
        address = links.get("next")

    assert found == ["b", "c", "d", "e"]


def test_a_tag_that_a_proxy_made_weak_still_names_the_state(api, user):
    institution = FinancialInstitutionFactory(user=user)
    tag = api.get(f"{URL}/{institution.pk}")["ETag"]

    response = api.patch(f"{URL}/{institution.pk}", {"name": "New"}, headers={"If-Match": f"W/{tag}"})

    assert response.status_code == 200


def test_filters_are_for_lists_and_do_not_hide_a_row(api, user):
    institution = FinancialInstitutionFactory(user=user, name="Alpha")

    response = api.get(f"{URL}/{institution.pk}", {"search": "beta"})

    assert response.status_code == 200


@pytest.mark.parametrize("number", ["1e-9999999999999999999999", "-0.0e99999999999999999999999", "1e2000"])
def test_a_number_that_nothing_can_hold_is_refused(anonymous, number):
    response = anonymous.post(
        "/api/v1/auth/login", f'{{"username": {number}}}'.encode(), content_type="application/json"
    )

    assert (response.status_code, response.json()["code"]) == (400, "parse_error")


def test_clients_begin_at_the_index(anonymous, db):
    response = anonymous.get("/api/v1")

    assert response.json()["links"]["login"] == "http://testserver/api/v1/auth/login"


@pytest.mark.parametrize("debug", [True, False])
def test_nothing_below_api_is_ever_html(api, settings, debug):
    settings.DEBUG = debug

    response = api.get("/api/v1/nowhere", headers={"Accept": "text/html"})

    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_our_own_fault_is_a_problem_document_and_is_logged(api, user, settings, monkeypatch, caplog):
    """A serializer that is not there stands for any mistake in our code."""
    settings.DEBUG = True
    api.raise_request_exception = False
    monkeypatch.setattr("institutions.api.views.FinancialInstitutionViewSet.serializer_class", None)
    FinancialInstitutionFactory(user=user)

    response = api.get(URL)

    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert response.json()["detail"] == "Something went wrong here; it is logged."
    assert "should either include a `serializer_class`" in caplog.text


def test_a_currency_in_use_is_refused_without_reading_what_uses_it(superuser_api, django_assert_max_num_queries):
    for day in range(1, 29):
        CurrencyRateFactory(date=date(2026, 1, day))

    with django_assert_max_num_queries(8):
        response = superuser_api.delete("/api/v1/currencies/EUR")

    assert (response.status_code, response.json()["detail"]) == (409, "EUR is in use by currency rates.")


def test_a_fault_does_not_send_back_all_that_was_sent(api):
    response = api.post("/api/v1/accounts", {"name": "A", "account_type": "x" * 100_000})

    fault = next(fault for fault in response.json()["errors"] if fault["field"] == "account_type")
    assert response.status_code == 400
    assert len(fault["message"]) < 500
    assert fault["message"].endswith(
        "” is none of checking, savings, tfsa, rrsp, fhsa, margin, credit_card, line_of_credit, payment_plan, mortgage."
    )
