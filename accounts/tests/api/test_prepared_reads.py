"""Single rows and first pages are read by queries that are written once, and read the same as any list."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.api.views import AccountViewSet
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityActionFactory, SecurityPriceFactory

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def noon(time_machine):
    """It is 2026-03-10 at noon, UTC."""
    time_machine.move_to(NOON, tick=False)


def test_an_account_reads_as_in_its_list(api, user):
    bank = FinancialInstitutionFactory(user=user)
    accounts = [AccountFactory(user=user), AccountFactory(user=user, financial_institution=bank)]
    for number, account in enumerate(accounts):
        AccountValueFactory(account=account, value=f"{number}.25")

    listed = api.get("/api/v1/accounts?offset=0").json()

    assert [each["current_balance"] for each in listed] == [0.25, 1.25]
    assert [api.get(f"/api/v1/accounts/{each['id']}").json() for each in listed] == listed


def test_a_holding_reads_as_in_its_list(noon, api, user):
    holdings = HoldingFactory.create_batch(2, account__user=user)
    for number, holding in enumerate(holdings):
        SecurityPriceFactory(security=holding.security, timestamp=datetime(2026, 3, 9 + number, tzinfo=UTC))
    SecurityActionFactory(security=holdings[0].security, kind="split", value=4, date=date(2026, 2, 1))

    listed = api.get("/api/v1/holdings?offset=0").json()

    assert sorted(each["quantity_today"] for each in listed) == [10, 40]
    assert [api.get(f"/api/v1/holdings/{each['id']}").json() for each in listed] == listed


@pytest.fixture
def lists(user):
    """Return the addresses of lists that each have rows of the user's, of strangers, and of other accounts."""
    accounts = InvestmentAccountFactory.create_batch(2, user=user)
    for account in [*accounts, InvestmentAccountFactory()]:
        account.financial_institution = FinancialInstitutionFactory(user=account.user)
        account.save()
        AccountValueFactory.create_batch(3, account=account)
        for holding in HoldingFactory.create_batch(2, account=account):
            SecurityActionFactory(security=holding.security, kind="split", value=4, date=date(2026, 2, 1))
            SecurityPriceFactory(security=holding.security, timestamp=datetime(2026, 3, 9, tzinfo=UTC))
    within = f"accounts/{accounts[0].pk}"
    return {"accounts": 2, "holdings": 4, "financial-institutions": 2, f"{within}/values": 3, f"{within}/holdings": 2}


def test_a_list_without_a_query_reads_as_one_with_a_query(noon, api, lists):
    plain = {name: api.get(f"/api/v1/{name}") for name in lists}
    asked = {name: api.get(f"/api/v1/{name}?offset=0") for name in lists}

    assert {name: len(answer.json()) for name, answer in plain.items()} == lists
    for name, answer in plain.items():
        assert (answer.content, answer["X-Total-Count"]) == (asked[name].content, asked[name]["X-Total-Count"])
        assert answer["Link"] == asked[name]["Link"]


def test_a_list_that_is_longer_than_a_page_says_how_long(api, user):
    FinancialInstitutionFactory.create_batch(102, user=user)

    plain, asked = (api.get(f"/api/v1/financial-institutions{query}") for query in ("", "?offset=0"))

    assert (len(plain.json()), plain["X-Total-Count"]) == (100, "102")
    assert (plain.content, plain["Link"]) == (asked.content, asked["Link"])


def test_today_is_that_of_the_request_and_not_of_the_first_one(time_machine, signed_in, user):
    account = AccountFactory(user=user)
    AccountValueFactory(account=account, timestamp=NOON, value=1)
    AccountValueFactory(account=account, timestamp=NOON + timedelta(days=1), value=2)
    balances = []

    for days in (0, 1):
        time_machine.move_to(NOON + timedelta(days=days, hours=1), tick=False)
        balances.append(signed_in(user).get(f"/api/v1/accounts/{account.pk}").json()["current_balance"])

    assert balances == [1, 2]


def test_a_stranger_s_row_and_what_is_no_id_do_not_exist(api):
    stranger_s = AccountFactory()

    answers = [api.get(f"/api/v1/accounts/{key}") for key in (stranger_s.pk, "no-id", "%00")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.django_db
def test_a_value_of_the_wrong_kind_is_refused():
    with pytest.raises(ValidationError):
        AccountViewSet.prepared.by("pk").rows(pk="no-id", user_id=None, before=NOON)
