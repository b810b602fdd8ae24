from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccountValue
from accounts.tests.factories import AccountFactory, AccountValueFactory, InvestmentAccountFactory


@pytest.fixture
def account(user):
    return AccountFactory(user=user)


@pytest.fixture
def url(account):
    return f"/api/v1/accounts/{account.pk}/values"


def test_a_value_is_recorded(api, account, url):
    response = api.post(url, {"timestamp": "2025-11-23T10:00", "value": "1234567890123.45"})

    body = response.json()
    assert response.status_code == 201
    assert response["Location"] == f"http://testserver{url}/{body['id']}"
    assert body["account_id"] == str(account.pk)
    assert (body["timestamp"], body["date"]) == ("2025-11-23T10:00:00Z", "2025-11-23")
    assert '"value":1234567890123.45,' in response.text
    assert '"balance":1234567890123.45' in response.text
    assert api.get(f"{url}/{body['id']}").json() == body


def test_a_value_is_of_now_unless_said(api, url, time_machine):
    now = datetime.now(UTC).replace(microsecond=0)
    time_machine.move_to(now, tick=False)

    response = api.post(url, {"balance": -5})

    assert response.json()["timestamp"] == f"{now:%Y-%m-%dT%H:%M:%SZ}"
    assert response.json()["value"] == -5


@pytest.mark.parametrize(
    ("body", "timestamp"),
    [
        ({"date": "2025-11-23"}, "2025-11-23T12:00:00Z"),
        ({"date": "2025-11-23T10:00"}, "2025-11-23T10:00:00Z"),
        ({"timestamp": "2025-11-23"}, "2025-11-23T12:00:00Z"),
        ({"timestamp": "2025-11-23T23:30:00-05:00"}, "2025-11-24T04:30:00Z"),
        ({"timestamp": "2025-11-23T10:00Z", "date": "2025-11-23"}, "2025-11-23T10:00:00Z"),
    ],
)
def test_the_instant_is_read_in_utc_and_a_day_is_its_noon(api, url, body, timestamp):
    response = api.post(url, {"value": 1, **body})

    assert response.status_code == 201
    assert response.json()["timestamp"] == timestamp


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "1e400"}, "value"),
        ({"value": "0.123456789"}, "value"),
        ({"value": "1" * 21}, "value"),
        ({"value": 1, "balance": 2}, "balance"),
        ({"value": 1, "timestamp": "yesterday"}, "timestamp"),
        ({"value": 1, "timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp"),
        ({"value": 1, "date": "yesterday"}, "date"),
        ({"value": 1, "date": 5}, "date"),
        ({"value": 1, "date": "2025-11-24", "timestamp": "2025-11-23T10:00Z"}, "date"),
    ],
)
def test_bad_input_names_its_field(api, url, body, field):
    response = api.post(url, body)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert not AccountValue.objects.exists()


def test_an_account_has_one_value_an_instant(api, account, url):
    AccountValueFactory(account=account, timestamp=datetime(2026, 1, 2, 12, tzinfo=UTC))

    response = api.post(url, {"date": "2026-01-02", "value": 5})

    assert (response.status_code, response.json()["code"]) == (409, "duplicate")
    assert response.json()["detail"] == "There is a value of this account for this instant."


def test_an_investment_account_needs_its_cash_balance(api, user):
    account = InvestmentAccountFactory(user=user)
    url = f"/api/v1/accounts/{account.pk}/values"

    without = api.post(url, {"value": 5})
    with_cash = api.post(url, {"value": 5, "cash_balance": 2})

    assert without.status_code == 400
    assert without.json()["errors"] == [
        {"field": "cash_balance", "code": "required", "message": "An investment account needs its cash balance."}
    ]
    assert (with_cash.status_code, with_cash.json()["cash_balance"]) == (201, 2)


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_only_what_is_sent_changes(api, account, url, verb):
    value = AccountValueFactory(account=account, timestamp=datetime(2026, 1, 2, 10, tzinfo=UTC), value="1")

    response = getattr(api, verb)(f"{url}/{value.pk}", {"value": 2, "date": "2026-01-02"})

    assert response.status_code == 200
    assert (response.json()["value"], response.json()["timestamp"]) == (2, "2026-01-02T10:00:00Z")


def test_a_value_moves_to_another_day(api, account, url):
    value = AccountValueFactory(account=account, timestamp=datetime(2026, 1, 2, 10, tzinfo=UTC))

    response = api.patch(f"{url}/{value.pk}", {"date": "2026-01-03"})

    assert response.json()["timestamp"] == "2026-01-03T12:00:00Z"


def test_a_value_is_deleted(api, account, url):
    value = AccountValueFactory(account=account)

    response = api.delete(f"{url}/{value.pk}")

    assert response.status_code == 204
    assert not AccountValue.objects.exists()


def days(response):
    return [row["date"][-2:] for row in response.json()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["04", "03", "02"]),
        ({"start": "2026-01-03"}, ["04", "03"]),
        ({"end": "2026-01-03"}, ["03", "02"]),
        ({"start": "2026-01-03", "end": "2026-01-03"}, ["03"]),
        ({"end": "2026-01-03T09:59:59"}, ["02"]),
        ({"start": "2026-01-03T10:00:00Z", "end": "2026-01-03T10:00:00Z"}, ["03"]),
        ({"start": "2026-01-03T12:00:00+02:00", "limit": 1, "skip": 1}, ["03"]),
    ],
)
def test_the_newest_come_first_and_a_range_includes_both_ends(api, account, url, query, expected):
    for day in (2, 3, 4):
        AccountValueFactory(account=account, timestamp=datetime(2026, 1, day, 10, tzinfo=UTC))

    response = api.get(url, query)

    assert days(response) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"start": "soon"},
        {"end": "9999-12-31T23:59:59.999999Z"},
        {"start": "2026-01-02", "end": "2026-01-01"},
        {"limit": 10_001},
    ],
)
def test_a_range_that_cannot_be_is_refused(api, url, query):
    response = api.get(url, query)

    assert response.status_code == 400


