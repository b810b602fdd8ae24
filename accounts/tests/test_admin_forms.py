"""Dates and times in the admin's forms are those of where an account's owner is."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.urls import reverse

from accounts.models import AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory

TWICE = datetime(2026, 11, 1, 6, 30, 15, 250_000, tzinfo=UTC)  # 01:30:15 in Toronto for the second time


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


@pytest.fixture
def torontonian(user):
    user.timezone = "America/Toronto"
    user.save()
    return user


def fields_of(page):
    """Return what a browser would send of a page's form without any edit."""
    form = page.context["adminform"].form
    sent = {}
    for bound in form:
        value = bound.value()
        widgets = getattr(bound.field.widget, "widgets", None)
        if widgets is None:
            sent[bound.html_name] = "" if value is None else str(value)
            continue
        for index, part in enumerate(bound.field.widget.decompress(value)):
            sent[f"{bound.html_name}_{index}"] = widgets[index].format_value(part) or ""
    return sent


def add_value(admin_client, account, **sent):
    return admin_client.post(
        reverse("admin:accounts_accountvalue_add"), {"account": str(account.pk), "value": "12.5", **sent}
    )


@pytest.mark.parametrize(
    ("day", "at", "stored"),
    [
        ("2026-01-05", "10:00", datetime(2026, 1, 5, 15, tzinfo=UTC)),
        ("2026-07-05", "23:59:30", datetime(2026, 7, 6, 3, 59, 30, tzinfo=UTC)),
        ("2026-01-05", "", datetime(2026, 1, 5, 17, tzinfo=UTC)),  # noon
        ("2025-11-02", "01:30", datetime(2025, 11, 2, 5, 30, tzinfo=UTC)),  # the first of two
    ],
)
def test_what_is_typed_is_what_the_owners_clocks_show(admin_client, torontonian, day, at, stored):
    with time_machine.travel(datetime(2026, 11, 27, tzinfo=UTC), tick=False):
        response = add_value(admin_client, AccountFactory(user=torontonian), timestamp_0=day, timestamp_1=at)

    assert response.status_code == 302
    assert AccountValue.objects.get().timestamp == stored


def test_nothing_typed_is_now(admin_client, torontonian):
    now = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)

    with time_machine.travel(now, tick=False):
        add_value(admin_client, AccountFactory(user=torontonian), timestamp_0="", timestamp_1="")

    assert AccountValue.objects.get().timestamp == now


def test_a_time_that_clocks_pass_over_is_a_fault_of_its_field(admin_client, torontonian):
    with time_machine.travel(datetime(2026, 11, 27, tzinfo=UTC), tick=False):
        response = add_value(
            admin_client, AccountFactory(user=torontonian), timestamp_0="2026-03-08", timestamp_1="02:30"
        )

    assert response.context["adminform"].form.errors == {
        "timestamp": ["There is no 02:30 on 2026-03-08 in America/Toronto: clocks were set forward over it."]
    }
    assert not AccountValue.objects.exists()


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"timestamp_0": "2026-02-30", "timestamp_1": "10:00"}, "Enter a valid date."),
        ({"timestamp_0": "", "timestamp_1": "10:00"}, "A time needs its day."),
        ({"timestamp_0": "2026-01-05", "timestamp_1": "25:00"}, "Enter a valid time."),
        ({"timestamp_0": "2096-01-05", "timestamp_1": "10:00"}, "This lies in the future; record it when it has come."),
    ],
)
def test_what_is_no_instant_is_refused_at_its_field(admin_client, torontonian, typed, fault):
    response = add_value(admin_client, AccountFactory(user=torontonian), **typed)

    assert response.context["adminform"].form.errors == {"timestamp": [fault]}


@pytest.mark.parametrize("sent", [{}, {"timestamp_0": "2026-01-05", "timestamp_1": "10:00"}])
@pytest.mark.parametrize("account", ["", "00000000-0000-4000-8000-000000000000"])
@pytest.mark.parametrize("model", ["accountvalue", "holding"])
def test_without_an_account_the_account_is_what_is_missing(admin_client, model, account, sent):
    response = admin_client.post(reverse(f"admin:accounts_{model}_add"), {"account": account, **sent})

    assert response.status_code == 200
    assert "account" in response.context["adminform"].form.errors


