"""What an account consists of on a day. Every figure in this app is a sum of these leaves, and of nothing else. Pure.

An amount is an exact ratio of two whole numbers. Denominators are few, so that amounts of one currency add up as
whole numbers and are converted once.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from finances import money
from portfolio import timeline
from portfolio.inputs import Account, Close, Position, RecordedValue
from portfolio.timeline import Segment

AMOUNT_PLACES, PRICE_PLACES = 8, 10  # of the columns that amounts and prices are stored in
AMOUNT_UNIT, PRODUCT_UNIT = 10**AMOUNT_PLACES, 10 ** (AMOUNT_PLACES + PRICE_PLACES)


class MissingKind(StrEnum):
    """What sort of input is missing."""

    RATE = "rate"
    PRICE = "price"
    CURRENCY = "currency"
    VALUE = "value"


class Missing(NamedTuple):
    """An input that is not there: which, by name, and why it matters. The same for every day that it is missing."""

    kind: MissingKind
    name: str
    reason: str


class Part(StrEnum):
    """What a leaf is."""

    CASH = "cash"
    BALANCE = "balance"  # all of an account that is not for investments
    HOLDING = "holding"
    UNITEMISED = "unitemised"  # securities of which only the recorded worth is known
    UNDIVIDED = "undivided"  # a recorded value that does not say how much of it is cash


class Leaf(NamedTuple):
    """One amount in one currency: ``numerator / denominator``, or what is missing to know it.

    ``on`` is the day of the recorded value or the close that it is made from.
    """

    slot: str
    account: Account
    part: Part
    currency: str
    numerator: int
    denominator: int
    on: date | None
    missing: Missing | None = None
    recorded: RecordedValue | None = None
    position: Position | None = None
    segment: Segment | None = None
    close: Close | None = None

    @property
    def amount(self) -> Fraction:
        """Return the amount in the leaf's currency."""
        return Fraction(self.numerator, self.denominator)

    @property
    def label(self) -> str:
        """Return what it is, for people."""
        return self.position.security.symbol if self.position is not None else LABELS[self.part]


LABELS = {
    Part.CASH: "cash",
    Part.BALANCE: "balance",
    Part.UNITEMISED: "securities, not itemised",
    Part.UNDIVIDED: "recorded value",
}
type LeavesOn = Callable[[date], list[Leaf]]


def leaves(account: Account, on: date) -> list[Leaf]:
    """Return what ``account`` consists of on the day ``on``: its cash and its holdings, or else its recorded value."""
    return reader(account)(on)


def reader(account: Account) -> LeavesOn:
    """Return `leaves` of one account, for many days: what has not changed since the last one is the same object."""
    holdings = [holding_reader(account, position) for position in account.positions]
    latest: tuple[RecordedValue | None, bool, list[Leaf]] | None = None

    def leaves_on(on: date) -> list[Leaf]:
        nonlocal latest
        held = [leaf for read in holdings if (leaf := read(on)) is not None]
        recorded = account.recorded(on)
        if latest is None or latest[0] is not recorded or latest[1] is not bool(held):
            made = [cash_beside_holdings(account, recorded)] if held else recorded_leaves(account, recorded)
            latest = (recorded, bool(held), made)
        return latest[2] + held

    return leaves_on


def cash_beside_holdings(account: Account, recorded: RecordedValue | None) -> Leaf:
    """Return the last recorded cash of an account that has holdings."""
    if recorded is None or recorded.cash is None:
        return missing_value(account, Part.CASH, recorded)
    return recorded_leaf(account, Part.CASH, recorded, recorded.cash)


