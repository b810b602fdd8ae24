"""How an amount of one currency becomes an amount of another. Pure: no database, no clock, no settings.

Published rates come in, exact ratios go out: a conversion is computed as one fraction and rounded once, at the very
end, to ``money.CONTEXT``'s precision. Nothing later than the day asked for is ever used; a missing rate is an error.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from currencies.fixed_rates import FIXED_RATES
from finances import money
from finances.exceptions import NotFoundError

EURO = "EUR"

# How far back a rate may lie and still count for a day: a weekend and a row of holidays, not more.
MAX_RATE_AGE = timedelta(days=7)

# Where both legs of a cross rate can go through several currencies, these are tried first.
PREFERRED_PIVOTS = (EURO, "USD")


class RateNotFoundError(NotFoundError):
    """There is no rate for this pair and day; the message says why."""

    code = "rate_not_found"


class Derivation(StrEnum):
    """How a rate came about."""

    IDENTITY = "identity"
    DIRECT = "direct"
    INVERSE = "inverse"
    CROSS = "cross"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class PublishedRate:
    """What a source published: one unit of ``base`` is ``rate`` units of ``quote`` on the day ``on``."""

    base: str
    quote: str
    on: date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One step of a conversion: one unit of ``base`` is exactly ``ratio`` units of ``quote``."""

    base: str
    quote: str
    ratio: Fraction
    on: date
    source: str
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount in another currency, with the legs that led there.

    ``result`` is not rounded to a minor unit. ``rate_on`` is the day of the oldest rate used; without any rate (the
    same currency) it is the day asked for.
    """

    amount: Decimal
    base: str
    quote: str
    on: date
    legs: tuple[Leg, ...]

    @property
    def ratio(self) -> Fraction:
        """Return the exact rate."""
        return self._product(Fraction(1))

    @property
    def rate(self) -> Decimal:
        """Return the rate with as many digits as `money.CONTEXT` has."""
        return money.from_fraction(self.ratio)

    @property
    def result(self) -> Decimal:
        """Return the converted amount with as many digits as `money.CONTEXT` has."""
        return money.from_fraction(self._product(Fraction(self.amount)))

    @property
    def rate_on(self) -> date:
        """Return the day of the oldest rate used."""
        return min((leg.on for leg in self.legs), default=self.on)

    @property
    def derivation(self) -> Derivation:
        """Return how the rate came about."""
        if not self.legs:
            return Derivation.IDENTITY
        return self.legs[0].derivation if len(self.legs) == 1 else Derivation.CROSS

    @property
    def via(self) -> str | None:
        """Return the currency that a cross rate goes through; several are separated by commas."""
        return ", ".join(leg.quote for leg in self.legs[:-1]) or None

    def _product(self, value: Fraction) -> Fraction:
        for leg in self.legs:
            value *= leg.ratio
        return value


class RateBook:
    """The published rates that count for one day: of each pair the last one on or before it, at most a week old."""

    def __init__(self, rates: Iterable[PublishedRate], *, on: date) -> None:
        """Sort ``rates``; those of later days, or too old, are left out."""
        self.on = on
        self._latest: dict[tuple[str, str], PublishedRate] = {}
        self._neighbours: dict[str, set[str]] = {}
        for published in rates:
            if published.on > on or on - published.on > MAX_RATE_AGE:
                continue
            pair = (published.base, published.quote)
            if pair not in self._latest or self._latest[pair].on < published.on:
                self._latest[pair] = published
            self._neighbours.setdefault(published.base, set()).add(published.quote)
            self._neighbours.setdefault(published.quote, set()).add(published.base)

    @property
    def codes(self) -> set[str]:
        """Return every currency that has a rate."""
        return set(self._neighbours)

    def leg(self, base: str, quote: str) -> Leg | None:
        """Return the single published step from ``base`` to ``quote``: direct or inverse, in this order."""
        if (direct := self._latest.get((base, quote))) is not None:
            return Leg(base, quote, Fraction(direct.rate), direct.on, direct.source, Derivation.DIRECT)
        if (inverse := self._latest.get((quote, base))) is not None:
            return Leg(base, quote, 1 / Fraction(inverse.rate), inverse.on, inverse.source, Derivation.INVERSE)
        return None

    def legs(self, base: str, quote: str) -> tuple[Leg, ...]:
        """Return the steps from ``base`` to ``quote``.

        A currency that the euro has replaced by this day is the euro by another name: what some source still publishes
        for it does not count. Between the others there is one step, or two through a third currency.

        Raises:
            RateNotFoundError: there is no such way.
        """
        if base == quote:
            return ()
        first = (fixed_leg(base, EURO, on=self.on),) if is_replaced(base, on=self.on) else ()
        last = (fixed_leg(EURO, quote, on=self.on),) if is_replaced(quote, on=self.on) else ()
        return (*first, *self._published_legs(EURO if first else base, EURO if last else quote), *last)

    def _published_legs(self, base: str, quote: str) -> tuple[Leg, ...]:
        if base == quote:
            return ()
        single = self.leg(base, quote)
        if single is not None:
            return (single,)
        for pivot in self._pivots(base, quote):
            first, second = self.leg(base, pivot), self.leg(pivot, quote)
            if first is not None and second is not None:
                return (first, second)
        raise RateNotFoundError(
            f"There is no exchange rate from {base} to {quote} on {self.on} or in the seven days before."
        )

    def _pivots(self, base: str, quote: str) -> Iterator[str]:
        yield from PREFERRED_PIVOTS
        yield from sorted(self._neighbours.get(base, set()) & self._neighbours.get(quote, set()))


def is_replaced(code: str, *, on: date) -> bool:
    """Tell whether the euro has replaced the currency ``code`` by the day ``on``."""
    return code in FIXED_RATES and on >= FIXED_RATES[code].since


def fixed_leg(base: str, quote: str, *, on: date) -> Leg:
    """Return the step between the euro, on one side, and a currency that it has replaced, on the other."""
    rate = Fraction(FIXED_RATES[quote if base == EURO else base].rate)
    ratio = rate if base == EURO else 1 / rate
    return Leg(base, quote, ratio, on, "EU Council", Derivation.FIXED)


def convert(amount: Decimal, *, base: str, quote: str, on: date, rates: Iterable[PublishedRate]) -> Conversion:
    """Convert ``amount`` of ``base`` into ``quote`` at the last rates on or before ``on``. Not rounded.

    Tries a fixed euro rate, the direct rate, its inverse, then the cross rate through the euro, the US dollar, or
    another currency that has a rate with both.

    Raises:
        RateNotFoundError: there is no rate within seven days before ``on``.
    """
    return Conversion(amount, base, quote, on, RateBook(rates, on=on).legs(base, quote))


def series(*, base: str, quote: str, rates: Iterable[PublishedRate]) -> list[tuple[date, Fraction]]:
    """Return the rate of each day on which one was published, oldest first: direct, inverse, or crossed that very day.

    Days on which the two legs of a cross rate were not published together are left out: nothing is carried forward.
    """
    by_day: dict[date, list[PublishedRate]] = {}
    for published in rates:
        by_day.setdefault(published.on, []).append(published)
    points = []
    for day in sorted(by_day):
        try:
            legs = RateBook(by_day[day], on=day).legs(base, quote)
        except RateNotFoundError:
            continue
        points.append((day, Conversion(Decimal(1), base, quote, day, legs).ratio))
    return points
