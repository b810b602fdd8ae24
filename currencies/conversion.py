"""How an amount of one currency becomes an amount of another. Pure: no database, no clock, no settings.

Published rates come in, exact ratios go out: a conversion is computed as one fraction and rounded once, at the very
end. Nothing later than the day asked for is ever used; a missing rate is an error.
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

# Where both legs of a cross rate can go through several currencies, these come first.
PREFERRED_PIVOTS = (EURO, "USD")

NO_TIME, ONE_DAY = timedelta(0), timedelta(days=1)


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
    def exact_result(self) -> Fraction:
        """Return the converted amount exactly."""
        return self._product(Fraction(self.amount))

    @property
    def result(self) -> Decimal:
        """Return the converted amount with as many digits as `money.CONTEXT` has."""
        return money.from_fraction(self.exact_result)

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
    """The published rates that count for one day: of each pair the last one on or before it, at most a week old.

    A currency that the euro has replaced by this day is the euro by another name: what some source still publishes
    for it does not count, and it is never what two others are crossed through.
    """

    def __init__(self, rates: Iterable[PublishedRate], *, on: date, until: date | None = None) -> None:
        """Sort ``rates`` for the day ``on``; with ``until``, those of the week that ended then, as if time had stopped.

        Rates of later days, or too old, are left out.
        """
        self.on = on
        self.until = on if until is None else min(until, on)
        self.codes: set[str] = set()
        self._latest: dict[tuple[str, str], PublishedRate] = {}
        self._neighbours: dict[str, set[str]] = {}
        for published in rates:
            if NO_TIME <= self.until - published.on <= MAX_RATE_AGE:
                self._add(published)

    def _add(self, published: PublishedRate) -> None:
        base, quote = pair = (published.base, published.quote)
        self.codes.update(pair)
        if is_replaced(base, on=self.on) or is_replaced(quote, on=self.on):
            return
        if pair not in self._latest or self._latest[pair].on < published.on:
            self._latest[pair] = published
        self._neighbours.setdefault(base, set()).add(quote)
        self._neighbours.setdefault(quote, set()).add(base)

    def leg(self, base: str, quote: str) -> Leg | None:
        """Return the single published step from ``base`` to ``quote``: the newer of both directions, or the direct."""
        direct, inverse = self._latest.get((base, quote)), self._latest.get((quote, base))
        if direct is not None and (inverse is None or direct.on >= inverse.on):
            return Leg(base, quote, Fraction(direct.rate), direct.on, direct.source, Derivation.DIRECT)
        if inverse is not None:
            return Leg(base, quote, 1 / Fraction(inverse.rate), inverse.on, inverse.source, Derivation.INVERSE)
        return None

    def legs(self, base: str, quote: str) -> tuple[Leg, ...]:
        """Return the steps from ``base`` to ``quote``: one, or two through a third currency; none from one to itself.

        A currency that the euro has replaced takes the fixed step to the euro besides. Of several ways the one whose
        oldest rate is the newest counts, then the shortest, then a direct rate before an inverse one, then the one
        through the euro, through the US dollar, and through the first of the alphabet.

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
        # Of equal ways `min` takes the first.
        best = min(self._ways(base, quote), key=_age_and_length, default=None)
        if best is None:
            raise RateNotFoundError(
                f"There is no exchange rate from {base} to {quote} on {self.on} or in the seven days before."
            )
        return best

    def _ways(self, base: str, quote: str) -> Iterator[tuple[Leg, ...]]:
        """Yield all ways, those that are preferred first."""
        single = self.leg(base, quote)
        if single is not None:
            yield (single,)
            if single.on == self.until:
                return  # nothing can be newer or shorter
        shared = self._neighbours.get(base, set()) & self._neighbours.get(quote, set())
        for pivot in pivots_in_order(shared):
            first, second = self.leg(base, pivot), self.leg(pivot, quote)
            if first is not None and second is not None:
                yield (first, second)


def _age_and_length(way: tuple[Leg, ...]) -> tuple[int, int]:
    return -min(leg.on for leg in way).toordinal(), len(way)


def pivots_in_order(codes: Iterable[str]) -> list[str]:
    """Return the currencies among ``codes`` that others can be crossed through, the preferred ones first."""
    left = {code for code in codes if code not in FIXED_RATES}
    return [*(code for code in PREFERRED_PIVOTS if code in left), *sorted(left - set(PREFERRED_PIVOTS))]


def is_replaced(code: str, *, on: date) -> bool:
    """Tell whether the euro has replaced the currency ``code`` by the day ``on``."""
    fixed = FIXED_RATES.get(code)
    return fixed is not None and on >= fixed.since


def counted_as(code: str, *, on: date) -> str:
    """Return the currency whose published rates count for ``code``: itself, or the euro that has replaced it."""
    return EURO if is_replaced(code, on=on) else code


def fixed_leg(base: str, quote: str, *, on: date) -> Leg:
    """Return the step between the euro, on one side, and a currency that it has replaced, on the other."""
    rate = Fraction(FIXED_RATES[quote if base == EURO else base].rate)
    ratio = rate if base == EURO else 1 / rate
    return Leg(base, quote, ratio, on, "EU Council", Derivation.FIXED)


def convert(amount: Decimal, *, base: str, quote: str, on: date, rates: Iterable[PublishedRate]) -> Conversion:
    """Convert ``amount`` of ``base`` into ``quote`` at the last rates on or before ``on``. Not rounded.

    `RateBook.legs` tells which way is taken.

    Raises:
        RateNotFoundError: there is no rate within seven days before ``on``.
    """
    return Conversion(amount, base, quote, on, RateBook(rates, on=on).legs(base, quote))


@dataclass(frozen=True, slots=True)
class Span:
    """The days from ``first`` to ``last``, on which the rates between ``base`` and ``quote`` count for a pair."""

    first: date
    last: date
    base: str
    quote: str


def spans(*, base: str, quote: str, start: date, end: date) -> list[Span]:
    """Cut the days from ``start`` to ``end`` where the euro replaced one of two currencies; oldest first."""
    replaced_on = {FIXED_RATES[code].since for code in (base, quote) if code in FIXED_RATES}
    changes = sorted(day for day in replaced_on if start < day <= end)
    firsts, lasts = [start, *changes], [*(day - ONE_DAY for day in changes), end]
    return [
        Span(first, last, counted_as(base, on=first), counted_as(quote, on=first))
        for first, last in zip(firsts, lasts, strict=True)
    ]