def test_a_history_is_not_cut_at_the_page_of_other_lists(api, account, url):
    AccountValueFactory.create_batch(120, account=account)

    response = api.get(url)

    assert len(response.json()) == 120


def test_what_lies_in_the_future_is_refused(api, url):
    soon, later = (str(datetime.now(UTC).date() + timedelta(days=days)) for days in (0, 3))

    taken = api.post(url, {"value": 1, "timestamp": soon})
    refused = [api.post(url, {"value": 1, name: later}) for name in ("timestamp", "date")]
    among = api.post(url, [{"value": 1}, {"value": 1, "date": later}])

    assert taken.status_code == 201
    faults = [response.json()["errors"][0] for response in (*refused, among)]
    assert [fault["field"] for fault in faults] == ["timestamp", "date", "1.date"]
    assert {fault["code"] for fault in faults} == {"in_future"}


@pytest.mark.parametrize(
    ("value", "cash", "status"),
    [("5", "5", 201), ("-100", "-300", 201), ("100", "-300", 201), ("5", "5.01", 400), ("-300", "-100", 400)],
)
def test_cash_is_a_part_of_the_value(api, user, value, cash, status):
    account = InvestmentAccountFactory(user=user)

    response = api.post(f"/api/v1/accounts/{account.pk}/values", {"value": value, "cash_balance": cash})

    assert response.status_code == status
    if status == 400:
        fault = response.json()["errors"][0]
        assert (fault["field"], fault["code"]) == ("cash_balance", "cash_exceeds_value")


def test_there_are_as_many_values_as_an_account_may_have(api, url, settings):
    settings.QUOTAS = {**settings.QUOTAS, "values_per_account": 3}
    api.post(url, {"value": 1, "date": "2026-01-01"})

    refused = api.post(url, batch(3))
    taken = api.post(url, batch(2))
    one_more = api.post(url, {"value": 1})

    assert (refused.status_code, refused.json()["code"]) == (409, "quota_exceeded")
    assert refused.json()["detail"] == "There may be at most 3 account values here; delete some that are not needed."
    assert (taken.status_code, one_more.status_code) == (201, 409)
    assert AccountValue.objects.count() == 3


def test_each_row_of_an_array_counts_against_the_rate(api, url, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "recorded_values": "10/hour"}

    answers = [api.post(url, batch(9)), api.post(url, {"value": 1}), api.post(url, {"value": 2})]

    assert [response.status_code for response in answers] == [201, 201, 429]


# ---- Many at once ----


def batch(count):
    return [
        {"timestamp": f"20{20 + n // 300}-01-01T00:{n % 60:02}:{n // 60 % 60:02}", "value": n} for n in range(count)
    ]


def test_many_values_are_recorded_at_once(api, account, url):
    response = api.post(url, batch(1000))

    assert response.status_code == 201
    assert [row["value"] for row in response.json()] == list(range(1000))
    assert AccountValue.objects.filter(account=account, user=account.user).count() == 1000


def test_many_values_cost_as_many_queries_as_two(api, user):
    one, other = (f"/api/v1/accounts/{AccountFactory(user=user).pk}/values" for _ in range(2))
    with CaptureQueriesContext(connection) as few:
        api.post(one, batch(2))

    with CaptureQueriesContext(connection) as many:
        api.post(other, batch(200))

    assert len(many) == len(few)


def test_a_bad_row_is_named_and_nothing_is_recorded(api, url):
    rows = [{"value": 1, "date": f"2026-01-0{n}"} for n in range(1, 5)]
    rows[1]["value"], rows[3]["value"] = "much", None

    response = api.post(url, rows)

    assert response.status_code == 400
    assert [fault["field"] for fault in response.json()["errors"]] == ["1.value", "3.value"]
    assert not AccountValue.objects.exists()


def test_a_row_without_cash_is_named(api, user):
    account = InvestmentAccountFactory(user=user)

    response = api.post(f"/api/v1/accounts/{account.pk}/values", [{"value": 1, "cash_balance": 1}, {"value": 1}])

    assert response.status_code == 400
    assert [fault["field"] for fault in response.json()["errors"]] == ["1.cash_balance"]


@pytest.mark.parametrize("instants", [["2026-01-05", "2026-01-02"], ["2026-01-05", "2026-01-05T12:00Z"]])
def test_a_row_for_a_taken_instant_is_named_and_nothing_is_recorded(api, account, url, instants):
    AccountValueFactory(account=account, timestamp=datetime(2026, 1, 2, 12, tzinfo=UTC))

    response = api.post(url, [{"value": 1, "timestamp": instant} for instant in instants])

    assert (response.status_code, response.json()["code"]) == (409, "duplicate")
    assert response.json()["errors"][0]["field"] == "1.timestamp"
    assert AccountValue.objects.count() == 1


@pytest.mark.parametrize("rows", [[], batch(1001), [5], [[]], [None]])
def test_a_batch_that_cannot_be_is_refused(api, url, rows):
    response = api.post(url, rows)

    assert response.status_code == 400
    assert not AccountValue.objects.exists()
