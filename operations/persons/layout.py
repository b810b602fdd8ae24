"""What the file of a person holds: for each kind of row its fields, and what they refer to (docs/export-format.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import models

from accounts.models import Account, AccountValue, Holding
from institutions.models import FinancialInstitution

FORMAT, VERSION = "finances-person", 1
LARGEST_FILE = 256 * 1024 * 1024  # bytes: twenty accounts with a value a day for fifty years
STAMPS = ("created_at", "updated_at")
PERSON = ("email", "username", "base_currency", "timezone")
SECURITIES = "securities"
SECURITY = ("symbol", "name", "asset_class", "exchange", "currency", "timezone")
CURRENCIES = "currencies"  # named by their codes, which everybody shares
CHANGES = {"+": "created", "~": "changed", "-": "deleted"}
BY_SELF, BY_OTHER = "self", "other"
RECORD = ("at", "change", "by", "reason", "row")


@dataclass(frozen=True)
class Part:
    """A kind of row: its name in the file, its model, its plain fields, and what its links refer to.

    ``unique`` are the fields (``name`` in any case) of which no two rows of a person have the same values, ``derived``
    the columns that follow from the rest of the file.
    """

    name: str
    model: type[models.Model]
    plain: tuple[str, ...]
    links: Mapping[str, str] = field(default_factory=dict)
    unique: tuple[str, ...] = ("name",)
    derived: tuple[str, ...] = ()
    quota: str = ""

    @cached_property  # the library makes a manager anew each time
    def history(self) -> Any:
        """Return the model of its recorded changes, None when these are not recorded."""
        manager = getattr(self.model, "history", None)
        return None if manager is None else manager.model

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of a row in the file."""
        return ("ref", *self.plain, *self.links, *STAMPS)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of a row, but for its owner, in the order of `keys`."""
        return ("id", *self.plain, *(f"{name}_id" for name in self.links), *STAMPS)


PARTS = (
    Part("institutions", FinancialInstitution, ("name", "institution_type", "website"), quota="institutions"),
    Part(
        "accounts",
        Account,
        ("name", "account_type", "description", "is_investment_account", "interest_rate"),
        {"financial_institution": "institutions", "currency": CURRENCIES},
        quota="accounts",
    ),
    Part(
        "values",
        AccountValue,
        ("timestamp", "value", "cash_balance"),
        {"account": "accounts"},
        unique=("account", "timestamp"),
    ),
    Part(
        "holdings",
        Holding,
        ("quantity", "average_cost", "timestamp"),
        {"account": "accounts", "security": SECURITIES, "currency": CURRENCIES},
        unique=("account", "security"),
        derived=("in_investment_account",),
        quota="holdings",
    ),
)
RECORDED = tuple(part for part in PARTS if part.history is not None)
HEAD = ("format", "format_version", "project_version", "exported_at")
KEYS = (*HEAD, "person", *(part.name for part in PARTS), "history", SECURITIES)
