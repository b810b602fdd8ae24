"""A household that everything is tried on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.core import signals
from django.db import close_old_connections
from rest_framework.test import APIClient

from accounts.tests.factories import AccountValueFactory, HoldingFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityPriceFactory
from tests.hostile.document import Operation
from users.models import User
from users.tests.factories import PASSWORD

SHARE = 12  # one test in so many belongs to every run
INSTEAD_OF = {"timestamp": "date", "date": "timestamp"}  # which say the same where both are sent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave of tests with parameters a share to every run, always the same ones; the others are for `test-hostile`."""
    for item in items:
        is_one_of_many = item.path.parent == Path(__file__).parent and "[" in item.name
        if is_one_of_many and crc32(item.nodeid.encode()) % SHARE:
            item.add_marker(pytest.mark.hostile)


@dataclass(frozen=True)
class Household:
    """Somebody with a row of each kind, ``rows`` by the part of an address that names them."""

    owner: User
    rows: dict[str, Any]

    def named(self, operation: Operation) -> dict[str, Any]:
        """Return rows for the parameters of an operation's path."""
        path = operation.path
        return {
            name: next(row for place, row in self.rows.items() if place in path and place.endswith(f"{{{name}}}"))
            for name in operation.parameters("path")
        }

    def body(self, operation: Operation, *, without: str = "") -> dict[str, Any]:
        """Return a valid body with all fields but those that ``without`` takes the place of."""
        left_out = {without, operation.aliases.get(without, without), INSTEAD_OF.get(without), *operation.aliases}
        return {name: self.valid(name, schema) for name, schema in operation.fields.items() if name not in left_out}

    def parameter(self, name: str) -> str:
        """Return what a parameter that has to be there takes."""
        return {"from": "EUR", "to": "EUR", "amount": "1", "by": "currency", "q": "a", "base_currency": "EUR"}[name]

    def valid(self, name: str, schema: Any) -> Any:
        """Return a value that a field takes."""
        known = {
            "account_id": str(self.rows["{account_id}"]),
            "security_id": str(self.rows["{symbol}"]),
            "financial_institution_id": str(self.rows["/financial-institutions/{id}"]),
            "email": "someone.new@example.org",
            "username": "someone.new",
            "timezone": "America/Toronto",
            "code": "XYZ",
            "website": "https://bank.example",
            "current_password": PASSWORD,
            "rates": {"USD": "1.1"},
            "currency_code": "CAD",
            "base_currency": "CAD",
        }
        if name in known:
            return known[name]
        if "enum" in schema:
            return schema["enum"][0]
        by_format = {"date": "2026-01-05", "date-time": "2026-01-05T12:00:00Z"}
        by_type = {"string": "A new one", "number": 1, "integer": 1, "boolean": True}
        return by_format.get(schema.get("format", "")) or by_type[schema["type"]]


def settle(owner: User) -> Household:
    """Store a row of each kind for ``owner``."""
    institution = FinancialInstitutionFactory(user=owner)
    holding = HoldingFactory(account__user=owner, account__financial_institution=institution)
    SecurityPriceFactory(security=holding.security)
    value = AccountValueFactory(account=holding.account, cash_balance=0)
    return Household(
        owner,
        {
            "/accounts/{id}": holding.account_id,
            "/values/{id}": value.pk,
            "/holdings/{id}": holding.pk,
            "/financial-institutions/{id}": institution.pk,
            "/users/{id}": owner.pk,
            "{account_id}": holding.account_id,
            "{symbol}": holding.security.symbol,
            "{code}": "CAD",
        },
    )


@pytest.fixture
def household(superuser: User) -> Household:
    """Give a superuser, who may do everything, a row of each kind."""
    return settle(superuser)


@pytest.fixture(autouse=True)
def _nobody_is_asked(settings: Any) -> None:
    """Ask no provider for rates; for prices none is asked in tests."""
    settings.RATE_PROVIDERS = []


@pytest.fixture
def owner(household: Household, superuser_api: APIClient) -> APIClient:
    """Speak for the household's owner."""
    superuser_api.raise_request_exception = False
    return superuser_api


@pytest.fixture
def kept_connection(db: None) -> Iterator[None]:
    """Leave the connection open between requests, as Django's own test client does: all of a test is rolled back."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)
