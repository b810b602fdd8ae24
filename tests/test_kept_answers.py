"""Answers that are given again: to whom, to what question, and for how long; and that they are as they would be anew.

That those about accounts and holdings show every change is tested in accounts/tests/api/test_kept_pages.py.
"""

import gc
import logging
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.tests.factories import AccountFactory
from config.wsgi import application
from finances import caching
from finances.api import kept_answers
from finances.api.permissions import IsSuperuser
from securities.models import Security, SecurityPrice
from securities.tests.factories import SecurityActionFactory, SecurityPriceFactory
from users import sessions
from users.models import User

OF_EACH_REQUEST = {"X-Request-ID", "X-Process-Time"}
LIMITED = {"user": "3/day"}


@pytest.fixture
def address(user):
    return f"/api/v1/accounts/{AccountFactory(user=user).pk}"


@pytest.fixture
def kept(api, address):
    """Ask for an account, so that the answer is kept, and return it."""
    answer = api.get(address)
    assert answer.status_code == 200
    assert len(caching.answers.kept) == 1
    return answer


def said(response):
    """Return all of an answer that is not of each request alone."""
    header = {name: value for name, value in response.items() if name not in OF_EACH_REQUEST}
    return response.status_code, header, response.content


@pytest.mark.parametrize(
    "field",
    [
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://elsewhere.example"},
        {"Accept": "text/html"},
        {"X-Forwarded-Proto": "https"},
        {"If-None-Match": "*"},
        {"If-Match": '"another.one"'},
        {"X-Request-ID": "mine"},
    ],
    ids=lambda field: next(iter(field)),
)
def test_it_is_in_every_word_what_it_would_be_anew(api, kept, address, field):
    again = [api.get(address, headers=field) for _ in range(2)][1]
    caching.forget()
    anew = api.get(address, headers=field)

    assert said(again) == said(anew)
    assert again.get("X-Request-ID") == field.get("X-Request-ID", again["X-Request-ID"])


def test_each_request_has_a_name_and_a_line_of_its_own(api, user, kept, address, caplog):
    caplog.set_level(logging.INFO, logger="finances.middleware")

    again = [api.get(address), api.get(address)]

    lines = [record for record in caplog.records if record.name == "finances.middleware"]
    assert len({kept["X-Request-ID"], *(answer["X-Request-ID"] for answer in again)}) == 3
    assert [(line.status, line.route) for line in lines] == [(200, "/api/v1/accounts/<pk>")] * 2


def test_a_tag_is_answered_with_nothing_again(api, kept, address):
    answers = [api.get(address, headers={"If-None-Match": kept["ETag"]}) for _ in range(2)]

    assert [(answer.status_code, answer.content) for answer in answers] == [(304, b"")] * 2
    assert said(answers[0]) == said(answers[1])


def test_only_what_is_asked_in_the_same_way_is_given_again(api, kept, address, django_assert_num_queries):
    with django_assert_num_queries(1):  # who asks
        api.get(address)
    with django_assert_num_queries(2):
        api.get(address, headers={"Accept-Language": "fr"})
    with django_assert_num_queries(2):
        api.get(address, {"anything": 1})


def test_it_is_only_for_reading(api, kept, address):
    head = api.head(address)
    changed = api.patch(address, {"name": "Another"})

    assert (head.status_code, head.content, changed.json()["name"]) == (200, b"", "Another")
    assert api.get(address).json() == changed.json()


def test_whoever_has_another_token_is_somebody_else(kept, address, stranger, signed_in):
    assert signed_in(stranger).get(address).status_code == 404


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Basic x"])
def test_without_a_token_there_is_nothing(anonymous, kept, address, header):
    field = {} if header is None else {"Authorization": header}

    assert anonymous.get(address, headers=field).status_code == 401


