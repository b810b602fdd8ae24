"""Nobody's figures take everybody's time: what is too much at once is refused, with a way out."""

from contextlib import ExitStack
from datetime import date

import pytest

from accounts.tests.factories import AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from finances import places
from portfolio import work
from portfolio.api import answers
from portfolio.tests.api.conftest import at
from portfolio.work import TooMuchWorkError, Work

TEN_YEARS = 3653


def too_much(**fields):
    with pytest.raises(TooMuchWorkError) as refused:
        Work(**fields).require_bounded()
    return refused.value


def test_ten_years_of_days_with_a_hundred_holdings_and_twenty_values_a_day_are_not_too_much():
    Work(points=TEN_YEARS, days=TEN_YEARS, holdings=100, securities=100, values=20 * TEN_YEARS).require_bounded()
    Work(points=10_000, days=10_000, holdings=100, securities=100).require_bounded()


def test_what_is_too_much_says_for_how_many_days_to_ask_and_that_is_not_too_much():
    refused = too_much(points=9862, days=9862, holdings=1000, securities=400, values=4000)

    assert (refused.code, refused.field) == ("too_many", "start")
    assert refused.message == (
        "9862 points of 9862 days, with 1000 holdings and 4000 recorded values, are more than is computed at once. Ask "
        "for at most 1426 days at once, or for an interval of a week or a month."
    )
    Work(points=1426, days=1426, holdings=1000, securities=400, values=4000 * 1426 // 9862).require_bounded()


def test_closes_that_are_read_count_whatever_the_interval():
    refused = too_much(points=324, days=9862, holdings=1000, securities=1000)

    assert refused.message.endswith("Ask for at most 1936 days at once.")


def test_recorded_values_count_and_so_does_what_is_read_of_them():
    assert "0 holdings and 400001 recorded values" in too_much(points=1, days=900, values=work.MAX_VALUES + 1).message


@pytest.mark.django_db
def test_a_series_of_too_much_is_refused_before_it_is_computed(api, user):
    account = InvestmentAccountFactory(user=user)
    HoldingFactory.create_batch(120, account=account)
    AccountValueFactory(account=account, timestamp=at("2026-01-01"), cash_balance="1")

    refused = api.get("/api/v1/net-worth?start=2000-01-01&end=2026-01-01")
    followed = api.get("/api/v1/net-worth?start=2004-01-01&end=2026-01-01")

    body = refused.json()
    assert (refused.status_code, body["code"], body["errors"][0]["field"]) == (400, "too_many", "start")
    assert "Ask for at most 8333 days at once, or for an interval of a week or a month." in body["detail"]
    assert followed.status_code == 200
    assert (date(2026, 1, 1) - date(2004, 1, 1)).days < 8333


def busy(user):
    stack = ExitStack()
    for _ in range(answers.MOST_AT_ONCE):
        stack.enter_context(places.taken(f"figures:{user.pk}", most=answers.MOST_AT_ONCE, wait_seconds=0))
    return stack


@pytest.mark.django_db
def test_who_has_enough_figures_under_way_waits_and_others_do_not(api, user, stranger, signed_in):
    api.get("/api/v1/dashboard")
    with busy(user):
        refused = api.get("/api/v1/dashboard?on=2020-09-06")
        kept = api.get("/api/v1/dashboard")
        others = signed_in(stranger).get("/api/v1/dashboard?on=2020-09-06")

    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (429, "throttled", "5")
    assert (kept.status_code, others.status_code) == (200, 200)
    assert api.get("/api/v1/dashboard?on=2020-09-06").status_code == 200


@pytest.mark.django_db
def test_figures_are_computed_once_however_their_address_ends(api, user):
    before = api.get("/api/v1/dashboard")
    with busy(user):
        after = api.get("/api/v1/dashboard/")

    assert (after.status_code, after.content) == (200, before.content)