@pytest.mark.parametrize("sent", [{}, {"cash_balance": "5"}, {"value": "x"}])
def test_without_figures_the_figures_are_what_is_missing(admin_client, sent):
    account = InvestmentAccountFactory()

    response = admin_client.post(reverse("admin:accounts_accountvalue_add"), {"account": str(account.pk), **sent})

    assert "value" in response.context["adminform"].form.errors


@pytest.mark.parametrize(
    "at",
    [
        TWICE,
        datetime(2026, 1, 5, 15, tzinfo=UTC),
        datetime(2025, 3, 9, 7, 0, 0, 1, tzinfo=UTC),  # the first instant after a gap
        datetime(1901, 1, 1, 0, 0, 59, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("factory", [AccountValueFactory, HoldingFactory])
def test_what_nobody_edits_stays_to_the_microsecond(admin_client, torontonian, factory, at):
    row = factory(account__user=torontonian, timestamp=at)
    path = reverse(f"admin:accounts_{row._meta.model_name}_change", args=[row.pk])

    response = admin_client.post(path, fields_of(admin_client.get(path)))

    assert response.status_code == 302
    row.refresh_from_db()
    assert row.timestamp == at
    assert row.history.count() == 1


def test_another_field_is_edited_without_moving_an_instant_that_clocks_show_twice(admin_client, torontonian):
    value = AccountValueFactory(account__user=torontonian, timestamp=TWICE)
    path = reverse("admin:accounts_accountvalue_change", args=[value.pk])

    admin_client.post(path, {**fields_of(admin_client.get(path)), "value": "7"})

    value.refresh_from_db()
    assert (value.value, value.timestamp) == (7, TWICE)


def test_a_form_shows_the_owners_day_and_says_whose_it_is(admin_client, user):
    user.timezone = "Pacific/Kiritimati"  # 14 hours ahead of UTC
    user.save()
    holding = HoldingFactory(account__user=user, timestamp=datetime(2026, 1, 2, 22, tzinfo=UTC))
    path = reverse("admin:accounts_holding_change", args=[holding.pk])

    page = admin_client.get(path)
    admin_client.post(path, {**fields_of(page), "timestamp_0": "2026-01-04", "timestamp_1": ""})

    assert 'value="2026-01-03"' in page.text
    assert 'value="12:00:00"' in page.text
    assert f"In the time zone of {user.email}, Pacific/Kiritimati." in page.text
    holding.refresh_from_db()
    assert holding.timestamp == datetime(2026, 1, 3, 22, tzinfo=UTC)


def test_a_form_for_a_new_row_names_the_zone_when_the_account_is_known(admin_client, torontonian):
    account = AccountFactory(user=torontonian)
    path = reverse("admin:accounts_accountvalue_add")

    assert "In the time zone of the account" in admin_client.get(path).text
    assert f"of {torontonian.email}, America/Toronto." in admin_client.get(path, {"account": account.pk}).text


def test_an_instant_is_not_taken_away(admin_client):
    holding = HoldingFactory()
    path = reverse("admin:accounts_holding_change", args=[holding.pk])

    response = admin_client.post(path, {**fields_of(admin_client.get(path)), "timestamp_0": "", "timestamp_1": ""})

    assert response.context["adminform"].form.errors == {"timestamp": ["This field is required."]}


def test_a_holding_is_added_on_the_owners_day(admin_client, torontonian):
    account, security = InvestmentAccountFactory(user=torontonian), SecurityFactory()

    admin_client.post(
        reverse("admin:accounts_holding_add"),
        {
            "account": str(account.pk), "security": str(security.pk), "quantity": "3", "average_cost": "2",
            "timestamp_0": "2026-01-05", "timestamp_1": "",
        },
    )  # fmt: skip

    assert Holding.objects.get().as_of.isoformat() == "2026-01-05"


@pytest.mark.parametrize("model", [AccountValueFactory, HoldingFactory])
def test_a_row_as_it_was_is_shown_on_the_owners_clocks(admin_client, torontonian, model):
    row = model(account__user=torontonian, timestamp=datetime(2026, 1, 5, 2, tzinfo=UTC))
    path = reverse(f"admin:accounts_{row._meta.model_name}_simple_history", args=[row.pk, row.history.get().pk])

    page = admin_client.get(path).text

    assert "2026-01-04" in page or "Jan. 4, 2026" in page


def test_an_account_is_not_renamed_to_a_name_that_its_owner_uses(admin_client, user):
    account = AccountFactory(user=user, name="Mine")
    AccountFactory(user=user, name="Taken")
    path = reverse("admin:accounts_account_change", args=[account.pk])

    response = admin_client.post(path, {**fields_of(admin_client.get(path)), "name": "taken"})

    assert response.status_code == 200
    assert "You have an account of this name." in response.text
    account.refresh_from_db()
    assert account.name == "Mine"


def test_an_institution_is_not_renamed_to_a_name_that_its_owner_uses(admin_client, user):
    bank = FinancialInstitutionFactory(user=user, name="Mine")
    FinancialInstitutionFactory(user=user, name="Taken")
    path = reverse("admin:institutions_financialinstitution_change", args=[bank.pk])

    response = admin_client.post(path, {**fields_of(admin_client.get(path)), "name": "taken"})

    assert response.status_code == 200
    assert "You have an institution of this name." in response.text


def test_a_name_that_somebody_else_uses_is_free(admin_client, user, stranger):
    account = AccountFactory(user=user, name="Mine")
    AccountFactory(user=stranger, name="Theirs")
    path = reverse("admin:accounts_account_change", args=[account.pk])

    response = admin_client.post(path, {**fields_of(admin_client.get(path)), "name": "Theirs"})

    assert response.status_code == 302


def test_a_value_is_not_moved_to_an_instant_that_has_one(admin_client, torontonian):
    account = AccountFactory(user=torontonian)
    value = AccountValueFactory(account=account, timestamp=datetime(2026, 1, 5, 15, tzinfo=UTC))
    AccountValueFactory(account=account, timestamp=datetime(2026, 1, 6, 17, tzinfo=UTC))
    path = reverse("admin:accounts_accountvalue_change", args=[value.pk])
    sent = {**fields_of(admin_client.get(path)), "timestamp_0": "2026-01-06", "timestamp_1": ""}

    response = admin_client.post(path, sent)

    assert response.status_code == 200
    assert "There is a value of this account for this instant." in response.text


@pytest.mark.parametrize("typed", ["751 000,50", "750.000,00", "1,5", "1_0", "nan", "²"])
def test_what_is_no_number_is_refused_and_shown_as_it_was_typed(admin_client, torontonian, typed):
    response = add_value(admin_client, AccountFactory(user=torontonian), value=typed)

    fault = f"{typed!r} is no number; write 1234.5, without anything else."
    assert response.context["adminform"].form.errors == {"value": [fault]}
    assert f'value="{typed}"' in response.text


def test_a_number_is_taken_with_all_its_digits_and_without_blanks_around_it(admin_client, torontonian):
    add_value(
        admin_client, AccountFactory(user=torontonian), value=" 12345678901234567890.12345678\t", cash_balance=" "
    )

    row = AccountValue.objects.get()
    assert (str(row.value), row.cash_balance) == ("12345678901234567890.12345678", None)


def test_a_number_with_more_digits_than_its_column_is_refused(admin_client, torontonian):
    response = add_value(admin_client, AccountFactory(user=torontonian), value="0.123456789")

    fault = "Ensure that there are no more than 8 decimal places."
    assert response.context["adminform"].form.errors == {"value": [fault]}


@pytest.mark.parametrize("model", ["accountvalue", "holding"])
@pytest.mark.parametrize("account", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_an_address_that_names_no_account_leads_to_an_empty_form(admin_client, model, account):
    page = admin_client.get(reverse(f"admin:accounts_{model}_add"), {"account": account})

    assert page.status_code == 200