ENDS = {
    "signs out": lambda user: sessions.end_all(user_ids=[user.pk]),
    "is deactivated": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "has another password": lambda user: (user.set_password("another one 1"), user.save()),
    "is gone": lambda user: user.delete(),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_who_may_not_ask_any_more_is_given_nothing_again(api, user, kept, address, end):
    end(user)

    assert api.get(address).status_code == 401


def test_it_counts_like_every_request(api, address, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | LIMITED

    answers = [api.get(address) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[4].json()["code"] == "throttled"


def test_while_the_database_is_away_it_says_so(api, kept, address):
    def refuse(*_):
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(refuse):
        answer = api.get(address)

    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert (answer.json()["code"], int(answer["Retry-After"])) == ("database_unavailable", 5)
    assert api.get(address).content == kept.content


def test_a_process_keeps_no_more_than_it_may(api, address):
    for number in range(caching.MOST_NEAR_BYTES // kept_answers.OTHER_BYTES // 10):
        api.get(address, headers={"User-Agent": str(number)})
    count = len(caching.answers.kept)
    for number in range(caching.MOST_NEAR_BYTES // 100_000 + 5):
        slot = f"large {number}"
        caching.answers.put(slot, kept_answers.Answer("", list, "", 200, {}, b"x" * 100_000))

    assert count > 100
    assert sum(len(answer) for _, answer in caching.answers.kept.values()) <= caching.MOST_NEAR_BYTES


def test_long_headers_count_too(security, api):
    """Links to other pages repeat the query."""
    for number in range(caching.MOST_NEAR_BYTES // 20_000):
        query = f"limit=1&offset=1&x={number}{'(' * 3900}"
        assert len(api.get(f"/api/v1/securities/{security.symbol}/prices?{query}")["Link"]) > 20_000

    kept = [answer for _, answer in caching.answers.kept.values()]
    assert sum(len(value) for answer in kept for value in answer.header.values()) <= caching.MOST_NEAR_BYTES


def test_a_query_in_another_charset_is_another_question(security, api):
    """Django reads a query as the kind of content says, though there is no content."""
    address = f"/api/v1/securities/{security.symbol}/prices?limit=%2BADU-"

    statuses = [api.get(address, content_type=kind).status_code for kind in (None, "text/plain; charset=utf-7", None)]

    assert statuses == [400, 200, 400]


@pytest.mark.parametrize(
    ("attributes", "is_kept"),
    [
        ({}, True),
        ({"throttle_scope": "figures"}, False),
        ({"throttle_account": lambda _: None}, False),
        ({"permission_classes": [IsSuperuser]}, False),
        ({"permission_classes": [IsAuthenticated, IsSuperuser]}, False),
    ],
    ids=["nothing", "a scope", "an account", "superusers", "also superusers"],
)
def test_what_asks_for_more_than_is_asked_again_is_not_kept(rf, attributes, is_kept):
    view = type("View", (APIView,), attributes)()
    view.request = Request(rf.get("/"))

    kept_answers.may_be_kept(view, state=[1], state_of=lambda _: [1])

    assert hasattr(view.request._request, kept_answers.DEPENDS) == is_kept


# ---- Prices, which all users share ----

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def security(db, time_machine):
    """A security with three prices of late; it is 2026-03-10 at noon, UTC."""
    time_machine.move_to(NOON, tick=False)
    first = SecurityPriceFactory(timestamp=datetime(2026, 3, 2, tzinfo=UTC))
    for day in (6, 9):
        SecurityPriceFactory(security=first.security, timestamp=datetime(2026, 3, day, tzinfo=UTC))
    return first.security


CHANGES = {
    "a price": lambda: SecurityPrice.objects.filter(timestamp__day=6).update(close=8),
    "one more price": lambda: SecurityPriceFactory(
        security=Security.objects.get(), timestamp=datetime(2026, 3, 10, tzinfo=UTC)
    ),
    "a price that goes": lambda: SecurityPrice.objects.filter(timestamp__day=6).delete(),
    "a split": lambda: SecurityActionFactory(
        security=Security.objects.get(), kind="split", value=4, date=date(2026, 3, 6)
    ),
    "its name": lambda: Security.objects.update(name="Another"),
    "its symbol": lambda: Security.objects.update(symbol="OTHER"),
    "a sync that begins": lambda: Security.objects.update(sync_started_at=timezone.now()),
    "that it goes": lambda: (SecurityPrice.objects.all().delete(), Security.objects.get().delete()),
    "that all go": lambda: (SecurityPrice.objects.all().delete(), Security.objects.all().delete()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_a_series_is_seen_at_once(security, api, change):
    address = f"/api/v1/securities/{security.symbol}/prices"
    before = [api.get(address) for _ in range(2)]
    tag = {"If-None-Match": before[0]["ETag"]}
    unchanged = [api.get(address, headers=tag).status_code for _ in range(2)]

    change()

    after = api.get(address, headers=tag)
    caching.forget()
    assert (said(before[0]), unchanged) == (said(before[1]), [304, 304])
    assert said(after) == said(api.get(address, headers=tag))
    assert after.status_code in {200, 404}


def test_a_series_without_an_end_goes_on_with_the_day(security, user, signed_in, time_machine):
    address = f"/api/v1/securities/{security.symbol}/prices"
    time_machine.move_to(datetime(2026, 3, 10, 23, 50, tzinfo=UTC), tick=False)
    api = signed_in(user)
    before = [api.get(address).json()["requested_end"] for _ in range(2)]

    time_machine.move_to(datetime(2026, 3, 11, 0, 10, tzinfo=UTC), tick=False)

    assert [*before, api.get(address).json()["requested_end"]] == [
        "2026-03-10T23:59:59Z", "2026-03-10T23:59:59Z", "2026-03-11T23:59:59Z",
    ]  # fmt: skip


def test_a_series_that_has_not_changed_costs_one_query(security, api, django_assert_num_queries):
    address = f"/api/v1/securities/{security.symbol}/prices"
    tag = {"If-None-Match": api.get(address)["ETag"]}
    api.get(address, headers=tag)

    with django_assert_num_queries(1):  # who asks
        api.get(address)
    with django_assert_num_queries(1):
        api.get(address, headers=tag)


def test_that_a_sync_is_over_by_time_alone_is_seen(security, api, time_machine):
    address = f"/api/v1/securities/{security.symbol}/prices"
    Security.objects.update(sync_started_at=NOON)
    during = [api.get(address).json()["security"]["is_syncing"] for _ in range(2)]

    time_machine.move_to(NOON + timedelta(minutes=11), tick=False)

    assert (during, api.get(address).json()["security"]["is_syncing"]) == ([True, True], False)


# ---- What is not kept goes ----


def test_an_answer_goes_at_once_when_it_is_given(security, user, rf):
    """Without waiting for the collector of garbage: series are large, and there may be many between two collections."""
    header = {"Authorization": f"Bearer {sessions.start(user=user).access_token}"}
    statuses = []

    def ask(offset):  # without the client of tests, which leaves circles of its own
        request = rf.get(f"/api/v1/securities/{security.symbol}/prices", {"offset": offset}, headers=header)
        statuses.append(application.get_response(request).status_code)

    def left():
        return sum(issubclass(type(each), (Response, Request, APIView)) for each in gc.get_objects())

    ask(0)
    gc.collect()
    gc.disable()
    try:
        before = left()
        for offset in range(1, 4):
            ask(offset)
        after = left()
    finally:
        gc.enable()

    assert (statuses, after) == ([200] * 4, before)
