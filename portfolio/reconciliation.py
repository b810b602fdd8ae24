"""Whether an account's holdings are all of what was recorded as its value, and its cash is still what it was. Pure.

See docs/adr/0019.
"""

from bisect import bisect_right
from datetime import date
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from finances import money
from portfolio.exchange import RateHistory
from portfolio.inputs import PRICE_PLACES, Account, Position, RecordedValue, Security
from portfolio.leaves import AMOUNT_UNIT, quantity_units

# More than a day's move of the market, and than a broker's own prices, explain. Of what is in securities or of the
# value, whichever is less: of an account on credit, little of what is in securities is a lot of what it is worth.
MATERIAL_PART_OF_SECURITIES, MATERIAL_PART_OF_VALUE = Fraction(5, 100), Fraction(1, 100)
PRICE_UNIT = 10**PRICE_PLACES
ZERO = Fraction(0)


class Difference(NamedTuple):
    """What was recorded on the day ``on`` as being in securities, less what the holdings were worth on that day.

    In the account's currency; negative when the holdings were worth more. For one that ``is_material`` the account is
    incomplete.
    """

    amount: Fraction
    on: date
    is_material: bool


class Comparison(NamedTuple):
    """What a recorded value says, compared with the holdings up to a later day.

    ``gap`` is None when a holding that had no price could explain it. ``is_traded`` says whether so much was bought and
    sold since that the recorded cash is outdated; ``changed_on`` is the last day on which a quantity changed since.
    """

    gap: Difference | None
    is_traded: bool
    changed_on: date | None

    @property
    def is_short(self) -> bool:
        """Whether a part of what was recorded is in none of the holdings."""
        return self.gap is not None and self.gap.is_material and self.gap.amount > 0

    @property
    def is_cash_outdated(self) -> bool:
        """Whether something was bought or sold that the recorded cash does not know of."""
        return self.is_traded or (self.gap is not None and self.gap.is_material and self.gap.amount < 0)


class Line(NamedTuple):
    """How much of a security was held since when: ``numerators / denominator``, in units of after all its splits."""

    security: Security
    days: list[date]
    numerators: list[int]
    denominator: int

    def place(self, on: date) -> int:
        """Return the place of what was held on the day ``on``, -1 when nothing was told of yet."""
        return bisect_right(self.days, on) - 1


