"""Every operation is sent headers, methods and addresses of bad faith: a promised answer or a refusal, never a page."""

import json
from http import HTTPStatus

import pytest
from django.db import transaction
from django.test import RequestFactory

from config.wsgi import application
from finances.api import errors
from tests.hostile import values
from tests.hostile.document import OPERATIONS

LONG = "x" * 100_000
NONE_ALG = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIxIn0."

HEADERS = {
    "HTML only": {"Accept": "text/html"},
    "another format": {"Accept": "application/xml;q=0.9, image/*"},
    "no format": {"Accept": "*/*;q=0"},
    "a format that is none": {"Accept": ";;;,/,\xff"},
    "a long Accept": {"Accept": ",".join(["text/html"] * 5_000)},
    "another method": {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"},
    "another host, by a proxy that nobody trusts": {
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
    },
    "another scheme": {"X-Forwarded-Proto": "https, http", "X-Forwarded-Ssl": "on", "X-Forwarded-Port": "-1"},
    "another sender": {"X-Forwarded-For": f"'; DROP TABLE, ::1, {LONG}", "X-Real-IP": "\xff"},
    "another address": {"X-Original-URL": "/admin/", "X-Rewrite-URL": "/admin/", "X-Script-Name": "/admin"},
    "a cookie without end": {"Cookie": f"sessionid={LONG}; csrftoken=\xff; ="},
    "a tag that is none": {"If-Match": '"', "If-None-Match": "W/\xff,,"},
    "tags without end": {"If-Match": ",".join(['"a"'] * 5_000)},
    "a day that is none": {"If-Modified-Since": "Mon, 99 Foo 0000 99:99:99 GMT", "If-Unmodified-Since": "x"},
    "a range": {"Range": "bytes=0-0,-1,99999999999-"},
    "a language": {"Accept-Language": "../../etc/passwd", "Accept-Encoding": "gzip;q=9e999, \xff"},
    "a forged line of the log": {"X-Request-ID": "a\nERROR b", "User-Agent": "\x1b[2J\n"},
    "an origin of nowhere": {"Origin": "null", "Referer": "\xff", "Sec-Fetch-Site": "cross-site"},
    "a key that is none": {"Idempotency-Key": "\xff\0"},
    "a long key": {"Idempotency-Key": "k" * 300},
}
AUTHORIZATIONS = [
    "", "Bearer", "Bearer ", "Bearer a b", "Bearer \xff", f"Bearer {LONG}", "Basic YTpi", "bearer null", "Token 1",
    f"Bearer {NONE_ALG}", "Bearer a.b.c", "Bearer ..", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.", "Bearer,Bearer", "\0",
]  # fmt: skip
CONTENT_TYPES = [
    "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "", ";", "\xff", "*/*",
    "multipart/form-data; boundary=", "application/json; charset=utf-16", "application/json; charset=nonsense",
    "application/x-yaml", "application/json-patch+json", "application/octet-stream",
]  # fmt: skip
METHODS = ["TRACE", "CONNECT", "PROPFIND", "QUERY", "FOO", "get", "PATCH", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"]
HOSTS = [
    "evil.example",
    "localhost:99999999",
    "localhost, evil.example",
    "a b",
    "[::1",
    "\xff",
    "localhost/../a",
    "@",
    "",
]
WITH_BODY = [operation for operation in OPERATIONS if operation.body is not None]
PRIVATE = [operation for operation in OPERATIONS if operation.is_private]


def ask(client, household, operation, *, method="", address="", **more):
    """Send an operation, valid but for what is said, and take back what it did."""
    needed = [each["name"] for each in operation.told.get("parameters", []) if each.get("required")]
    query = "&".join(f"{name}={household.parameter(name)}" for name in needed if name in operation.parameters("query"))
    body = json.dumps(household.body(operation)) if operation.body is not None else ""
    more = {"data": body, "content_type": "application/json", **more}
    address = address or operation.address(household.named(operation))
    with transaction.atomic():
        response = client.generic(method or operation.method, f"{address}?{query}" if query else address, **more)
        transaction.set_rollback(True)
    return response


def faults_of(response):
    """Return what no answer may be: a failure of ours, a page, or an error that is no problem document."""
    kind = response.get("Content-Type", "")
    text = response.text[:200]
    if (
        response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        and response.status_code != HTTPStatus.SERVICE_UNAVAILABLE
    ):
        return [f"{response.status_code}: {text}"]
    if "html" in kind or (
        response.status_code >= HTTPStatus.BAD_REQUEST and kind != errors.MEDIA_TYPE and response.content
    ):
        return [f"{response.status_code} {kind}: {text}"]
    return [f"{name}: {value}" for name, value in response.items() if "evil" in value or "\n" in value]


def report(found):
    """Fail with all that was found, a line each."""
    assert not found, "\n".join(f"{what}: {fault[:300]}" for what, fault in found)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_hostile_headers_are_answered_as_promised_or_refused(owner, household, operation):
    found = []
    for name, headers in values.some_of(HEADERS, place=operation):
        response = ask(owner, household, operation, headers=headers)
        found += [(name, fault) for fault in faults_of(response)]
    for host in HOSTS[values.first(operation) :: values.STEP]:
        response = ask(owner, household, operation, headers={"Host": host})
        found += [(f"host {host}", fault) for fault in faults_of(response)]
    report(found)


@pytest.mark.parametrize("operation", PRIVATE, ids=str)
def test_what_is_no_token_lets_nobody_in(anonymous, household, operation):
    found = []
    for text in AUTHORIZATIONS[values.first(operation) :: values.STEP]:
        response = ask(anonymous, household, operation, headers={"Authorization": text})
        found += [(text[:40], fault) for fault in faults_of(response)]
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            found.append((text[:40], f"{response.status_code}: {response.text[:200]}"))
    report(found)


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_a_body_of_another_type_is_refused(owner, household, operation):
    found = []
    for kind in CONTENT_TYPES[values.first(operation) :: values.STEP]:
        response = ask(owner, household, operation, content_type=kind)
        found += [(kind[:40], fault) for fault in faults_of(response)]
    for length in ("-1", "abc", "1e9", "", "9" * 30, "0"):
        response = ask(owner, household, operation, CONTENT_LENGTH=length)
        found += [(f"length {length}", fault) for fault in faults_of(response)]
    report(found)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_another_method_and_a_strange_address_are_no_failure_of_ours(owner, household, operation):
    found, address = [], operation.address(household.named(operation))
    for method in METHODS[values.first(operation) :: values.STEP]:
        response = ask(owner, household, operation, method=method)
        found += [(method, fault) for fault in faults_of(response)]
    strange = {
        "a slash too many": f"{address}//",
        "an escaped slash": f"{address}%2F",
        "a dot": f"{address}/.",
        "two dots": f"{address}/..%2f..%2f..%2fadmin%2f",
        "a format": f"{address}.json",
        "a NUL": f"{address}%00",
        "a parameter": f"{address};a=b",
        "capitals": address.upper(),
        "no UTF-8": f"{address}%FF",
        "a space": f"{address}%20",
        "a line": f"{address}%0A",
    }
    for name, where in values.some_of(strange, place=operation):
        response = ask(owner, household, operation, address=where)
        found += [(name, fault) for fault in faults_of(response)]
    report(found)


@pytest.mark.parametrize("kind", ["application/json; a*=nonsense''%41", f"application/json; a={LONG}", "a*=idna''%ff"])
@pytest.mark.parametrize("path", ["/api/v1/accounts", "/api/v1/auth/login", "/health/live"])
def test_a_content_type_that_cannot_be_read_is_as_none(kept_connection, kind, path):
    """By the application that is served: Django refuses such a header before its handlers are at work."""
    environ = RequestFactory().generic("POST", path, b"{}").environ | {"CONTENT_TYPE": kind}
    begun = []

    body = b"".join(application(environ, lambda status, headers: begun.append((status[:3], dict(headers)))))

    [(status, headers)] = begun
    assert status in {"401", "405", "415"}
    assert headers["Content-Type"] == errors.MEDIA_TYPE
    assert json.loads(body)["status"] == int(status)


@pytest.mark.parametrize("path", ["/api/v1/accounts", "/api/v1/currencies/CAD", "/health/live"])
def test_a_read_of_another_state_is_refused_like_everything(owner, path):
    response = owner.get(path, headers={"If-Match": '"another"'})

    assert (response.status_code, response["Content-Type"]) == (412, errors.MEDIA_TYPE)
    assert response.json()["code"] == "stale"
