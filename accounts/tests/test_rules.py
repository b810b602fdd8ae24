"""The rules hold in the database itself, whoever writes."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from currencies.models import Currency
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("factory", "broken"),
    [
        (AccountFactory, {"account_type": "casino"}),
        (AccountFactory, {"interest_rate": "-0.01"}),
        (AccountFactory, {"interest_rate": "100.01"}),
        (HoldingFactory, {"quantity": "0"}),
        (HoldingFactory, {"quantity": "-0.00000001"}),
        (HoldingFactory, {"average_cost": "-0.0000000001"}),
    ],
)
def test_a_broken_rule_is_refused(factory, broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        factory(**broken)

    assert not factory._meta.model.objects.exists()


@pytest.mark.parametrize(
    ("factory", "same"), [(AccountValueFactory, ("account", "timestamp")), (HoldingFactory, ("account", "security"))]
)
def test_a_second_one_of_the_same_is_refused(factory, same):
    row = factory()

    with pytest.raises(IntegrityError), transaction.atomic():
        factory(**{name: getattr(row, name) for name in same})


def test_names_differ_within_an_owners_accounts_whatever_their_case():
    account = AccountFactory(name="Savings")
    AccountFactory(name="Savings")

    with pytest.raises(IntegrityError), transaction.atomic():
        AccountFactory(name="SAVINGS", user=account.user)


@pytest.mark.parametrize(("interest_rate", "quantity"), [("0", "0.00000001"), ("100", "12345678901234567890.12345678")])
def test_the_bounds_themselves_are_allowed(interest_rate, quantity):
    account, holding = AccountFactory(interest_rate=interest_rate), HoldingFactory(quantity=quantity, average_cost="0")

    account.refresh_from_db()
    holding.refresh_from_db()

    assert f"{account.interest_rate.normalize():f}" == interest_rate
    assert str(holding.quantity.normalize()) == str(type(holding.quantity)(quantity).normalize())


@pytest.mark.parametrize("digits", ["123456789012345.67", "-0.00000001", "99999999999999999999.99999999"])
def test_every_digit_of_an_amount_comes_back(digits):
    AccountValueFactory(value=digits, cash_balance=digits)

    value = AccountValue.objects.get()

    assert f"{value.value.normalize():f}" == f"{value.cash_balance.normalize():f}" == digits


def test_a_currency_in_use_stays():
    AccountFactory(currency_id="JPY")

    with pytest.raises(ProtectedError):
        Currency.objects.get(pk="JPY").delete()


def test_a_part_takes_its_owner_from_its_account(stranger):
    account = AccountFactory()
    value = AccountValue(account=account, user=stranger, value=1)

    value.clean()

    assert value.user_id == account.user_id


def test_the_sides_of_the_balance_sheet():
    for account_type in ("savings", "margin", "mortgage", "credit_card"):
        AccountFactory(account_type=account_type, name=account_type)

    assert set(Account.objects.assets().values_list("name", flat=True)) == {"savings", "margin"}
    assert set(Account.objects.liabilities().values_list("name", flat=True)) == {"mortgage", "credit_card"}


# ---- Rules between tables ----


def at_a_strangers_institution(stranger):
    AccountFactory(financial_institution=FinancialInstitutionFactory(user=stranger))


def its_institution_given_away(stranger):
    institution = FinancialInstitutionFactory()
    AccountFactory(user=institution.user, financial_institution=institution)
    FinancialInstitution.objects.filter(pk=institution.pk).update(user=stranger)


def a_strangers_value(stranger):
    AccountValueFactory(user=stranger)


def a_strangers_holding(stranger):
    HoldingFactory(user=stranger)


def given_away_without_its_value(stranger):
    Account.objects.filter(pk=AccountValueFactory().account_id).update(user=stranger)


def held_by_a_chequing_account(_stranger):
    HoldingFactory(account=AccountFactory())


def for_no_investments_while_it_holds(_stranger):
    Account.objects.filter(pk=HoldingFactory().account_id).update(is_investment_account=False)


def moved_into_a_chequing_account(_stranger):
    holding = HoldingFactory()
    Holding.objects.filter(pk=holding.pk).update(account=AccountFactory(user=holding.user))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "break_rule",
    [
        at_a_strangers_institution,
        its_institution_given_away,
        a_strangers_value,
        a_strangers_holding,
        given_away_without_its_value,
        held_by_a_chequing_account,
        for_no_investments_while_it_holds,
        moved_into_a_chequing_account,
    ],
)
def test_a_broken_rule_between_tables_is_refused_by_the_database(stranger, break_rule):
    with pytest.raises(IntegrityError), transaction.atomic():
        break_rule(stranger)

    assert not Account.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_keeps_the_rules_between_tables_is_stored_changed_and_deleted(user, stranger):
    institution = FinancialInstitutionFactory(user=user)
    account = InvestmentAccountFactory(user=user, financial_institution=institution)
    AccountValueFactory(account=account, cash_balance="1")
    holding = HoldingFactory(account=account)

    Holding.objects.filter(pk=holding.pk).update(account=InvestmentAccountFactory(user=user))
    Account.objects.filter(pk=account.pk).update(is_investment_account=False)
    institution.delete()
    account.delete()
    user.delete()

    assert not Holding.objects.exists()
    assert not AccountValue.objects.exists()
