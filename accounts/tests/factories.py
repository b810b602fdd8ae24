"""Accounts, values and holdings for tests."""

from datetime import UTC, datetime, timedelta

import factory

from accounts.models import Account, AccountValue, Holding
from securities.tests.factories import SecurityFactory
from users.tests.factories import UserFactory

LONG_AGO, FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


class AccountFactory(factory.django.DjangoModelFactory[Account]):
    """A chequing account of somebody."""

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Account {n}")
    account_type = "checking"
    currency_id = "CAD"

    class Meta:
        model = Account


class InvestmentAccountFactory(AccountFactory):
    """An account that may hold securities."""

    account_type = "tfsa"
    is_investment_account = True


class AccountValueFactory(factory.django.DjangoModelFactory[AccountValue]):
    """A value of an account, a day after the one before."""

    account = factory.SubFactory(AccountFactory)
    user = factory.SelfAttribute("account.user")
    timestamp = factory.Sequence(lambda n: LONG_AGO + timedelta(days=n))  # never yet to come
    value = "1000.50"

    class Meta:
        model = AccountValue


class HoldingFactory(factory.django.DjangoModelFactory[Holding]):
    """Ten of a share at a hundred each."""

    account = factory.SubFactory(InvestmentAccountFactory)
    user = factory.SelfAttribute("account.user")
    security = factory.SubFactory(SecurityFactory)
    quantity = "10"
    average_cost = "100"
    timestamp = FIRST_INSTANT

    class Meta:
        model = Holding
