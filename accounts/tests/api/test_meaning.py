"""What is recorded in an account keeps its meaning: the currency that it is in, and whether it is owned or owed."""

from datetime import UTC, datetime

import pytest

from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from securities.tests.factories import SecurityFactory, SecurityPriceFactory

URL = "/api/v1/accounts"


def other_things_in(account, kind):
    """Put a value or a holding into ``account``."""
    factory = {"value": AccountValueFactory, "holding": HoldingFactory}[kind]
    return factory(account=account)


@pytest.mark.parametrize("kind", ["value", "holding"])
@pytest.mark.parametrize(
    ("change", "field"), [({"currency_code": "USD"}, "currency_code"), ({"account_type": "mortgage"}, "account_type")]
)
def test_an_account_that_is_not_empty_keeps_its_currency_and_its_side(api, user, kind, change, field):
    account = InvestmentAccountFactory(user=user)
    other_things_in(account, kind)

    response = api.patch(f"{URL}/{account.pk}", {**change, "name": "Other"})

    fault = response.json()["errors"][0]
    assert (response.status_code, fault["field"], fault["code"]) == (400, field, "account_in_use")
    account.refresh_from_db()
    assert (account.currency_id, account.account_type) == ("CAD", "tfsa")


def net_worth(api, on):
    return api.get("/api/v1/net-worth", {"start": on, "end": on}).json()["points"][0]["net_worth"]


@pytest.fixture
def once_invested(time_machine, user, signed_in):
    """Ten shares at a hundred and no cash on 2 January; it is the 5th."""
    time_machine.move_to(datetime(2026, 1, 2, 12, tzinfo=UTC), tick=False)
    security = SecurityFactory(currency_id="CAD")
    for day in (2, 5):
        SecurityPriceFactory(security=security, timestamp=datetime(2026, 1, day, tzinfo=UTC), close="100")
    holding = HoldingFactory(account__user=user, security=security, timestamp=datetime(2026, 1, 2, tzinfo=UTC))
    value = AccountValueFactory(
        account=holding.account, timestamp=datetime(2026, 1, 2, tzinfo=UTC), value="1000", cash_balance="0"
    )
    time_machine.move_to(datetime(2026, 1, 5, 12, tzinfo=UTC), tick=False)
    account = f"{URL}/{holding.account_id}"
    return (
        signed_in(user),
        account,
        {"value": f"{account}/values/{value.pk}", "holding": f"/api/v1/holdings/{holding.pk}"},
    )


SIDE_OR_CURRENCY = pytest.mark.parametrize(
    "change", [{"account_type": "mortgage", "is_investment_account": False}, {"currency_code": "USD"}]
)


@SIDE_OR_CURRENCY
@pytest.mark.parametrize("order", [["holding", "value"], ["value", "holding"], ["holding"], []])
def test_an_account_that_a_past_day_is_valued_by_keeps_its_meaning_even_when_it_is_emptied(
    once_invested, change, order
):
    api, account, parts = once_invested
    for part in order:
        assert api.delete(parts[part]).status_code == 204
    before = net_worth(api, "2026-01-03")

    response = api.patch(account, change)

    fault = response.json()["errors"][0]
    assert (response.status_code, fault["code"]) == (400, "account_in_use")
    assert "Open another account." in fault["message"]
    assert "delete" not in fault["message"]
    assert net_worth(api, "2026-01-03") == before


@SIDE_OR_CURRENCY
def test_a_refused_change_may_be_followed_by_deletions_and_is_refused_again(once_invested, change):
    api, account, parts = once_invested

    refused = api.patch(account, change)
    for path in parts.values():
        api.delete(path)
    again = api.patch(account, change)

    assert [refused.status_code, again.status_code] == [400, 400]
    assert refused.json() == again.json()


@SIDE_OR_CURRENCY
def test_what_was_deleted_on_the_day_it_was_recorded_was_a_mistake_and_binds_nobody(api, user, change):
    account = InvestmentAccountFactory(user=user)
    holding, value = HoldingFactory(account=account), AccountValueFactory(account=account, cash_balance="1")
    api.delete(f"/api/v1/holdings/{holding.pk}")
    api.delete(f"{URL}/{account.pk}/values/{value.pk}")

    response = api.patch(f"{URL}/{account.pk}", change)

    assert response.status_code == 200


def test_values_that_are_deleted_count_on_no_day_and_bind_nobody(user, time_machine, signed_in):
    time_machine.move_to(datetime(2026, 1, 2, 12, tzinfo=UTC), tick=False)
    value = AccountValueFactory(account__user=user)
    time_machine.move_to(datetime(2026, 1, 5, 12, tzinfo=UTC), tick=False)
    api, account = signed_in(user), f"{URL}/{value.account_id}"
    api.delete(f"{account}/values/{value.pk}")

    response = api.patch(account, {"account_type": "mortgage", "currency_code": "USD"})

    assert response.status_code == 200


def test_an_account_that_is_not_empty_changes_within_its_side(api, user):
    account = AccountFactory(user=user)
    AccountValueFactory(account=account)

    response = api.patch(f"{URL}/{account.pk}", {"account_type": "savings", "currency_code": "CAD"})

    assert (response.status_code, response.json()["account_type"]) == (200, "savings")


def test_an_empty_account_changes_its_currency_and_its_side(api, user):
    account = AccountFactory(user=user)

    response = api.patch(f"{URL}/{account.pk}", {"account_type": "mortgage", "currency_code": "USD"})

    assert (response.status_code, response.json()["is_asset"], response.json()["currency_code"]) == (200, False, "USD")
