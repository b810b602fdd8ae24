"""Every private resource, to be swept for strangers, anonymous callers, foreign ids and growing query counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.tests.factories import (
    AccountFactory,
    AccountValueFactory,
    HoldingFactory,
    InvestmentAccountFactory,
)
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory


@dataclass(frozen=True)
class OwnedResource:
    """A private resource.

    ``factory`` makes a row of the user whom ``owner`` is named for; ``body`` is a valid creation, or makes one from a
    row that is there; ``change`` is a valid change; ``foreign`` names fields that hold ids of other private rows, with
    the factories of those. ``path`` may name attributes of a row, such as ``{account_id}``: then rows are nested in
    their ``parent``, the attribute that leads to it.
    """

    path: str
    factory: Callable[..., Any]
    body: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]]
    change: Mapping[str, Any]
    owner: str = "user"
    parent: str | None = None
    foreign: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def make(self, user: Any) -> Any:
        """Store one row that belongs to ``user``."""
        return self.factory(**{self.owner: user})

    def another(self, row: Any) -> Any:
        """Store one more row that belongs where ``row`` does."""
        return self.factory(**{self.parent: getattr(row, self.parent)}) if self.parent else self.make(row.user)

    def collection(self, row: Any) -> str:
        """Return the address of the list that ``row`` is in."""
        return self.path.format_map(vars(row))

    def address(self, row: Any) -> str:
        """Return the address of ``row``."""
        return f"{self.collection(row)}/{row.pk}"

    def creation(self, row: Any) -> dict[str, Any]:
        """Return a valid body that makes another row where ``row`` is."""
        return dict(self.body(row) if callable(self.body) else self.body)


RESOURCES = [
    OwnedResource(
        path="/api/v1/financial-institutions",
        factory=FinancialInstitutionFactory,
        body={"name": "Mine"},
        change={"name": "Changed"},
    ),
    OwnedResource(
        path="/api/v1/accounts",
        factory=AccountFactory,
        body={"name": "Mine", "account_type": "savings"},
        change={"name": "Changed"},
        foreign={"financial_institution_id": FinancialInstitutionFactory},
    ),
    OwnedResource(
        path="/api/v1/accounts/{account_id}/values",
        factory=AccountValueFactory,
        body={"timestamp": "2020-01-01T00:00:00Z", "value": "1"},
        change={"value": "2"},
        owner="account__user",
        parent="account",
    ),
    OwnedResource(
        path="/api/v1/accounts/{account_id}/holdings",
        factory=HoldingFactory,
        body=lambda _: {"security_id": SecurityFactory().symbol, "quantity": "1", "average_cost": "1"},
        change={"quantity": "2"},
        owner="account__user",
        parent="account",
    ),
    OwnedResource(
        path="/api/v1/holdings",
        factory=HoldingFactory,
        body=lambda row: {
            "account_id": str(row.account_id),
            "security_id": str(SecurityFactory().pk),
            "quantity": "1",
            "average_cost": "1",
        },
        change={"quantity": "2"},
        owner="account__user",
        foreign={"account_id": InvestmentAccountFactory},
    ),
]
NESTED = [resource for resource in RESOURCES if resource.parent]
