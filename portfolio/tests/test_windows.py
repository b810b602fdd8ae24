"""The ranges of days that are read, and that there are never too many of them for a database."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account, AccountValue, Holding
from currencies.tests.factories import CurrencyRateFactory
from portfolio import services, windows
from portfolio.tests.api.conftest import at
from portfolio.valuation import Name
from securities.tests.factories import SecurityFactory, SecurityPriceFactory

FIRST = date(2020, 1, 1)
WINDOWS = st.tuples(st.integers(0, 3000), st.integers(0, 12)).map(
    lambda pair: (FIRST + timedelta(days=pair[0]), FIRST + timedelta(days=sum(pair)))
)


@given(st.lists(WINDOWS, max_size=400))
def test_joined_windows_hold_every_day_in_order_and_are_few(given_windows):
    found = windows.joined(given_windows)

    assert len(found) <= windows.MAX_WINDOWS
    assert all(last + timedelta(days=1) < first for (_, last), (first, _) in pairwise(found))
    assert all(any(first <= start and end <= last for first, last in found) for start, end in given_windows)


def test_up_to_a_hundred_windows_hold_no_other_days_and_then_the_shortest_gaps_are_closed():
    apart = [(FIRST + timedelta(days=20 * number), FIRST + timedelta(days=20 * number + 3)) for number in range(100)]
    near = (FIRST + timedelta(days=6), FIRST + timedelta(days=9))

    assert windows.joined(apart) == apart
    assert windows.joined([*apart, near]) == [(apart[0][0], near[1]), *apart[1:]]
    assert windows.joined([]) == []


@pytest.mark.django_db
def test_very_many_accounts_of_which_each_was_valued_on_another_day(user):
    shares = SecurityFactory(currency_id="USD")
    SecurityPriceFactory(security=shares, timestamp=at("2020-09-04T00:00"), close="10", high=None, low=None)
    CurrencyRateFactory(base_id="USD", target_id="CAD", date=date(2020, 9, 4), rate="2")
    accounts = Account.objects.bulk_create(
        [
            Account(user=user, name=f"{number}", currency_id="CAD", account_type="tfsa", is_investment_account=True)
            for number in range(1100)
        ]
    )
    days = [at("2020-09-04") - timedelta(days=13 * number) for number in range(1100)]
    AccountValue.objects.bulk_create(
        [
            AccountValue(account=account, user=user, timestamp=day, value=25, cash_balance=5)
            for account, day in zip(accounts, days, strict=True)
        ]
    )
    Holding.objects.bulk_create(
        [
            Holding(
                account=account, user=user, security=shares, quantity=1, average_cost=Decimal(1), timestamp=days[-1],
                currency_id="USD",
            )
            for account in accounts
        ]
    )  # fmt: skip

    figure = services.day_of(user=user, on=date(2020, 9, 6), currency="CAD").figure(Name.INVESTED)

    assert figure.value == 1100 * 20
