"""Questions about stored exchange rates, each answered by one or two queries and the pure functions of `conversion`."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Max, Min

from currencies import conversion
from currencies.conversion import MAX_RATE_AGE, Conversion, Derivation, RateNotFoundError
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
    """What one unit of ``base`` costs in every other currency; ``on`` is the newest day among the rates."""

    base: str
    requested_on: date
    on: date
    rates: dict[str, Decimal]
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
    """A conversion as it is shown: rounded to the minor unit of ``quote``, its rates to `SHOWN_DIGITS`."""

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
        sentence += f" at {money.plain(self.rate)}, the {self.derivation} rate{through} of {self.rate_on}"
        if self.rate_on < self.on:
            sentence += f", the last one on or before {self.on}"
        fixed = [leg for leg in self.legs if leg.derivation is Derivation.FIXED]
        if fixed:
            sentence += "; the rate between " + ", ".join(f"{leg.base} and {leg.quote}" for leg in fixed)
            sentence += " is fixed for ever"
        return f"{sentence}."


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
    # A currency that the euro has replaced is converted as the euro.
    counted = {conversion.EURO if conversion.is_replaced(code, on=on) else code for code in (base, quote)}
    stored = CurrencyRate.objects.counting_on(on).involving(*counted)
    published = stored.published() if len(counted) > 1 else []
    try:
        converted = conversion.convert(amount, base=base, quote=quote, on=on, rates=published)
    except RateNotFoundError as exc:
        raise RateNotFoundError(f"{exc.message} {why_missing(base, quote, on=on)}".strip()) from exc
    return shown(converted, decimal_places=currencies[quote].decimal_places)


def shown(converted: Conversion, *, decimal_places: int) -> ShownConversion:
    """Round ``converted`` for people: the amount to ``decimal_places``, the rates to `SHOWN_DIGITS`."""
    legs = tuple(
        ShownLeg(leg.base, leg.quote, shown_rate(leg.ratio), leg.on, leg.source, leg.derivation)
        for leg in converted.legs
    )
    return ShownConversion(
        amount=converted.amount,
        base=converted.base,
        quote=converted.quote,
        converted_amount=money.rounded(converted.result, decimal_places=decimal_places),
        rate=shown_rate(converted.ratio),
        on=converted.on,
        rate_on=converted.rate_on,
        derivation=converted.derivation,
        via=converted.via,
        legs=legs,
    )


def shown_rate(ratio: Fraction) -> Decimal:
    """Round a rate to the digits that are shown."""
    return money.significant(money.from_fraction(ratio), digits=SHOWN_DIGITS)


def why_missing(base: str, quote: str, *, on: date) -> str:
    """Tell in a sentence which of two currencies has no rate for the day ``on``, and which ones it has."""
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
    return " ".join(reasons)


def table(*, base: str, on: date) -> RateTable:
    """Return the latest rates of ``base`` on or before ``on``, derived where they were not published; two queries.

    However old they are, the newest ones are given; of each pair the last one in the week before those counts.

    Raises:
        RateNotFoundError: there is no rate of ``base`` on or before ``on`` at all.
    """
    newest = CurrencyRate.objects.involving(base).newest_date(on)
    if newest is None:
        raise RateNotFoundError(f"There is no exchange rate of {base} on {on} or before.")
    book = conversion.RateBook(CurrencyRate.objects.counting_on(newest).published(), on=newest)
    ways: dict[str, Any] = {}
    for code in sorted(book.codes - {base}):
        try:
            ways[code] = Conversion(Decimal(1), base, code, newest, book.legs(base, code))
        except RateNotFoundError:
            continue  # a currency of another source that nothing connects with this one
    return RateTable(
        base=base,
        requested_on=on,
        on=newest,
        rates={code: shown_rate(way.ratio) for code, way in ways.items()},
        source=", ".join(sorted({leg.source for way in ways.values() for leg in way.legs})),
    )


def series(*, base: str, quote: str, start: date | None, end: date | None) -> list[dict[str, Any]]:
    """Return ``{"date", "rate"}`` of each day from ``start`` to ``end`` that has a rate, oldest first; one query."""
    stored = CurrencyRate.objects.connecting(base, quote, pivot=conversion.EURO)
    if start is not None:
        stored = stored.filter(date__gte=start)
    if end is not None:
        stored = stored.filter(date__lte=end)
    points = conversion.series(base=base, quote=quote, rates=stored.published())
    return [{"date": day, "rate": shown_rate(ratio)} for day, ratio in points]
