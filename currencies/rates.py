"""Questions about stored exchange rates, each answered by one or two queries and the pure functions of `conversion`."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.db.models import Max, Min

from currencies import conversion
from currencies.conversion import MAX_RATE_AGE, Conversion, Derivation, Leg, RateBook, RateNotFoundError
from currencies.models import Currency, CurrencyRate
from finances import money
from finances.exceptions import NotFoundError

# Digits of a derived rate that are shown: more than any source publishes, few enough to be read.
SHOWN_DIGITS = 15


class CurrencyNotFoundError(NotFoundError):
    """There is no currency of this code."""

    code = "currency_not_found"


@dataclass(frozen=True, slots=True)
class RateTable:
    """What one unit of ``base`` costs in every other currency; ``on`` is the newest day among the rates.

    ``rate_dates`` has the day of each rate that is older.
    """

    base: str
    requested_on: date
    on: date
    rates: dict[str, Decimal]
    rate_dates: dict[str, date]
    source: str

    @property
    def count(self) -> int:
        """Return how many rates there are."""
        return len(self.rates)


@dataclass(frozen=True, slots=True)
class ShownLeg:
    """A step of a conversion with its rate as it is shown."""

    base: str
    quote: str
    rate: Decimal
    on: date
    source: str
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class ShownConversion:
    """A conversion as it is shown: rounded to the minor unit of ``quote``, its derived rates to `SHOWN_DIGITS`."""

    amount: Decimal
    base: str
    quote: str
    converted_amount: Decimal
    rate: Decimal
    on: date
    rate_on: date
    derivation: Derivation
    via: str | None
    legs: tuple[ShownLeg, ...]

    @property
    def detail(self) -> str:
        """Return the conversion in a sentence."""
        sentence = f"{money.plain(self.amount)} {self.base} = {money.plain(self.converted_amount)} {self.quote}"
        if self.derivation is Derivation.IDENTITY:
            return f"{sentence}: the same currency."
        through = f" through {self.via}" if self.via else ""
        sentence += f" at {money.plain(self.rate)}, the {self.derivation} rate{through} of {self.days}"
        fixed = [leg for leg in self.legs if leg.derivation is Derivation.FIXED]
        if fixed:
            sentence += "; the rate between " + ", ".join(f"{leg.base} and {leg.quote}" for leg in fixed)
            sentence += " is fixed for ever"
        return f"{sentence}."

    @property
    def days(self) -> str:
        """Return of which day the rate is, or of which days its legs are, in words."""
        published = [leg for leg in self.legs if leg.derivation is not Derivation.FIXED]
        if len({leg.on for leg in published}) > 1:
            days = " and ".join(f"{leg.on} ({leg.base} to {leg.quote})" for leg in published)
            return f"{days}, the last ones on or before {self.on}"
        return f"{self.rate_on}, the last one on or before {self.on}" if self.rate_on < self.on else str(self.rate_on)


def convert(amount: Decimal, *, base: str, quote: str, on: date) -> ShownConversion:
    """Convert ``amount`` of ``base`` into ``quote`` at the last stored rates on or before ``on``; two queries.

    Raises:
        CurrencyNotFoundError: one of the codes is unknown.
        RateNotFoundError: there is no rate within seven days before ``on``; the message says why.
    """
    currencies = Currency.objects.in_bulk({base, quote})
    for code in (base, quote):
        if code not in currencies:
            raise CurrencyNotFoundError(f"There is no currency {code}.")
    counted = {conversion.counted_as(code, on=on) for code in (base, quote)}
    stored = CurrencyRate.objects.counting_on(on).involving(*counted)
    published = stored.published() if len(counted) > 1 else []
    try:
        converted = conversion.convert(amount, base=base, quote=quote, on=on, rates=published)
    except RateNotFoundError as exc:
        raise RateNotFoundError(f"{exc.message} {why_missing(base, quote, on=on)}".strip()) from exc
    return shown(converted, decimal_places=currencies[quote].decimal_places)


def shown(converted: Conversion, *, decimal_places: int) -> ShownConversion:
    """Round ``converted`` for people: the amount to ``decimal_places``, derived rates to `SHOWN_DIGITS`."""
    legs = tuple(
        ShownLeg(leg.base, leg.quote, shown_rate((leg,)), leg.on, leg.source, leg.derivation) for leg in converted.legs
    )
    return ShownConversion(
        amount=converted.amount,
        base=converted.base,
        quote=converted.quote,
        converted_amount=money.rounded_fraction(converted.exact_result, decimal_places=decimal_places),
        rate=shown_rate(converted.legs),
        on=converted.on,
        rate_on=converted.rate_on,
        derivation=converted.derivation,
        via=converted.via,
        legs=legs,
    )


def shown_rate(legs: tuple[Leg, ...]) -> Decimal:
    """Return the rate of ``legs`` as it was published, where it was, else rounded to the digits that are shown."""
    if len(legs) == 1 and is_as_published(legs[0]):
        return money.from_fraction(legs[0].ratio)
    ratio = math.prod((leg.ratio for leg in legs), start=Fraction(1))
    return money.significant_fraction(ratio, digits=SHOWN_DIGITS)


def is_as_published(leg: Leg) -> bool:
    """Tell whether somebody published this very rate, so that it has no more digits than a column holds."""
    return leg.derivation is Derivation.DIRECT or (leg.derivation is Derivation.FIXED and leg.base == conversion.EURO)


def why_missing(base: str, quote: str, *, on: date) -> str:
    """Tell in a few sentences which of two currencies has no rate for the day ``on``, and what can be done."""
    reasons = []
    for code in (base, quote):
        if conversion.is_replaced(code, on=on):
            continue
        span = CurrencyRate.objects.involving(code).aggregate(first=Min("date"), last=Max("date"))
        if span["first"] is None:
            reasons.append(f"No rate of {code} is known at all.")
        elif on < span["first"]:
            reasons.append(f"The first rate of {code} is of {span['first']}.")
        elif on - span["last"] > MAX_RATE_AGE:
            reasons.append(f"The last rate of {code} is of {span['last']}.")
    return " ".join([*reasons, "A superuser can sync the rates of that day, or enter them."])


def table(*, base: str, on: date) -> RateTable:
    """Return the latest rates of ``base`` on or before ``on``, derived where they were not published; two queries.

    Where `convert` has a rate for ``on``, it is that one. Other rates are better old than missing: they are taken as of
    the newest day on which anybody had a rate of ``base``, else as of the newest on which a source published some,
    since a rate entered by hand says nothing of the others. Never are rates combined that lie over a week apart.

    Raises:
        RateNotFoundError: there is no rate of ``base`` on or before ``on`` at all.
    """
    newest, newest_published = CurrencyRate.objects.newest_dates(conversion.counted_as(base, on=on), on)
    if newest is None:
        raise RateNotFoundError(f"There is no exchange rate of {base} on {on} or before.")
    days = sorted({on, newest, newest_published or newest}, reverse=True)
    published = CurrencyRate.objects.counting_on(*days).published()
    books = [RateBook(published, on=on, until=day) for day in days]
    codes = sorted(set().union(*(book.codes for book in books)) - {base})
    ways = {code: legs for code in codes if (legs := newest_legs(books, base, code))}
    days_of = {code: day_of(legs) for code, legs in ways.items()}
    shown_on = max((day for day in days_of.values() if day), default=on)
    return RateTable(
        base=base,
        requested_on=on,
        on=shown_on,
        rates={code: shown_rate(legs) for code, legs in ways.items()},
        rate_dates={code: day for code, day in days_of.items() if day and day < shown_on},
        source=", ".join(sorted({leg.source for legs in ways.values() for leg in legs})),
    )


def newest_legs(books: Iterable[RateBook], base: str, quote: str) -> tuple[Leg, ...]:
    """Return the steps from ``base`` to ``quote`` in the first of ``books`` that has any; none if none has."""
    for book in books:
        try:
            return book.legs(base, quote)
        except RateNotFoundError:
            continue
    return ()


def day_of(legs: Iterable[Leg]) -> date | None:
    """Return the day of the oldest published rate among ``legs``; None where all are fixed for ever."""
    return min((leg.on for leg in legs if leg.derivation is not Derivation.FIXED), default=None)