def line(position: Position) -> Line:
    """Return what was held of the security of a position, without what changed nothing."""
    security = position.security
    changes: list[tuple[date, Fraction]] = []
    before = ZERO
    for since, quantity, _ in position.segments:
        units = ZERO if quantity is None else Fraction(quantity_units(quantity)) * units_after(security, since)
        if units != before:
            changes.append((since, units))
        before = units
    common = lcm(*(units.denominator for _, units in changes))
    numerators = [units.numerator * (common // units.denominator) for _, units in changes]
    return Line(security, [since for since, _ in changes], numerators, common * AMOUNT_UNIT)


def units_after(security: Security, day: date) -> Fraction:
    """Return how many units one unit of ``day`` has become by all later splits."""
    return security.later_splits.after(day) if security.later_splits is not None else Fraction(1)


class Price(NamedTuple):
    """``numerator / denominator`` in ``currency``, for a unit of after all splits."""

    currency: str
    numerator: int
    denominator: int


def price(security: Security, on: date) -> Price | None:
    """Return the price that counted on the day ``on``, None when there was none."""
    place = security.close_place(on)
    if place < 0 or security.currency is None:
        return None
    scaled = security.closes.scaled[place]
    if not security.splits:
        return Price(security.currency, scaled, PRICE_UNIT)
    ratio = units_after(security, security.days[place])
    return Price(security.currency, scaled * ratio.denominator, PRICE_UNIT * ratio.numerator)


class Reconciliation:
    """Compares an account's recorded values with its holdings.

    Each value is compared once, and each change of a quantity looked at once for it, as long as days ascend.
    """

    def __init__(self, account: Account, rates: RateHistory) -> None:
        """Note what was held when."""
        self._currency, self._rates = account.currency, rates
        self._lines = [line(position) for position in account.positions]
        self._changes = sorted(
            (day, place, step) for place, line in enumerate(self._lines) for step, day in enumerate(line.days)
        )
        self._days = [day for day, _, _ in self._changes]
        # Of the recorded value that was compared last: until when, and what was found.
        self._recorded: RecordedValue | None = None
        self._until, self._next = date.min, 0
        self._held: set[int] = set()  # the lines that are itemised
        self._itemised, self._traded = ZERO, ZERO
        self._has_unpriced = False
        self._changed_on: date | None = None

    def compare(self, recorded: RecordedValue, on: date) -> Comparison:
        """Compare a recorded value with what was told of the holdings up to the day ``on``."""
        if self._recorded is not recorded or on < self._until:
            self._begin(recorded)
        self._until = on
        while self._next < len(self._days) and self._days[self._next] <= on:
            day, place, step = self._changes[self._next]
            self._change(day, place, step, recorded.on)
            self._next += 1
        amount = securities_in(recorded) - self._itemised
        is_undecided = self._has_unpriced and amount >= 0
        gap = None if is_undecided else Difference(amount, recorded.on, is_material(amount, recorded))
        return Comparison(gap, is_material(self._traded, recorded), self._changed_on)

    def _begin(self, recorded: RecordedValue) -> None:
        """Add up what the holdings were worth on the day of ``recorded``, by currency as whole numbers."""
        self._recorded, on = recorded, recorded.on
        self._next = bisect_right(self._days, on)
        self._held = set()
        self._itemised, self._traded, self._has_unpriced, self._changed_on = ZERO, ZERO, False, None
        sums: dict[tuple[str, int], int] = {}
        for place, line in enumerate(self._lines):
            step = line.place(on)
            if step < 0 or not line.numerators[step]:
                continue
            self._held.add(place)
            known = price(line.security, on)
            if known is None:
                self._has_unpriced = True
                continue
            key = (known.currency, known.denominator * line.denominator)
            sums[key] = sums.get(key, 0) + known.numerator * line.numerators[step]
        for (currency, denominator), numerator in sums.items():
            self._itemise(self._converted(Fraction(numerator, denominator), currency, on))

    def _change(self, day: date, place: int, step: int, on: date) -> None:
        """Take into account that a quantity changed on ``day``, after the value of the day ``on`` was recorded.

        What was not held on that day was there all the same, in the quantity that was told first: most people record a
        value before they itemise it. Whatever changes besides was bought or sold.
        """
        line = self._lines[place]
        before = line.numerators[step - 1] if step else 0
        amount, known = abs(line.numerators[step] - before), price(line.security, on)
        worth = None
        if known is not None:
            worth = Fraction(amount * known.numerator, line.denominator * known.denominator)
            worth = self._converted(worth, known.currency, on)
        if place in self._held:
            self._traded += worth or ZERO
        else:
            self._held.add(place)
            self._itemise(worth)
        self._changed_on = day

    def _itemise(self, worth: Fraction | None) -> None:
        if worth is None:
            self._has_unpriced = True
        else:
            self._itemised += worth

    def _converted(self, amount: Fraction, currency: str, on: date) -> Fraction | None:
        if not amount:
            return amount
        ratio = self._rates.ratio(currency, self._currency, on)
        return None if ratio is None else amount * ratio


def securities_in(recorded: RecordedValue) -> Fraction:
    """Return what was recorded as being in securities; all of it when nothing is said of cash."""
    return Fraction(recorded.value if recorded.cash is None else money.difference(recorded.value, recorded.cash))


def is_material(amount: Fraction, recorded: RecordedValue) -> bool:
    """Tell whether ``amount`` of the account's currency is more than prices of another source explain."""
    if not amount:
        return False
    size, value = abs(amount), abs(Fraction(recorded.value))
    least = min(abs(securities_in(recorded)), value)
    return size > least * MATERIAL_PART_OF_SECURITIES and size > value * MATERIAL_PART_OF_VALUE
