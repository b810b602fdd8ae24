"""All figures of a day, from one list of leaves. Pure.

`contents.leaves` values an account; here leaves are chosen, summed and named, and nothing else is computed.
docs/valuation.md tells the rules with an example.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portfolio import figures
from portfolio.contents import leaves
from portfolio.exchange import DayRates, RateHistory
from portfolio.figures import Figure
from portfolio.inputs import Account
from portfolio.leaves import Leaf, Part, missing_value


class Name(StrEnum):
    """The figures of a whole household."""

    NET_WORTH = "net_worth"
    ASSETS = "assets"
    LIABILITIES = "liabilities"
    CASH = "cash"
    INVESTED = "invested"


class Dimension(StrEnum):
    """By what assets or liabilities are divided."""

    ACCOUNT_TYPE = "account_type"
    ASSET_CLASS = "asset_class"
    SECTOR = "sector"
    CURRENCY = "currency"
    INSTITUTION = "institution"
    ACCOUNT = "account"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Household:
    """All accounts of somebody, and the rates into the currency that figures are wanted in."""

    accounts: tuple[Account, ...]
    rates: RateHistory

    @property
    def currency(self) -> str:
        """Return the currency of all figures."""
        return self.rates.quote

    def on(self, day: date) -> "Day":
        """Return the household on ``day``."""
        found = tuple(leaf for account in self.accounts for leaf in leaves(account, day, self.rates))
        return Day(day, self.accounts, found, self.rates.on(day))


@dataclass(frozen=True, slots=True)
class Day:
    """All leaves of a household on a day, with the day's rates."""

    on: date
    accounts: tuple[Account, ...]
    leaves: tuple[Leaf, ...]
    rates: DayRates

    def figure(self, name: Name) -> Figure:
        """Return one of the household's figures; liabilities are positive, and subtract from net worth only."""
        if name is Name.NET_WORTH:
            return figures.net(self.figure(Name.ASSETS), self.figure(Name.LIABILITIES))
        return self.total(self.chosen(name))

    def chosen(self, name: Name) -> list[Leaf]:
        """Return the leaves that are summed in the figure ``name``; of net worth, all of them."""
        return [as_part(leaf, name) for leaf in self.leaves if belongs(leaf, name)]

    def of_account(self, account_id: str) -> list[Leaf]:
        """Return the leaves of one account; the sum of a liability's is what is owed."""
        return [leaf for leaf in self.leaves if leaf.account.id == account_id]

    def divided(self, by: Dimension, *, side: Name = Name.ASSETS) -> list["Slice"]:
        """Return the assets, or the liabilities, divided ``by``: the largest first, those not known at all last."""
        groups: dict[str, list[Leaf]] = {}
        names: dict[str, str] = {}
        for leaf in self.chosen(side):
            key, name = key_of(leaf, by)
            groups.setdefault(key, []).append(leaf)
            names.setdefault(key, name)
        found = [Slice((key, names[key]), self.total(group), tuple(group)) for key, group in groups.items()]
        return sorted(found, key=lambda part: (part.figure.value is None, -(part.figure.value or 0), part.key))

    def total(self, chosen: Sequence[Leaf]) -> Figure:
        """Return the sum of ``chosen`` leaves."""
        return figures.total(chosen, self.rates)


type Key = tuple[str, str]  # what is stable for programs, and a name for people


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the assets or liabilities."""

    key: Key
    figure: Figure
    leaves: tuple[Leaf, ...]


def belongs(leaf: Leaf, name: Name) -> bool:
    """Tell whether ``leaf`` is summed in the figure ``name``; one that may be cash or not, in both of these."""
    if name is Name.NET_WORTH:
        return True
    if name is Name.LIABILITIES or leaf.account.is_liability:
        return name is Name.LIABILITIES and leaf.account.is_liability
    if name is Name.CASH:
        return leaf.part in {*CASH_PARTS, Part.UNDIVIDED}
    if name is Name.INVESTED:
        return leaf.part not in CASH_PARTS
    return True


def as_part(leaf: Leaf, name: Name) -> Leaf:
    """Return ``leaf`` as it counts in ``name``: what is not known to be cash or not counts as neither."""
    if name not in {Name.CASH, Name.INVESTED} or leaf.part is not Part.UNDIVIDED or leaf.missing is not None:
        return leaf
    return missing_value(leaf.account, leaf.part, leaf.recorded)


def key_of(leaf: Leaf, by: Dimension) -> Key:
    """Return the part of the dimension ``by`` that ``leaf`` belongs to."""
    account = leaf.account
    if by in OF_ACCOUNTS:
        return OF_ACCOUNTS[by](account)
    if by is Dimension.CURRENCY:
        return (leaf.currency, leaf.currency) if leaf.currency else UNKNOWN
    if leaf.position is None:
        return OF_REST[leaf.part]
    security = leaf.position.security
    if by is Dimension.SECURITY:
        return (security.id, security.symbol)
    if by is Dimension.ASSET_CLASS:
        return (security.asset_class, security.asset_class_label or security.asset_class)
    return (security.sector, security.sector) if security.sector else UNKNOWN


UNKNOWN: Key = ("unknown", "Unknown")
CASH: Key = ("cash", "Cash")
CASH_PARTS = {Part.CASH, Part.CASH_SINCE, Part.BALANCE}
OF_ACCOUNTS: dict[Dimension, Callable[[Account], Key]] = {
    Dimension.ACCOUNT: lambda account: (account.id, account.name),
    Dimension.ACCOUNT_TYPE: lambda account: (account.account_type, account.type_label or account.account_type),
    Dimension.INSTITUTION: lambda account: (account.institution_id or "none", account.institution or "No institution"),
}
OF_REST = {
    **dict.fromkeys(CASH_PARTS, CASH),
    Part.UNITEMISED: ("unitemised", "Securities, not itemised"),
    Part.UNDIVIDED: UNKNOWN,
}
