from datetime import UTC, datetime

import pytest

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from institutions.tests.factories import FinancialInstitutionFactory

URL = "/api/v1/accounts"


def test_a_user_opens_an_account(api, user):
    bank = FinancialInstitutionFactory(user=user, name="Northern Credit")

    response = api.post(
        URL,
        {
            "name": "Everyday",
            "account_type": "checking",
            "financial_institution_id": str(bank.pk),
            "currency_code": "usd",
            "interest_rate": 1.25,
        },
    )

    assert response.status_code == 201
    body = response.json()
    assert body["user_id"] == str(user.pk)
    assert body["financial_institution"]["name"] == "Northern Credit"
    assert body["financial_institution_id"] == str(bank.pk)
    assert (body["currency_code"], body["currency"]["symbol"]) == ("USD", "$")
    assert (body["is_asset"], body["is_investment_account"], body["interest_rate"]) == (True, False, 1.25)
    assert body["current_balance"] is body["current_cash_balance"] is body["current_balance_at"] is None
    assert api.get(f"{URL}/{body['id']}").json() == body


@pytest.mark.parametrize(
    ("account_type", "is_asset", "is_investment"),
    [
        ("checking", True, False),
        ("savings", True, False),
        ("tfsa", True, True),
        ("rrsp", True, True),
        ("fhsa", True, True),
        ("margin", True, True),
        ("credit_card", False, False),
        ("line_of_credit", False, False),
        ("payment_plan", False, False),
        ("mortgage", False, False),
    ],
)
def test_the_type_says_on_which_side_it_stands_and_whether_it_invests(api, account_type, is_asset, is_investment):
    response = api.post(URL, {"name": "Typed", "account_type": account_type.upper()})

    body = response.json()
    assert response.status_code == 201
    assert (body["account_type"], body["is_asset"], body["is_investment_account"]) == (
        account_type,
        is_asset,
        is_investment,
    )


def test_the_currency_is_the_users_own_unless_said(api, user):
    response = api.post(URL, {"name": "Plain", "account_type": "savings"})

    assert response.json()["currency_code"] == user.base_currency_id == "CAD"


def test_whether_it_invests_can_be_said(api):
    response = api.post(URL, {"name": "Robo", "account_type": "savings", "is_investment_account": True})

    assert response.json()["is_investment_account"] is True


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"account_type": "casino"}, "account_type"),
        ({"account_type": None}, "account_type"),
        ({"account_type": ["savings"]}, "account_type"),
        ({"currency_code": "XXQ"}, "currency_code"),
        ({"currency_code": 5}, "currency_code"),
        ({"currency_code": None}, "currency_code"),
        ({"interest_rate": -1}, "interest_rate"),
        ({"interest_rate": "100.01"}, "interest_rate"),
        ({"interest_rate": 1.255}, "interest_rate"),
        ({"financial_institution_id": "nonsense"}, "financial_institution_id"),
        ({"is_investment_account": "maybe"}, "is_investment_account"),
    ],
)
def test_bad_input_names_its_field(api, change, field):
    response = api.post(URL, {"name": "Bad", "account_type": "savings", **change})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert not Account.objects.exists()


def test_a_second_account_of_the_same_name_is_refused(api, user):
    AccountFactory(user=user, name="Twice")

    response = api.post(URL, {"name": "tWICE", "account_type": "savings"})

    assert response.status_code == 409
    assert response.json()["code"] == "duplicate"
    assert response.json()["detail"] == "You have an account of this name."


def test_the_balance_is_the_latest_recorded_value(api, user):
    account = InvestmentAccountFactory(user=user)
    AccountValueFactory(account=account, timestamp=datetime(2026, 3, 1, tzinfo=UTC), value="20", cash_balance="5")
    AccountValueFactory(account=account, timestamp=datetime(2026, 2, 1, tzinfo=UTC), value="900", cash_balance="1")

    body = api.get(f"{URL}/{account.pk}").json()

    assert (body["current_balance"], body["current_cash_balance"]) == (20, 5)
    assert body["current_balance_at"] == "2026-03-01T00:00:00Z"


def test_an_amount_of_fifteen_digits_and_cents_keeps_them_all(api, user):
    account = AccountFactory(user=user)
    AccountValueFactory(account=account, value="123456789012345.67")

    response = api.get(f"{URL}/{account.pk}")

    assert '"current_balance":123456789012345.67,' in response.text


def test_a_holder_of_securities_stays_an_investment_account(api, user):
    holding = HoldingFactory(account__user=user)

    response = api.patch(f"{URL}/{holding.account_id}", {"is_investment_account": False})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "is_investment_account"


def test_an_account_leaves_its_institution(api, user):
    account = AccountFactory(user=user, financial_institution=FinancialInstitutionFactory(user=user))

    response = api.put(f"{URL}/{account.pk}", {"financial_institution_id": None})

    assert response.status_code == 200
    assert response.json()["financial_institution"] is None
    assert response.json()["name"] == account.name


def test_deleting_an_account_takes_its_values_and_holdings(api, user):
    holding = HoldingFactory(account__user=user)
    AccountValueFactory(account=holding.account, cash_balance="1")

    response = api.delete(f"{URL}/{holding.account_id}")

    assert response.status_code == 204
    assert not Account.objects.exists()
    assert not AccountValue.objects.exists()
    assert not Holding.objects.exists()
    holding.security.refresh_from_db()


