"""The amounts that an account consists of: every figure is a sum of these leaves, and of nothing else. Pure.

An amount is an exact ratio of two whole numbers. Denominators are few, so that amounts of one currency add up as
whole numbers and are converted once.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from accounts import told
from finances import money
from portfolio.inputs import PRICE_PLACES, Account, Close, Position, RecordedValue
from portfolio.timeline import Segment

AMOUNT_PLACES = 8  # of the columns that amounts are stored in
AMOUNT_UNIT, PRODUCT_UNIT = 10**AMOUNT_PLACES, 10 ** (AMOUNT_PLACES + PRICE_PLACES)


class MissingKind(StrEnum):
    """What sort of input is missing."""

    RATE = "rate"
    PRICE = "price"
    CURRENCY = "currency"
    VALUE = "value"
    HOLDING = "holding"
    CASH_OUTDATED = "cash_outdated"
    QUANTITY_UNCONFIRMED = "quantity_unconfirmed"
    COMPARISON = "comparison"


class Missing(NamedTuple):
    """An input that is not there: which, by name, and why it matters. The same for every day that it is missing."""

    kind: MissingKind
    name: str
    reason: str


class Part(StrEnum):
    """What a leaf is."""

    CASH = "cash"
    CASH_SINCE = "cash_since"  # what was paid or received for securities since the cash was recorded: never known
    BALANCE = "balance"  # all of an account that is not for investments
    HOLDING = "holding"
    UNCONFIRMED = "unconfirmed"  # by what a holding is more or less, when its quantity is of after a split
    UNITEMISED = "unitemised"  # securities of which only the recorded worth is known
    UNDIVIDED = "undivided"  # a recorded value that does not say how much of it is cash


class Leaf(NamedTuple):
    """One amount in one currency: ``numerator / denominator``, or what is missing to count it.

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
        name = LABELS.get(self.part, "")
        return name if self.position is None else f"{self.position.security.symbol}{name}"


LABELS = {
    Part.CASH: "cash",
    Part.CASH_SINCE: "cash paid or received since",
    Part.BALANCE: "balance",
    Part.UNCONFIRMED: ", quantity not confirmed",
    Part.UNITEMISED: "securities, not itemised",
    Part.UNDIVIDED: "recorded value",
}


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


def holding_leaf(account: Account, position: Position, segment: Segment, close: Close | None) -> Leaf:
    """Return quantity times splits since the as-of day times close.

    A split between the day of the close and the day that is valued multiplies the quantity and divides the price, so
    that only those up to the day of the close matter.
    """
    security, slot = position.security, position.id
    if close is None or security.currency is None or segment.quantity is None:
        is_priceless = security.currency is not None or security.is_gone
        missing = missing_price(position) if is_priceless else missing_currency(position)
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


def unconfirmed_leaf(account: Account, position: Position, segment: Segment) -> Leaf | None:
    """Return the leaf of what a holding is more or less, when its quantity counts other shares than those of its day.

    None when there is no doubt. The holding itself counts as it was told.
    """
    security = position.security
    splits = told.unconfirmed(security.splits, as_of=segment.since, told=segment.told)
    if not splits:
        return None
    reason = told.reason(security.symbol, splits, as_of=segment.since)
    missing = Missing(MissingKind.QUANTITY_UNCONFIRMED, security.symbol, reason)
    slot, code = f"{position.id}/{Part.UNCONFIRMED}", security.currency or ""
    return Leaf(slot, account, Part.UNCONFIRMED, code, 0, 1, None, missing, None, position, segment)


@lru_cache(maxsize=1000)
def quantity_units(quantity: Decimal) -> int:
    """Return a quantity as a whole number; a series asks for the same ones again and again."""
    return money.scaled(quantity, decimal_places=AMOUNT_PLACES)


def missing_price(position: Position) -> Missing:
    """Tell that there is no close that counts."""
    symbol = position.security.symbol
    if position.security.is_gone:
        reason = f"{symbol}, which was held, has been deleted, and its prices with it."
        return Missing(MissingKind.PRICE, symbol, reason)
    reason = f"There is no daily close of {symbol} on the day or in the ten days before."
    return Missing(MissingKind.PRICE, symbol, reason)


def missing_currency(position: Position) -> Missing:
    """Tell that a price without a currency says nothing."""
    symbol = position.security.symbol
    return Missing(MissingKind.CURRENCY, symbol, f"The currency of the prices of {symbol} is not known.")
