"""What is sent is taken as it is meant or refused by name, in the words of whoever sent it."""

import pytest

from accounts import services
from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from finances.exceptions import NotFoundError
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory

ACCOUNTS, INSTITUTIONS = "/api/v1/accounts", "/api/v1/financial-institutions"


@pytest.fixture
def account(user):
    return InvestmentAccountFactory(user=user)


@pytest.fixture
def values(account):
    return f"{ACCOUNTS}/{account.pk}/values"


def faults(response):
    return [(fault["field"], fault["code"], fault["message"]) for fault in response.json()["errors"]]


@pytest.mark.parametrize(
    ("part", "body"),
    [
        ("holdings", {"security_id": "ACME", "quantity": 1, "average_cost": 1}),
        ("values", {"value": 1, "cash_balance": 0}),
    ],
)
def test_a_body_that_contradicts_its_address_is_refused(api, user, account, part, body):
    SecurityFactory(symbol="ACME")
    other = InvestmentAccountFactory(user=user)

    response = api.post(f"{ACCOUNTS}/{account.pk}/{part}", {**body, "account_id": str(other.pk)})
    agreeing = api.post(f"{ACCOUNTS}/{account.pk}/{part}", {**body, "account_id": str(account.pk).upper()})

    assert response.status_code == 400
    assert faults(response) == [("account_id", "address_conflict", "The address names another account.")]
    assert agreeing.status_code == 201
    assert agreeing.json()["account_id"] == str(account.pk)


def test_each_row_of_an_array_is_held_against_the_address(api, user, values):
    other = InvestmentAccountFactory(user=user)

    response = api.post(values, [{"value": 1, "cash_balance": 0}, {"value": 1, "account_id": str(other.pk)}])

    assert [field for field, *_ in faults(response)] == ["1.account_id"]


@pytest.mark.parametrize("text", ["03/04/2026", "2026-06-31", "", "yesterday", 5, ["2026-01-01"]])
def test_a_fault_of_a_date_says_how_dates_are_written(api, values, text):
    response = api.post(values, {"value": 1, "cash_balance": 0, "date": text})

    assert response.status_code == 400
    assert faults(response) == [("date", "invalid", "This is no day of the form YYYY-MM-DD.")]


@pytest.mark.parametrize("text", ["03/04/2026", "2026-06-31", ""])
def test_a_fault_of_an_instant_names_both_of_its_forms(api, values, text):
    [(field, _, message)] = faults(api.post(values, {"value": 1, "cash_balance": 0, "timestamp": text}))

    assert field == "timestamp"
    assert "YYYY-MM-DDThh:mm" in message
    assert "YYYY-MM-DD." in message


@pytest.mark.parametrize("verb", ["post", "put"])
@pytest.mark.parametrize("body", [{"date": None}, {"timestamp": None}, {"date": None, "timestamp": None}])
def test_no_date_is_no_more_a_date_than_no_timestamp(api, account, values, verb, body):
    path = values if verb == "post" else f"{values}/{AccountValueFactory(account=account, cash_balance=0).pk}"

    response = getattr(api, verb)(path, {"value": 1, "cash_balance": 0, **body})

    assert response.status_code == 400
    assert faults(response) == [(next(iter(body)), "null", "This field may not be null.")]


def test_a_date_may_come_with_no_timestamp_and_a_timestamp_with_no_date(api, values):
    bodies = ({"date": "2026-01-05", "timestamp": None}, {"timestamp": "2026-01-06", "date": None})

    responses = [api.post(values, {"value": 1, "cash_balance": 0, **body}) for body in bodies]

    assert [response.json()["date"] for response in responses] == ["2026-01-05", "2026-01-06"]


@pytest.mark.parametrize(
    ("path", "body", "field", "detail"),
    [
        (ACCOUNTS, {"name": "taken", "account_type": "savings"}, "name", "You have an account of this name."),
        (INSTITUTIONS, {"name": "taken"}, "name", "You have an institution of this name."),
        ("/api/v1/auth/register", {"email": "taken@example.org", "password": "a long enough one"}, "email", None),
    ],
)
def test_a_duplicate_names_its_field(api, user, path, body, field, detail):
    user.email = "taken@example.org"
    user.save()
    AccountFactory(user=user, name="Taken")
    FinancialInstitutionFactory(user=user, name="Taken")

    response = api.post(path, body)

    assert response.status_code == 409
    assert faults(response) == [(field, "duplicate", detail or response.json()["detail"])]
    assert response.json()["detail"] == faults(response)[0][2]


@pytest.mark.parametrize("address", ["/api/v1/holdings", "/api/v1/accounts/{}/holdings"])
def test_a_second_holding_names_the_security(api, account, address):
    holding = HoldingFactory(account=account)
    body = {"security_id": holding.security.symbol, "quantity": 1, "average_cost": 1, "account_id": str(account.pk)}

    response = api.post(address.format(account.pk), body)

    assert response.status_code == 409
    assert [field for field, *_ in faults(response)] == ["security_id"]


