"""The request log tells enough to find a request, and nothing about the person behind it."""

import logging

import pytest
from django.http import HttpResponse

from finances import request_context
from finances.middleware import RequestMiddleware


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="finances.middleware")
    return caplog


def test_each_request_is_one_line(api, user, log):
    api.get("/api/v1/currencies/CAD")

    [record] = [record for record in log.records if record.name == "finances.middleware"]
    assert record.getMessage().startswith("GET /api/v1/currencies/CAD 200 ")
    assert record.status == 200


def test_queries_and_bodies_and_tokens_are_not_logged(api, log):
    api.get("/api/v1/financial-institutions", {"search": "private-matter"})
    api.post("/api/v1/auth/login", {"username": "someone@example.org", "password": "open-sesame"})

    assert "private-matter" not in log.text
    assert "open-sesame" not in log.text
    assert "someone@example.org" not in log.text
    assert "Bearer" not in log.text


def test_a_line_break_in_a_path_forges_no_line(api, log):
    api.get("/api/v1/x%0aGET /forged 200")

    [record] = [record for record in log.records if record.name == "finances.middleware"]
    assert "\n" not in record.getMessage()


def test_an_endless_path_is_cut(api, log):
    api.get("/=" + "a" * 4000)

    [record] = [record for record in log.records if record.name == "finances.middleware"]
    assert record.getMessage().startswith(f"GET /={'a' * 298}… 404 ")


@pytest.mark.parametrize("named", ["-", "abc"])
def test_somebody_waits_for_a_request_whatever_it_is_called(rf, named):
    waited = []

    def answer(request):
        waited.append(request_context.is_awaited.get())
        return HttpResponse()

    response = RequestMiddleware(answer)(rf.get("/", headers={"X-Request-ID": named}))

    assert waited == [True]
    assert response["X-Request-ID"] != "-"
    assert not request_context.is_awaited.get()
