"""A holding of a security that nobody here has heard of: fetched, stored with its prices, then held. Or nothing."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from accounts.models import Holding
from accounts.tests.factories import AccountFactory, HoldingFactory, InvestmentAccountFactory
from finances.exceptions import ProviderUnavailableError
from securities.models import Security, SecurityPrice
from tests.at_once import at_once
from users.tests.factories import UserFactory


@pytest.fixture
def url(user):
    return f"/api/v1/accounts/{InvestmentAccountFactory(user=user).pk}/holdings"


def body(**changes):
    return {"security_id": "newco", "quantity": 2, "average_cost": 90, **changes}


def nothing_is_stored():
    return not (Holding.objects.exists() or Security.objects.exists() or SecurityPrice.objects.exists())


@pytest.fixture
def in_march(time_machine):
    """It is the day after the last of the closes."""
    time_machine.move_to(datetime(2026, 3, 5, 12, tzinfo=UTC), tick=False)


def test_an_unknown_symbol_is_fetched_with_its_prices_and_held(in_march, api, shelf, url):
    shelf.put("NEWCO", closes=[100, 101, 102], first=date(2026, 3, 2))

    response = api.post(url, body())

    answer = response.json()
    assert response.status_code == 201
    assert (answer["security"]["symbol"], answer["security"]["in_database"]) == ("NEWCO", True)
    assert (answer["current_price"], answer["current_price_at"]) == (102, "2026-03-04T00:00:00Z")
    assert (answer["market_value"], answer["gain_loss"]) == (204, 24)
    assert SecurityPrice.objects.count() == 3


def test_the_second_holder_asks_nobody(api, shelf, url, signed_in, stranger):
    shelf.put("NEWCO", closes=[100])
    api.post(url, body())
    theirs = InvestmentAccountFactory(user=stranger)

    response = signed_in(stranger).post(f"/api/v1/accounts/{theirs.pk}/holdings", body(security_id="NEWCO"))

    assert response.status_code == 201
    assert len(shelf.asked("profile")) == 1


def test_a_symbol_that_the_provider_does_not_know_is_a_404(api, shelf, url):
    response = api.post(url, body())

    assert (response.status_code, response.json()["code"]) == (404, "security_not_found")
    assert nothing_is_stored()


def test_a_provider_that_is_away_is_a_503(api, shelf, url):
    shelf.failure = ProviderUnavailableError("The shelf is away.", retry_after=30)

    response = api.post(url, body())

    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert nothing_is_stored()


def test_a_provider_that_goes_away_in_the_middle_leaves_nothing(api, shelf, url):
    shelf.put("NEWCO", closes=[100])

    def fail():
        raise ProviderUnavailableError("The shelf fell over.")

    shelf.during_history = fail

    response = api.post(url, body())

    assert response.status_code == 503
    assert nothing_is_stored()


@pytest.mark.parametrize(
    "changes", [{"quantity": 0}, {"average_cost": -1}, {"currency_code": "XXQ"}, {"quantity": None}]
)
def test_what_cannot_be_held_is_not_fetched(api, shelf, url, changes):
    shelf.put("NEWCO", closes=[100])

    response = api.post(url, body(**changes))

    assert response.status_code == 400
    assert shelf.calls == []
    assert nothing_is_stored()


def test_nothing_is_fetched_for_an_account_that_holds_no_securities(api, shelf, user):
    account = AccountFactory(user=user)

    response = api.post(f"/api/v1/accounts/{account.pk}/holdings", body())

    assert response.status_code == 400
    assert shelf.calls == []


def test_nothing_is_fetched_for_a_strangers_account(api, shelf, stranger):
    theirs = InvestmentAccountFactory(user=stranger)

    nested = api.post(f"/api/v1/accounts/{theirs.pk}/holdings", body())
    flat = api.post("/api/v1/holdings", body(account_id=str(theirs.pk)))

    assert (nested.status_code, flat.status_code) == (404, 400)
    assert shelf.calls == []
    assert nothing_is_stored()


def test_the_first_answer_is_given_again_without_asking_the_provider(api, shelf, url):
    shelf.put("NEWCO", closes=[100])
    first = api.post(url, body(), headers={"Idempotency-Key": "k"})
    shelf.failure = ProviderUnavailableError("The shelf is away.")

    again = api.post(url, body(), headers={"Idempotency-Key": "k"})

    assert first.content == again.content


@pytest.mark.django_db(transaction=True)
def test_no_transaction_waits_for_the_provider(signed_in, shelf):
    user = UserFactory()
    account = HoldingFactory(account__user=user).account
    shelf.put("NEWCO", closes=[100])
    seen = []
    shelf.during_history = lambda: seen.append(connection.in_atomic_block)

    response = signed_in(user).post(f"/api/v1/accounts/{account.pk}/holdings", body(), headers={"Idempotency-Key": "k"})

    assert response.status_code == 201
    assert seen == [False]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_ten_who_want_the_same_unknown_security_store_it_once(signed_in, shelf, headers):
    user = UserFactory()
    path = f"/api/v1/accounts/{InvestmentAccountFactory(user=user).pk}/holdings"
    shelf.put("NEWCO", closes=[100, 101])

    answers = at_once(*[lambda: signed_in(user).post(path, body(), headers=headers)] * 10)

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == ([201] * 10 if headers else [201] + [409] * 9)
    assert (Security.objects.count(), Holding.objects.count(), SecurityPrice.objects.count()) == (1, 1, 2)