@pytest.mark.parametrize("address", ["/api/v1/holdings", "/api/v1/accounts/{}/holdings"])
def test_an_account_that_holds_nothing_is_named_as_in_the_body(api, user, address):
    account, security = AccountFactory(user=user), SecurityFactory()
    body = {"security_id": security.symbol, "quantity": 1, "average_cost": 1, "account_id": str(account.pk)}

    response = api.post(address.format(account.pk), body)

    assert response.status_code == 400
    assert [field for field, *_ in faults(response)] == ["account_id"]


def test_a_liability_for_investments_names_the_field(api):
    response = api.post(ACCOUNTS, {"name": "Card", "account_type": "credit_card", "is_investment_account": True})

    assert response.status_code == 400
    assert [field for field, *_ in faults(response)] == ["is_investment_account"]


@pytest.mark.parametrize(("name", "sent"), [("date", "2026-01-05"), ("timestamp", "2026-01-05T07:00-05:00")])
def test_a_taken_instant_is_named_as_it_was_sent(api, values, name, sent):
    body = {"value": 1, "cash_balance": 0, name: sent}
    api.post(values, body)

    single, several = api.post(values, body), api.post(values, [{**body, name: "2026-01-04"}, body])

    assert [fault[0] for fault in faults(single)] == [name]
    assert faults(several) == [(f"1.{name}", "duplicate", f"There is a value of this account for {sent}.")]


def test_two_rows_of_one_day_are_named_by_the_day(api, values):
    row = {"value": 1, "cash_balance": 0, "date": "2026-01-05"}

    response = api.post(values, [row, {**row, "date": "2026-01-06"}, row])

    assert response.status_code == 409
    message = "Row 0 is for the same day, 2026-01-05; rows are counted from 0."
    assert faults(response) == [("2.date", "duplicate", message)]
    assert not AccountValue.objects.exists()


@pytest.mark.parametrize("word", ["Bank", "CREDIT_UNION", "other"])
def test_a_type_of_institution_is_taken_in_any_case(api, word):
    response = api.post(INSTITUTIONS, {"name": "New", "institution_type": word})

    assert response.status_code == 201
    assert response.json()["institution_type"] == word.lower()


@pytest.mark.parametrize(
    ("before", "body", "is_for_investments"),
    [
        ("savings", {"account_type": "tfsa"}, True),
        ("savings", {"account_type": "TFSA", "is_investment_account": False}, False),
        ("tfsa", {"account_type": "savings"}, False),
        ("tfsa", {"account_type": "rrsp"}, True),
        ("savings", {"account_type": "checking"}, False),
        ("savings", {"name": "Renamed"}, False),
    ],
)
def test_another_type_brings_its_own_answer_to_whether_it_is_for_investments(api, before, body, is_for_investments):
    path = f"{ACCOUNTS}/{api.post(ACCOUNTS, {'name': 'One', 'account_type': before}).json()['id']}"

    response = api.put(path, body)

    assert response.status_code == 200
    assert response.json()["is_investment_account"] is is_for_investments


def test_what_was_said_otherwise_stays_when_the_type_changes(api, user):
    account = AccountFactory(user=user, account_type="savings", is_investment_account=True)

    response = api.put(f"{ACCOUNTS}/{account.pk}", {"account_type": "checking"})

    assert response.json()["is_investment_account"] is True


def test_what_holds_securities_stays_for_investments(api, user):
    account = HoldingFactory(account__user=user).account

    response = api.put(f"{ACCOUNTS}/{account.pk}", {"account_type": "savings"})

    assert (response.status_code, response.json()["is_investment_account"]) == (200, True)


def test_an_account_that_is_gone_by_now_holds_nothing(user, account):
    security = SecurityFactory()
    Account.objects.filter(pk=account.pk).delete()

    with pytest.raises(NotFoundError):
        services.hold(user=user, account=account, security=security, quantity=1, average_cost=1)

    assert not Holding.objects.exists()


def test_the_documents_say_what_a_time_without_an_offset_is(anonymous):
    schemas = anonymous.get("/openapi.json").json()["components"]["schemas"]

    for name in ("AccountValueRequest", "HoldingRequest"):
        assert "without an offset is UTC" in schemas[name]["properties"]["timestamp"]["description"]


@pytest.mark.parametrize("text", ["1_000", "١٢٣", "\uff11\uff12", "1\u00a0000"])
def test_a_number_is_written_in_the_digits_0_to_9(api, superuser_api, account, values, text):
    bodies = {
        "value": api.post(values, {"value": text, "cash_balance": 0}),
        "interest_rate": api.patch(f"{ACCOUNTS}/{account.pk}", {"interest_rate": text}),
        "decimal_places": superuser_api.patch("/api/v1/currencies/CAD", {"decimal_places": text}),
        "rates.USD": superuser_api.post("/api/v1/currencies/CAD/rates", {"rates": {"USD": text}}),
    }
    queries = {
        "limit": api.get(ACCOUNTS, {"limit": text}),
        "amount": api.get("/api/v1/currencies/convert", {"from": "CAD", "to": "USD", "amount": text}),
    }

    told = {name: [(field, code) for field, code, _ in faults(answer)] for name, answer in (bodies | queries).items()}

    assert told == {name: [(name, "invalid")] for name in told}
    assert {answer.status_code for answer in (bodies | queries).values()} == {400}
    assert not AccountValue.objects.filter(account=account).exists()
