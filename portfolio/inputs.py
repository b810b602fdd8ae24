"""What a valuation is made from, as plain values: accounts, recorded values, positions, prices. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, overload

from accounts.market_figures import MAX_PRICE_AGE_DAYS
from finances import money
from portfolio.timeline import Segment
from securities.adjustment import LaterSplits

PRICE_PLACES = 10  # of the column that prices are stored in
MAX_PRICE_AGE = timedelta(days=MAX_PRICE_AGE_DAYS)


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


class Closes(Sequence[Close]):
    """Closes as columns, oldest first: there are thousands, of which one is looked at, or all are multiplied."""

    def __init__(self, days: Sequence[date], digits: Sequence[str], ids: Sequence[str]) -> None:
        """Keep the columns."""
        self.days, self._digits, self._ids = days, digits, ids

    def __len__(self) -> int:
        return len(self.days)

    @overload
    def __getitem__(self, place: int) -> Close: ...

    @overload
    def __getitem__(self, place: slice) -> "Closes": ...

    def __getitem__(self, place: int | slice) -> "Close | Closes":
        if isinstance(place, slice):
            return Closes(self.days[place], self._digits[place], self._ids[place])
        return Close(self.days[place], self._digits[place], self._ids[place])

    @cached_property
    def scaled(self) -> list[int]:
        """Return the prices as whole numbers, in units of the last place that a stored one has."""
        return [money.scaled_digits(digits, decimal_places=PRICE_PLACES) for digits in self._digits]


class Split(NamedTuple):
    """A split on its ex-date: ``ratio`` new shares for one old. Stored since ``known_since``, None: for ever."""

    on: date
    ratio: Fraction
    id: int
    known_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Security:
    """A security with its closes and splits, oldest first. ``currency`` is None when that of its prices is unknown."""

    id: str
    symbol: str
    name: str
    asset_class: str
    sector: str
    currency: str | None
    closes: Closes
    splits: tuple[Split, ...] = ()
    later_splits: LaterSplits | None = None
    asset_class_label: str = ""
    is_gone: bool = False  # deleted; only what was held of it is known

    @property
    def days(self) -> Sequence[date]:
        """Return the days of the closes."""
        return self.closes.days

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

    ``institution_id`` is empty without an institution. What is in a liability is owed. ``first_value_on`` is the day of
    the first recorded value, also where that is not among ``values``.
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
    first_value_on: date | None = None
    type_label: str = ""

    @property
    def first_on(self) -> date | None:
        """Return the first day of which anything is recorded; before it, the account was not there yet."""
        days = [position.segments[0].since for position in self.positions if position.segments] + self.days[:1]
        return min([*days, *([self.first_value_on] if self.first_value_on is not None else [])], default=None)

    def recorded(self, on: date) -> RecordedValue | None:
        """Return the last value recorded on or before the day ``on``, if there is one."""
        place = bisect_right(self.days, on) - 1
        return self.values[place] if place >= 0 else None
