"""A household in the database: the example of docs/valuation.md."""

from datetime import UTC, date, datetime

import pytest

from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory
from currencies.tests.factories import CurrencyRateFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityActionFactory, SecurityFactory, SecurityPriceFactory


def at(text):
    """Return an instant in UTC; of a day, its noon."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00").replace(tzinfo=UTC)


def seed(user):
    """Store the example for ``user``, and return its accounts by name."""
    user.timezone = "America/Toronto"
    user.save()
    bank = FinancialInstitutionFactory(user=user, name="Northern Bank")
    accounts = {
        "Chequing": AccountFactory(user=user, name="Chequing", financial_institution=bank),
        "TFSA": AccountFactory(user=user, name="TFSA", account_type="tfsa", is_investment_account=True),
        "Travel": AccountFactory(user=user, name="Travel", currency_id="EUR"),
        "Credit card": AccountFactory(user=user, name="Credit card", account_type="credit_card"),
    }
    for name, on, value, cash in [
        ("Chequing", "2020-09-01", "5200.50", None),
        ("TFSA", "2020-09-01", "8016.90", "1500.25"),
        ("Travel", "2020-08-15", "2000", None),
        ("Credit card", "2020-09-03", "850.75", None),
    ]:
        AccountValueFactory(account=accounts[name], timestamp=at(on), value=value, cash_balance=cash)
    apple = SecurityFactory(symbol="AAPL", sector="Technology")
    for on, close in [("2020-08-28", "499.23"), ("2020-09-04", "120.96")]:
        SecurityPriceFactory(security=apple, timestamp=at(f"{on}T00:00"), close=close, high=None, low=None)
    SecurityActionFactory(security=apple, kind="split", date=date(2020, 8, 31), value="4")
    HoldingFactory(account=accounts["TFSA"], security=apple, quantity="10", timestamp=at("2020-08-03"))
    for quote, on, rate in [
        ("USD", "2020-08-28", "1.1915"),
        ("CAD", "2020-08-28", "1.5553"),
        ("USD", "2020-09-04", "1.1842"),
        ("CAD", "2020-09-04", "1.5508"),
    ]:
        CurrencyRateFactory(target_id=quote, date=date.fromisoformat(on), rate=rate)
    return accounts


@pytest.fixture
def example(user):
    return seed(user)
