"""Every private resource, to be swept for strangers, anonymous callers, foreign ids and growing query counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from institutions.tests.factories import FinancialInstitutionFactory


@dataclass(frozen=True)
class OwnedResource:
    """A private resource.

    ``factory`` makes a row of the user whom ``owner`` is named for; ``body`` is a valid creation; ``change`` is a
    valid change; ``foreign`` names fields that hold ids of other private rows, with the factories of those.
    """

    path: str
    factory: Callable[..., Any]
    body: Mapping[str, Any]
    change: Mapping[str, Any]
    owner: str = "user"
    foreign: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def make(self, user: Any) -> Any:
        """Store one row that belongs to ``user``."""
        return self.factory(**{self.owner: user})


RESOURCES = [
    OwnedResource(
        path="/api/v1/financial-institutions",
        factory=FinancialInstitutionFactory,
        body={"name": "Mine"},
        change={"name": "Changed"},
    ),
]
