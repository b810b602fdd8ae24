"""What a valuation is made from, as plain values: accounts, recorded values, positions, prices. Pure."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from accounts.market_figures import MAX_PRICE_AGE_DAYS
from portfolio.timeline import Segment
from securities.adjustment import LaterSplits


class RecordedValue(NamedTuple):
    """What an account was worth on the day ``on`` of its owner, as recorded, in the account's currency."""

    id: str
    on: date
    value: Decimal
    cash: Decimal | None


class Close(NamedTuple):
    """A daily close as traded on the exchange's day ``on``, in the security's currency, by its plain digits."""

    on: date
    digits: str
    id: str

    @property
    def price(self) -> Decimal:
        """Return the close."""
        return Decimal(self.digits)


class Split(NamedTuple):
    """A split on its ex-date: ``ratio`` new shares for one old."""

    on: date
    ratio: Fraction
    id: int


@dataclass(frozen=True, slots=True)
class Security:
    """A security with its closes and splits, oldest first. ``currency`` is None when that of its prices is unknown."""

    id: str
    symbol: str
    name: str
    asset_class: str
    sector: str
    currency: str | None
    days: list[date]
    closes: list[Close]
    splits: tuple[Split, ...] = ()
    later_splits: LaterSplits | None = None

    def close_place(self, on: date) -> int:
        """Return the place of the close that counts for the day ``on``, -1 when there is none."""
        place = bisect_right(self.days, on) - 1
        return place if place >= 0 and (on - self.days[place]).days <= MAX_PRICE_AGE_DAYS else -1

    def splits_between(self, since: date, until: date) -> Fraction:
        """Return what one unit of the day ``since`` is in units of ``until``, which may lie before."""
        if self.later_splits is None:
            return Fraction(1)
        return self.later_splits.after(since) / self.later_splits.after(until)


@dataclass(frozen=True, slots=True)
class Position:
    """A holding: what was held of a security when."""

    id: str
    security: Security
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its recorded values, oldest first, and its positions.

    ``institution_id`` is empty without an institution. What is in a liability is owed.
    """

    id: str
    name: str
    account_type: str
    currency: str
    is_liability: bool
    is_investment: bool
    institution_id: str = ""
    institution: str = ""
    days: list[date] = field(default_factory=list)
    values: list[RecordedValue] = field(default_factory=list)
    positions: tuple[Position, ...] = ()

    def recorded(self, on: date) -> RecordedValue | None:
        """Return the last value recorded on or before the day ``on``, if there is one."""
        place = bisect_right(self.days, on) - 1
        return self.values[place] if place >= 0 else None
