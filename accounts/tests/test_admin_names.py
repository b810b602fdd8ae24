"""What rows are called in the admin, and that nobody is asked row by row for it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import AccountFactory, AccountValueFactory
from institutions.tests.factories import FinancialInstitutionFactory


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


@pytest.mark.parametrize(
    ("model", "field", "factory"),
    [
        ("accountvalue", "account", AccountFactory),
        ("holding", "account", AccountFactory),
        ("account", "financial_institution", FinancialInstitutionFactory),
    ],
)
def test_two_peoples_rows_of_one_name_are_told_apart_where_they_are_chosen(
    admin_client, user, stranger, model, field, factory
):
    asked = {"app_label": "accounts", "model_name": model, "field_name": field, "term": "House"}
    factory(user=user, name="House")
    admin_client.get(reverse("admin:autocomplete"), asked)
    with CaptureQueriesContext(connection) as one:
        admin_client.get(reverse("admin:autocomplete"), asked)
    factory(user=stranger, name="House")

    with CaptureQueriesContext(connection) as two:
        offered = admin_client.get(reverse("admin:autocomplete"), asked).json()["results"]

    assert {each["text"] for each in offered} == {f"House — {user.email}", f"House — {stranger.email}"}
    assert len(two) == len(one)


def test_the_account_that_was_chosen_is_shown_with_whose_it_is(admin_client, user):
    account = AccountValueFactory(account__user=user, account__name="House").account

    filtered = admin_client.get(reverse("admin:accounts_accountvalue_changelist"), {"account": str(account.pk)})
    entered = admin_client.get(reverse("admin:accounts_accountvalue_add"), {"account": str(account.pk)})

    for page in (filtered, entered):
        assert f'<option value="{account.pk}" selected>House — {user.email}</option>' in page.text
