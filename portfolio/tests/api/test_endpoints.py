"""The manners of the endpoints: whose rows count, what may be asked, and what it costs."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from portfolio.tests.api.conftest import at
from securities.tests.factories import SecurityFactory, SecurityPriceFactory

ALL = ["dashboard", "net-worth", "allocation?by=account", "explain"]
every_endpoint = pytest.mark.parametrize("path", ALL)


def get(api, path):
    return api.get(f"/api/v1/{path}")


def on(path, day="2020-09-06"):
    name = "end" if path.startswith("net-worth") else "on"
    return f"{path}{'&' if '?' in path else '?'}{name}={day}"


# ---- Ownership ----


@every_endpoint
def test_what_belongs_to_a_stranger_never_counts(api, user, stranger, example, path):
    before = get(api, on(path)).json()
    theirs = seed_stranger(stranger)

    after = get(api, on(path)).json()

    assert after == before
    assert str(theirs["Chequing"].pk) not in json.dumps(after)


def seed_stranger(stranger):
    accounts = {name: AccountFactory(user=stranger, name=name) for name in ("Chequing", "Card")}
    for account in accounts.values():
        AccountValueFactory(account=account, timestamp=at("2020-09-01"), value="999999")
    HoldingFactory(account=InvestmentAccountFactory(user=stranger), timestamp=at("2020-09-01"))
    return accounts


@pytest.mark.parametrize("path", ["accounts/{}/valuation", "explain?figure=account:{}"])
def test_a_strangers_account_is_like_one_that_does_not_exist(api, stranger, path):
    theirs = AccountFactory(user=stranger)
    AccountValueFactory(account=theirs, timestamp=at("2020-09-01"))

    answers = [get(api, path.format(key)) for key in (theirs.pk, uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert theirs.name not in answers[0].text
    assert answers[0].json()["code"] == answers[1].json()["code"]


@pytest.mark.parametrize("path", [*ALL, f"accounts/{UUID(int=0)}/valuation"])
def test_anonymous_callers_are_told_to_sign_in(anonymous, db, path):
    assert get(anonymous, path).status_code == 401


def test_an_account_that_is_deleted_counts_no_more(api, example):
    example["Credit card"].delete()

    assert get(api, on("dashboard")).json()["net_worth"]["value"] == 16138.60


# ---- Questions ----


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("dashboard?on=yesterday", "on"),
        ("dashboard?on=2026-02-30", "on"),
        ("dashboard?on=0000-01-01", "on"),
        ("dashboard?on=10000-01-01", "on"),
        ("dashboard?currency=XXQ", "currency"),
        ("dashboard?currency=", "currency"),
        ("dashboard?currency=%00", "currency"),
        ("net-worth?start=2026-01-02&end=2026-01-01", "end"),
        ("net-worth?start=0001-01-01&end=9999-12-31", "interval"),
        ("net-worth?start=0001-01-01&end=9999-12-31&interval=month", "interval"),
        ("net-worth?interval=hour", "interval"),
        ("net-worth?by=colour", "by"),
        ("allocation", "by"),
        ("allocation?by=colour", "by"),
        ("allocation?by=sector&of=net_worth", "of"),
        (f"explain?figure={'x' * 200}", "figure"),
        ("explain?figure=%00", "figure"),
        ("explain?figure=", "figure"),
    ],
)
def test_a_question_that_cannot_be_answered_names_its_fault(api, path, field):
    response = get(api, path)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_too_many_numbers_by_account_are_refused_with_a_way_out(api, user):
    AccountFactory.create_batch(27, user=user)
    ten_years = "net-worth?start=2010-01-01&end=2019-12-31&by=account"  # 3652 days, of 28 numbers each

    refused = get(api, ten_years)
    accepted = [get(api, path) for path in (f"{ten_years}&interval=week", ten_years.removesuffix("&by=account"))]

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "interval")
    assert "interval of a week" in refused.json()["detail"] + refused.json()["errors"][0]["message"]
    assert [answer.status_code for answer in accepted] == [200, 200]


@pytest.mark.parametrize(
    "name", ["nothing", "account:1", "change:2y", "change:1d:1d", "currency:XXX", "::::", "' OR 1=1--", "liabilities:"]
)
def test_a_figure_that_does_not_exist_is_a_404(api, example, name):
    response = api.get("/api/v1/explain", {"figure": name, "on": "2020-09-06"})

    assert (response.status_code, response.json()["code"]) == (404, "figure_not_found")


@every_endpoint
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_day_is_a_day_like_others(api, user, example, path, zone):
    user.timezone = zone
    user.save()

    assert get(api, on(path, "0001-01-01")).status_code == 200


@pytest.mark.parametrize("path", [*ALL, "accounts/{}/valuation", "net-worth?start=2026-01-05"])
@pytest.mark.parametrize(("zone", "last"), [("Pacific/Kiritimati", "2026-01-08"), ("Pacific/Pago_Pago", "2026-01-07")])
def test_there_are_figures_until_tomorrow_and_none_of_a_day_that_is_yet_to_come(signed_in, user, path, zone, last):
    user.timezone = zone
    user.save()
    path = path.format(AccountFactory(user=user).pk)
    with time_machine.travel("2026-01-06T12:00Z", tick=False):
        api = signed_in(user)
        answers = [
            get(api, on(path, day))
            for day in (last, str(date.fromisoformat(last) + timedelta(days=1)), "2030-01-01", "9999-12-31")
        ]

    assert [answer.status_code for answer in answers[:3]] == [200, 400, 400]
    fault = answers[1].json()["errors"][0]
    assert (fault["field"], fault["code"]) == ("end" if path.startswith("net-worth") else "on", "in_future")
    assert fault["message"] == f"This day is yet to come; figures are of days until tomorrow, {last}."
    assert answers[3].status_code == 400


def test_a_series_cannot_begin_on_a_day_that_is_yet_to_come(api):
    answer = get(api, "net-worth?start=9999-12-31")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "start")


def test_the_change_since_a_day_that_does_not_exist_is_not_shown(api, example):
    assert get(api, on("dashboard", "0001-01-01")).json()["changes"] == []
    assert get(api, on("explain?figure=change:1d", "0001-01-01")).status_code == 404


@pytest.mark.parametrize(("now", "today"), [("03:59", "2020-09-06"), ("04:00", "2020-09-07")])
def test_without_a_day_it_is_today_where_the_user_is(user, signed_in, example, now, today):
    with time_machine.travel(datetime.fromisoformat(f"2020-09-07T{now}+00:00"), tick=False):
        shown = get(signed_in(user), f"accounts/{example['TFSA'].pk}/valuation").json()

    assert shown["on"] == today


def test_a_value_counts_on_the_day_of_the_users_zone(api, user, example):
    chequing = example["Chequing"]
    AccountValueFactory(account=chequing, timestamp=at("2020-09-07T03:59"), value="1")  # 23:59 in Toronto

    assert get(api, on(f"accounts/{chequing.pk}/valuation")).json()["value"] == 1
    user.timezone = "UTC"
    user.save()
    assert get(api, on(f"accounts/{chequing.pk}/valuation")).json()["value"] == 5200.50


def test_a_series_of_weeks_ends_with_the_last_day(api, example):
    shown = get(api, "net-worth?start=2020-08-24&end=2020-09-09&interval=week").json()

    assert [point["date"] for point in shown["points"]] == ["2020-08-30", "2020-09-06", "2020-09-09"]
    assert [point["complete"] for point in shown["points"]] == [False, True, True]
    missing = {shown["missing"][number]["name"] for number in shown["points"][0]["missing"]}
    assert missing == {"TFSA"}  # of which a holding is known, but not yet the cash


def test_an_answer_that_has_not_changed_is_a_304(api, example):
    first = get(api, on("dashboard"))

    again = api.get(f"/api/v1/{on('dashboard')}", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    AccountValueFactory(account=example["Chequing"], timestamp=at("2020-09-05"), value="1")
    changed = api.get(f"/api/v1/{on('dashboard')}", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


# ---- Cost ----


@pytest.mark.parametrize("path", [*ALL, "accounts/{}/valuation", "net-worth?by=account&interval=month"])
def test_many_accounts_cost_as_many_queries_as_one(api, user, example, path, empty_caches):
    path = on(path.format(example["TFSA"].pk))
    with CaptureQueriesContext(connection) as few:
        get(api, path)
    for place in range(50):
        account = InvestmentAccountFactory(user=user)
        AccountValueFactory(account=account, timestamp=at(f"2020-08-{place % 28 + 1:02}"), cash_balance="5")
        for _ in range(2):
            held = HoldingFactory(account=account, timestamp=at("2020-08-01"))
            SecurityPriceFactory(security=held.security, timestamp=at("2020-09-04T00:00"))
    empty_caches()

    with CaptureQueriesContext(connection) as many:
        get(api, path)
    with CaptureQueriesContext(connection) as kept:
        get(api, path)

    assert len(many) == len(few) <= 18
    assert len(kept) <= 8  # by account, one counts how many points it would be


def test_amounts_carry_their_exact_digits(api, user):
    account = AccountFactory(user=user, currency_id="JPY")
    AccountValueFactory(account=account, timestamp=at("2020-09-01"), value="12345678901234567890.5")

    shown = json.loads(get(api, on("explain") + "&currency=JPY").content, parse_float=Decimal)

    assert shown["exact"] == "12345678901234567890.5"
    assert shown["value"] == 12345678901234567890


# ---- What is told of the past ----


def test_purchases_of_the_past_that_are_sent_in_one_sitting_count_from_their_own_days_on(signed_in, user):
    account, security = InvestmentAccountFactory(user=user), SecurityFactory(currency_id="CAD")
    for month in (1, 3, 7, 9):
        SecurityPriceFactory(security=security, timestamp=at(f"2026-0{month}-20T00:00"), close="5")
    AccountValueFactory(account=account, timestamp=at("2026-01-01"), value="0", cash_balance="0")
    with time_machine.travel("2026-09-20T12:00Z", tick=False):
        api = signed_in(user)
        first = {"security_id": str(security.pk), "quantity": 10, "average_cost": 1, "timestamp": "2026-01-15"}
        holding = api.post(f"/api/v1/accounts/{account.pk}/holdings", first).json()
        for day, quantity in [("2026-06-15", 20), ("2026-09-15", 15)]:
            api.put(f"/api/v1/holdings/{holding['id']}", {"quantity": quantity, "timestamp": day})

        worth = [
            get(api, on("allocation?by=security", f"2026-0{month}-20")).json()["parts"][0]["value"]
            for month in (1, 3, 7, 9)
        ]

    assert worth == [50, 50, 100, 75]