def test_deleting_an_institution_leaves_its_accounts_without_it(api, user):
    bank = FinancialInstitutionFactory(user=user)
    account = AccountFactory(user=user, financial_institution=bank)

    api.delete(f"/api/v1/financial-institutions/{bank.pk}")

    assert api.get(f"{URL}/{account.pk}").json()["financial_institution"] is None


def test_deleting_a_user_takes_all_their_accounts(user):
    holding = HoldingFactory(account__user=user)
    AccountValueFactory(account=holding.account, cash_balance="1")
    AccountFactory()

    user.delete()

    assert Account.objects.count() == 1
    assert not Holding.objects.exists()
    assert not Account.history.filter(user_id=user.pk).exists()
    assert not AccountValue.history.exists()
    assert not Holding.history.exists()


def test_a_currency_that_an_account_counts_in_stays(superuser_api):
    AccountFactory(currency_id="JPY")

    response = superuser_api.delete("/api/v1/currencies/JPY")

    assert (response.status_code, response.json()["code"]) == (409, "in_use")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"account_type": "TFSA"}, ["Invested"]),
        ({"currency_code": "usd"}, ["Dollars"]),
        ({"is_investment_account": "true"}, ["Invested"]),
        ({"is_asset": "false"}, ["Card"]),
        ({"is_asset": "true", "ordering": "-name"}, ["Invested", "Dollars"]),
        ({"search": "oll"}, ["Dollars"]),
        ({"ordering": "account_type"}, ["Dollars", "Card", "Invested"]),
        ({}, ["Card", "Dollars", "Invested"]),
    ],
)
def test_the_list_is_filtered_and_ordered(api, user, query, names):
    InvestmentAccountFactory(user=user, name="Invested")
    AccountFactory(user=user, name="Dollars", currency_id="USD")
    AccountFactory(user=user, name="Card", account_type="credit_card")

    response = api.get(URL, query)

    assert [row["name"] for row in response.json()] == names


def test_the_list_is_filtered_by_institution(api, user, stranger):
    bank, theirs = FinancialInstitutionFactory(user=user), FinancialInstitutionFactory(user=stranger)
    AccountFactory(user=user, name="There", financial_institution=bank)
    AccountFactory(user=user, name="Elsewhere")

    mine = api.get(URL, {"financial_institution": str(bank.pk)})
    foreign = api.get(URL, {"financial_institution": str(theirs.pk)})

    assert [row["name"] for row in mine.json()] == ["There"]
    assert foreign.json() == []


@pytest.mark.parametrize(
    "query",
    [
        {"account_type": "casino"},
        {"financial_institution": "x"},
        {"ordering": "password"},
        {"is_asset": "x", "currency_code": "\x00"},
    ],
)
def test_a_filter_that_cannot_be_is_refused(api, query):
    response = api.get(URL, query)

    assert response.status_code == 400


@pytest.mark.parametrize("account_type", ["credit_card", "line_of_credit", "payment_plan", "mortgage"])
def test_a_liability_is_no_investment_account(api, account_type):
    response = api.post(URL, {"name": "Owed", "account_type": account_type, "is_investment_account": True})

    (fault,) = response.json()["errors"]
    assert (response.status_code, fault["field"]) == (400, "is_investment_account")
    assert fault["message"] == "What is owed holds no securities: a liability is no investment account."


def test_what_is_yet_to_come_is_not_in_the_balance(api, user):
    account = AccountFactory(user=user)
    AccountValueFactory(account=account, timestamp=datetime(2999, 1, 1, tzinfo=UTC), value="900")
    AccountValueFactory(account=account, timestamp=datetime(2026, 3, 1, tzinfo=UTC), value="20")

    body = api.get(f"{URL}/{account.pk}").json()

    assert (body["current_balance"], body["current_balance_at"]) == (20, "2026-03-01T00:00:00Z")


def test_a_balance_of_today_counts_from_the_morning_on(time_machine, user, signed_in):
    time_machine.move_to(datetime(2026, 1, 7, 13, tzinfo=UTC), tick=False)  # eight in the morning of Toronto
    user.timezone = "America/Toronto"
    user.save()
    api, account = signed_in(user), AccountFactory(user=user)

    api.post(f"{URL}/{account.pk}/values", {"date": "2026-01-07", "value": 7})

    assert api.get(f"{URL}/{account.pk}").json()["current_balance"] == 7


def test_there_are_as_many_accounts_as_somebody_may_have(api, user, stranger, settings):
    settings.QUOTAS = {**settings.QUOTAS, "accounts": 1}
    AccountFactory(user=stranger)

    answers = [api.post(URL, {"name": name, "account_type": "savings"}) for name in ("One", "Two")]

    assert [response.status_code for response in answers] == [201, 409]
    assert answers[1].json()["code"] == "quota_exceeded"


def test_an_institution_of_somebody_else_and_one_that_is_none_are_answered_alike(api, stranger):
    theirs = str(FinancialInstitutionFactory(user=stranger).pk)
    body = {"name": "Bad", "account_type": "savings"}

    answers = [
        api.post(URL, {**body, "financial_institution_id": pk}).json()
        for pk in (theirs, "00000000-0000-0000-0000-000000000000", "nonsense", 5)
    ]

    assert answers[0]["errors"] == [
        {
            "field": "financial_institution_id",
            "code": "does_not_exist",
            "message": "You have no financial institution with this id.",
        }
    ]
    assert answers == [answers[0]] * 4
