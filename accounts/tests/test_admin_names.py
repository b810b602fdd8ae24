"""What rows are called in the admin, and that nobody is asked row by row for it."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory


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


@pytest.fixture
def house(user):
    user.timezone = "Pacific/Kiritimati"
    user.save()
    return AccountValueFactory(
        account__user=user, account__name="House", value="748150", timestamp=datetime(2026, 10, 30, 22, tzinfo=UTC)
    )


def test_a_value_is_called_by_its_account_its_owners_day_and_its_amount(admin_client, house):
    name = "House, 2026-10-31: 748,150.00 CAD"
    page = reverse("admin:accounts_accountvalue_change", args=[house.pk])
    shown = admin_client.get(page)
    asked = admin_client.get(reverse("admin:accounts_accountvalue_delete", args=[house.pk]))
    history = admin_client.get(reverse("admin:accounts_accountvalue_history", args=[house.pk]))
    record = house.history.get().pk
    as_it_was = admin_client.get(reverse("admin:accounts_accountvalue_simple_history", args=[house.pk, record]))

    admin_client.post(reverse("admin:accounts_accountvalue_delete", args=[house.pk]), {"post": "yes"})

    assert [name in each.text for each in (shown, asked, history, as_it_was)] == [True] * 4
    assert LogEntry.objects.get().object_repr == name
    gone = admin_client.get(reverse("admin:accounts_accountvalue_history", args=[house.pk]))
    assert name in gone.text


def test_a_new_value_and_a_new_holding_are_called_so_in_what_was_done_last(admin_client, user):
    account, security = InvestmentAccountFactory(user=user, name="Savings"), SecurityFactory(symbol="ACME")
    sent = {"account": str(account.pk), "timestamp_0": "2026-10-31", "timestamp_1": ""}
    figures = {"security": str(security.pk), "quantity": "20.50", "average_cost": "1"}

    admin_client.post(reverse("admin:accounts_accountvalue_add"), {**sent, "value": "1234.5", "cash_balance": "1"})
    admin_client.post(reverse("admin:accounts_holding_add"), {**sent, **figures})

    done = {entry.content_type.model: entry.object_repr for entry in LogEntry.objects.all()}
    assert done == {
        "accountvalue": "Savings, 2026-10-31: 1,234.50 CAD",
        "holding": "20.5 ACME in Savings, 2026-10-31",
    }


def test_a_name_never_asks_for_what_was_not_fetched(house, django_assert_num_queries):
    holding = Holding.objects.get(pk=HoldingFactory(account=InvestmentAccountFactory(user=house.user)).pk)
    value = AccountValue.objects.get(pk=house.pk)
    within = AccountValue.objects.select_related("account").get(pk=house.pk)
    record = Holding.history.get()

    with django_assert_num_queries(0):
        names = [str(value), str(within), str(holding), str(record)]

    assert names[:3] == [
        "2026-10-30 22:00 UTC",
        "House, 2026-10-30 22:00 UTC: 748150 CAD",
        "10, 2026-01-01 00:00 UTC",
    ]
    assert re.fullmatch(r"10, 2026-01-01 00:00 UTC; recorded \d{4}-\d\d-\d\d \d\d:\d\d UTC", names[3])


@pytest.mark.parametrize("page", ["account_delete", "account_change"])
def test_the_pages_of_an_account_of_many_values_cost_as_many_queries_as_of_one(admin_client, house, page):
    path = reverse(f"admin:accounts_{page}", args=[house.account_id])
    admin_client.get(path)
    with CaptureQueriesContext(connection) as one:
        admin_client.get(path)
    AccountValueFactory.create_batch(10, account=house.account)

    with CaptureQueriesContext(connection) as many:
        admin_client.get(path)

    assert len(many) == len(one)


def test_what_is_chosen_to_be_deleted_is_named_at_once(admin_client, house):
    path = reverse("admin:accounts_accountvalue_changelist")

    def chosen():
        keys = [str(key) for key in AccountValue.objects.values_list("pk", flat=True)]
        with CaptureQueriesContext(connection) as queries:
            page = admin_client.post(path, {"action": "delete_selected", "_selected_action": keys})
        return page.text, len(queries)

    chosen()
    one = chosen()
    AccountValueFactory.create_batch(10, account=house.account)
    many = chosen()

    assert "House, 2026-10-31: 748,150.00 CAD" in many[0]
    assert many[1] == one[1]


def test_records_name_the_security_and_the_account_that_is_gone(admin_client, user, django_assert_max_num_queries):
    holding = HoldingFactory(
        account__user=user, account__name="First", security__symbol="ACME", quantity="20.00000000", average_cost="1.50"
    )
    holding.account.name = "Second"
    holding.account.save()
    AccountValueFactory(account=holding.account, value="5", cash_balance="1.50")
    holding.account.delete()
    record, path = Holding.history.latest("history_id"), reverse("admin:accounts_historicalholding_changelist")

    with django_assert_max_num_queries(12):
        listed = admin_client.get(path).text
    shown = admin_client.get(reverse("admin:accounts_historicalholding_change", args=[record.pk])).text
    values = admin_client.get(reverse("admin:accounts_historicalaccountvalue_changelist")).text

    assert "20 ACME in Second, 2026-01-01" in listed
    assert str(holding.pk) not in listed
    assert "Second (deleted)" in shown
    assert f">{record.history_date:%Y-%m-%d %H:%M:%S}<" in shown
    assert ">None<" not in shown
    assert ">1.5<" in shown
    assert str(holding.pk) in shown
    assert ": 5.00 CAD" in values


@pytest.mark.parametrize("model", [Account, AccountValue, Holding])
def test_records_say_in_plain_words_what_was_done(admin_client, model):
    AccountValueFactory(account=HoldingFactory().account, cash_balance="1")
    name = f"admin:accounts_{model.history.model._meta.model_name}"

    listed = admin_client.get(reverse(f"{name}_changelist")).text
    shown = admin_client.get(reverse(f"{name}_change", args=[model.history.first().pk])).text

    assert [label for label in ("Change:", "Changed by:", "Reason:") if label not in shown] == []
    assert "istory type" not in listed + shown
    assert "istory user" not in listed + shown


def test_what_a_change_changed_is_told_without_zeros(admin_client, user):
    holding = HoldingFactory(account__user=user, quantity="20")
    holding.refresh_from_db()
    holding.quantity = Decimal("21.50000000")
    holding.save()

    page = admin_client.get(reverse("admin:accounts_holding_history", args=[holding.pk])).text

    assert "20 &rarr; 21.5<" in page
