"""Whether an account's holdings are all of what was recorded as its value. Pure. See docs/adr/0019."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from finances import money
from portfolio import timeline
from portfolio.exchange import RateHistory
from portfolio.inputs import Account, Position, RecordedValue
from portfolio.leaves import Leaf, Missing, MissingKind, Part, holding_leaf
from portfolio.timeline import Segment

# More than a day's move of the market, and than a broker's own prices, explain.
MATERIAL_PART_OF_SECURITIES, MATERIAL_PART_OF_VALUE = Fraction(5, 100), Fraction(1, 100)
ZERO = Fraction(0)


class Difference(NamedTuple):
    """What was recorded on the day ``on`` as being in securities, less what the holdings were worth on that day.

    In the account's currency; negative when the holdings were worth more. One that ``is_material`` is missing from what
    the account is worth by its holdings.
    """

    amount: Fraction
    on: date
    is_material: bool


def difference(
    account: Account, recorded: RecordedValue | None, started: Iterable[Position], rates: RateHistory
) -> Difference | None:
    """Compare a recorded value with the positions that have ``started``; None when it does not say what is cash.

    All is of the day of the recorded value. What cannot be valued on that day counts as nothing.
    """
    if recorded is None or recorded.cash is None:
        return None
    securities = Fraction(money.difference(recorded.value, recorded.cash))
    amount = securities - sum((worth(account, position, recorded.on, rates) for position in started), start=ZERO)
    is_material = (
        amount > securities * MATERIAL_PART_OF_SECURITIES and amount > Fraction(recorded.value) * MATERIAL_PART_OF_VALUE
    )
    return Difference(amount, recorded.on, is_material and amount > 0)


def worth(account: Account, position: Position, on: date, rates: RateHistory) -> Fraction:
    """Return what a position was worth on the day ``on``, in the account's currency; 0 when that is not known."""
    segment, place = segment_on(position, on), position.security.close_place(on)
    if segment is None or place < 0:
        return ZERO
    leaf = holding_leaf(account, position, segment, position.security.closes[place])
    ratio = rates.ratio(leaf.currency, account.currency, on) if leaf.missing is None else None
    return ZERO if ratio is None else leaf.amount * ratio


def segment_on(position: Position, on: date) -> Segment | None:
    """Return what was held on the day ``on``; of a holding that was told of only later, what was told first."""
    told = position.segments
    if told and told[0].since > on:
        return told[0]
    return timeline.find(told, on)


def not_itemised(account: Account, recorded: RecordedValue, gap: Difference) -> Leaf:
    """Return the leaf of what was recorded but is in none of the holdings: its amount is known, and does not count."""
    reason = f"A part of the value of {account.name} that was recorded on {gap.on} is in none of its holdings."
    missing = Missing(MissingKind.HOLDING, account.name, reason)
    return Leaf(
        f"{account.id}/{Part.UNITEMISED}", account, Part.UNITEMISED, account.currency, gap.amount.numerator,
        gap.amount.denominator, None, missing, recorded,
    )  # fmt: skip