def recorded_leaves(account: Account, recorded: RecordedValue | None) -> list[Leaf]:
    """Return the last recorded value of an account without holdings; of one for investments, apart from its cash."""
    if recorded is None:
        return [missing_value(account, Part.UNDIVIDED if account.is_investment else Part.BALANCE, None)]
    if not account.is_investment:
        return [recorded_leaf(account, Part.BALANCE, recorded, recorded.value)]
    if recorded.cash is None:
        return [recorded_leaf(account, Part.UNDIVIDED, recorded, recorded.value)]
    invested = money.difference(recorded.value, recorded.cash)
    return [
        recorded_leaf(account, Part.CASH, recorded, recorded.cash),
        recorded_leaf(account, Part.UNITEMISED, recorded, invested),
    ]


def recorded_leaf(account: Account, part: Part, recorded: RecordedValue, amount: Decimal) -> Leaf:
    """Return an amount that is a part of a recorded value."""
    units = money.scaled(amount, decimal_places=AMOUNT_PLACES)
    slot = f"{account.id}/{part}"
    return Leaf(slot, account, part, account.currency, units, AMOUNT_UNIT, recorded.on, recorded=recorded)


def missing_value(account: Account, part: Part, recorded: RecordedValue | None) -> Leaf:
    """Return the leaf of an account of which nobody recorded what it holds."""
    if recorded is None:
        reason = f"No value of {account.name} is recorded on the day or before."
    else:
        reason = f"The last recorded value of {account.name} does not say how much of it is cash."
    missing = Missing(MissingKind.VALUE, account.name, reason)
    return Leaf(f"{account.id}/{part}", account, part, account.currency, 0, 1, None, missing, recorded)


def holding_reader(account: Account, position: Position) -> Callable[[date], Leaf | None]:
    """Return a function that gives the leaf of a position on a day, None while nothing is held."""
    security, told = position.security, position.segments
    latest: tuple[Segment, int, Leaf] | None = None

    def leaf_on(on: date) -> Leaf | None:
        nonlocal latest
        segment = timeline.find(told, on)
        if segment is None:
            return None
        place = security.close_place(on)
        if latest is None or latest[1] != place or latest[0] is not segment:
            close = security.closes[place] if place >= 0 else None
            latest = (segment, place, holding_leaf(account, position, segment, close))
        return latest[2]

    return leaf_on


def holding_leaf(account: Account, position: Position, segment: Segment, close: Close | None) -> Leaf:
    """Return quantity times splits since the as-of day times close.

    A split between the day of the close and the day that is valued multiplies the quantity and divides the price, so
    that only those up to the day of the close matter.
    """
    security, slot = position.security, position.id
    if close is None or security.currency is None or segment.quantity is None:
        missing = missing_price(position) if security.currency is not None else missing_currency(position)
        code = security.currency or ""
        return Leaf(slot, account, Part.HOLDING, code, 0, 1, None, missing, None, position, segment, close)
    units = quantity_units(segment.quantity)
    numerator = units * money.scaled_digits(close.digits, decimal_places=PRICE_PLACES)
    denominator = PRODUCT_UNIT
    if security.splits:
        ratio = security.splits_between(segment.since, close.on)
        numerator, denominator = numerator * ratio.numerator, denominator * ratio.denominator
    return Leaf(
        slot, account, Part.HOLDING, security.currency, numerator, denominator, close.on, None, None, position, segment,
        close,
    )  # fmt: skip


@lru_cache(maxsize=1000)
def quantity_units(quantity: Decimal) -> int:
    """Return a quantity as a whole number; a series asks for the same ones again and again."""
    return money.scaled(quantity, decimal_places=AMOUNT_PLACES)


def missing_price(position: Position) -> Missing:
    """Tell that there is no close that counts."""
    symbol = position.security.symbol
    reason = f"There is no daily close of {symbol} on the day or in the ten days before."
    return Missing(MissingKind.PRICE, symbol, reason)


def missing_currency(position: Position) -> Missing:
    """Tell that a price without a currency says nothing."""
    symbol = position.security.symbol
    return Missing(MissingKind.CURRENCY, symbol, f"The currency of the prices of {symbol} is not known.")
