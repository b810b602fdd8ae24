"""What lists are filtered by is understood, or refused by name; it is never passed over."""

import pytest

from accounts.tests.factories import AccountFactory, InvestmentAccountFactory
from finances.typed_text import MAX_SEARCH_LENGTH
from institutions.tests.factories import FinancialInstitutionFactory

ACCOUNTS = "/api/v1/accounts"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"is_investment_account": "true"}, ["TFSA"]),
        ({"is_investment_account": "1"}, ["TFSA"]),
        ({"is_investment_account": "False"}, ["Card", "Chequing"]),
        ({"is_investment_account": "0"}, ["Card", "Chequing"]),
        ({"is_asset": "1"}, ["Chequing", "TFSA"]),
        ({"is_asset": "0"}, ["Card"]),
        ({"is_asset": ""}, ["Card", "Chequing", "TFSA"]),
    ],
)
def test_yes_and_no_are_words_or_numbers(api, user, filters, names):
    AccountFactory(user=user, name="Chequing")
    AccountFactory(user=user, name="Card", account_type="credit_card")
    InvestmentAccountFactory(user=user, name="TFSA")

    response = api.get(ACCOUNTS, filters)

    assert [row["name"] for row in response.json()] == names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (ACCOUNTS, "is_asset"),
        (ACCOUNTS, "is_investment_account"),
        ("/api/v1/users", "is_active"),
        ("/api/v1/currencies", "active_only"),
    ],
)
@pytest.mark.parametrize("word", ["yes", "vielleicht", "2", "truefalse"])
def test_another_word_is_refused_by_the_filters_name(superuser_api, path, name, word):
    response = superuser_api.get(path, {name: word})

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"field": name, "code": "invalid", "message": "This is neither true nor false."}
    ]


@pytest.mark.parametrize(("sent", "kept"), [("0", False), ("1", True)])
def test_people_are_kept_by_number(superuser_api, stranger, sent, kept):
    response = superuser_api.get("/api/v1/users", {"is_active": sent})

    assert (str(stranger.pk) in {row["id"] for row in response.json()}) is kept


@pytest.mark.parametrize("kind", ["BROKERAGE", "Brokerage", "brokerage"])
def test_a_type_of_institution_is_named_in_any_case(api, user, kind):
    FinancialInstitutionFactory(user=user, name="Broker", institution_type="brokerage")
    FinancialInstitutionFactory(user=user, name="Bank", institution_type="bank")

    response = api.get("/api/v1/financial-institutions", {"institution_type": kind})

    assert [row["name"] for row in response.json()] == ["Broker"]


@pytest.mark.parametrize("path", [ACCOUNTS, "/api/v1/users", "/api/v1/currencies", "/api/v1/financial-institutions"])
def test_a_text_longer_than_any_name_is_not_looked_for(superuser_api, path):
    longest = superuser_api.get(path, {"search": "x" * MAX_SEARCH_LENGTH})
    longer = superuser_api.get(path, {"search": "x" * 60_000})

    assert (longest.status_code, longest.json()) == (200, [])
    assert longer.status_code == 400
    assert [(fault["field"], fault["code"]) for fault in longer.json()["errors"]] == [("search", "max_length")]
