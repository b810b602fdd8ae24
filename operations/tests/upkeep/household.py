"""A database with something in every table, and with values that are easily lost on the way."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from accounts.models import Account
from accounts.tests.factories import (
    AccountFactory,
    AccountValueFactory,
    HoldingFactory,
    InvestmentAccountFactory,
)
from currencies.tests.factories import CurrencyRateFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import (
    QuarantinedRecordFactory,
    SecurityActionFactory,
    SecurityFactory,
    SecurityPriceFactory,
)
from users import sessions
from users.tests.factories import UserFactory

LARGEST = Decimal("12345678901234567890.12345678")
TO_THE_MICROSECOND = datetime(2026, 3, 29, 0, 59, 59, 999999, tzinfo=UTC)
FIRST_DAY = date(2026, 10, 1)
DAYS = 30


def furnish(email="anna@example.org"):
    """Store a household, its history, and the prices and rates of October 2026; return its owner."""
    user = UserFactory(email=email, username="Anna", timezone="America/Toronto", base_currency_id="CAD")
    bank = FinancialInstitutionFactory(user=user, name="Caisse d'Été “Nord”", institution_type="credit_union")
    closed = FinancialInstitutionFactory(user=user, name="Closed Bank")
    chequing = AccountFactory(user=user, name="Chequing", financial_institution=bank, interest_rate="1.25")
    mortgage = AccountFactory(user=user, name="Mortgage", account_type="mortgage", financial_institution=closed)
    margin = InvestmentAccountFactory(user=user, name="Margin", account_type="margin", currency_id="USD")
    sold = AccountFactory(user=user, name="Sold")
    AccountValueFactory(account=chequing, timestamp=TO_THE_MICROSECOND, value=LARGEST, cash_balance=None)
    AccountValueFactory(account=chequing, timestamp=datetime(2026, 10, 5, 16, tzinfo=UTC), value="1000.50")
    AccountValueFactory(account=mortgage, timestamp=datetime(2026, 10, 6, 16, tzinfo=UTC), value="250000")
    AccountValueFactory(account=sold, timestamp=datetime(2026, 10, 2, 16, tzinfo=UTC), value="77.7")
    margin_value = AccountValueFactory(
        account=margin, timestamp=datetime(2026, 10, 7, 16, tzinfo=UTC), value="5000", cash_balance="10"
    )
    margin_value.cash_balance = "-20.00000001"
    margin_value.save()
    share, fund = store_market()
    holding = HoldingFactory(
        account=margin, security=share, quantity="12.5", timestamp=datetime(2026, 10, 3, 16, tzinfo=UTC)
    )
    gone = HoldingFactory(account=margin, security=fund, quantity="3", timestamp=datetime(2026, 10, 3, 16, tzinfo=UTC))
    holding.quantity = Decimal("14.00000001")
    holding.timestamp = datetime(2026, 10, 20, 16, tzinfo=UTC)
    holding.save()
    gone.delete()
    sold.delete()
    closed.delete()
    Account.objects.filter(pk=chequing.pk).update(description="\u20ac, \U0001f3e0 and\nlines")
    return user


def store_market():
    """Store two securities with daily prices, a split, a dividend and a held-back price, and rates for all days."""
    share = SecurityFactory(symbol="BRK-B", name="Berkshire", sync_problem="Two prices are held back.")
    fund = SecurityFactory(symbol="XIU.TO", name="Sixty", currency_id="CAD", asset_class="etf")
    for number in range(DAYS):
        on = FIRST_DAY + timedelta(days=number)
        at = datetime(on.year, on.month, on.day, tzinfo=UTC)
        SecurityPriceFactory(security=share, timestamp=at, close=Decimal("118.6900000001") + number)
        SecurityPriceFactory(security=fund, timestamp=at, open=None, high=None, low=None, close="40.5", volume=None)
        CurrencyRateFactory(date=on, rate=Decimal("1.5606") + Decimal(number) / 1000)
        CurrencyRateFactory(date=on, target_id="USD", rate="1.123456789012")
    SecurityActionFactory(security=share, kind="split", date=date(2026, 10, 15), value="2")
    SecurityActionFactory(security=fund, date=date(2026, 10, 16), currency_id="USD")
    QuarantinedRecordFactory(security=share)
    return share, fund


def add_traces(user):
    """Store what is about people and no part of their finances: a session, a group, an entry of the admin's log."""
    sessions.start(user=user)
    group = Group.objects.create(name="Helpers")
    user.groups.add(group)
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(Account),
        object_id="1",
        object_repr="Chequing",
        action_flag=CHANGE,
        change_message='[{"changed": {"fields": ["Name"]}}]',
        action_time=timezone.now(),
    )
