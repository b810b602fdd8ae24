"""The exchange rates of many days, as `currencies.conversion` derives them for each. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from currencies.conversion import MAX_RATE_AGE, Conversion, PublishedRate, RateBook, RateNotFoundError
from portfolio.leaves import Missing, MissingKind

ONE = Decimal(1)


class Way(NamedTuple):
    """How an amount becomes one of another currency: times ``ratio``, by rates of ``rate_on`` or later."""

    ratio: Fraction
    rate_on: date
    is_converted: bool


class DayRates:
    """What currencies are worth in one of them, ``quote``, on one day; each is derived when it is first asked for."""

    def __init__(self, book: RateBook, *, quote: str) -> None:
        """Take the published rates from ``book``."""
        self.on, self.quote = book.on, quote
        self._book = book
        self._ways: dict[str, Conversion | None] = {}
        self._known: dict[str, Way | None] = {}

    def way(self, code: str) -> Conversion | None:
        """Return how ``code`` becomes the quote currency, None when there is no rate for it."""
        if code not in self._ways:
            self._ways[code] = self._find(code)
        return self._ways[code]

    def known(self, code: str) -> Way | None:
        """Return what arithmetic needs of `way`."""
        if code not in self._known:
            way = self.way(code)
            self._known[code] = None if way is None else Way(way.ratio, way.rate_on, bool(way.legs))
        return self._known[code]

    def _find(self, code: str) -> Conversion | None:
        try:
            return Conversion(ONE, code, self.quote, self.on, self._book.legs(code, self.quote))
        except RateNotFoundError:
            return None

    def missing(self, code: str) -> Missing:
        """Tell that there is no rate for ``code``."""
        reason = f"There is no exchange rate from {code} to {self.quote} on the day or in the seven days before."
        return Missing(MissingKind.RATE, f"{code}/{self.quote}", reason)


class RateHistory:
    """Published rates, from which the rates of any day are had."""

    def __init__(self, rates: Iterable[PublishedRate], *, quote: str) -> None:
        """Sort ``rates``; amounts are to be converted into ``quote``."""
        self.quote = quote
        self._pairs: dict[tuple[str, str], tuple[list[date], list[PublishedRate]]] = {}
        for rate in sorted(rates, key=lambda rate: rate.on):
            days, series = self._pairs.setdefault((rate.base, rate.quote), ([], []))
            days.append(rate.on)
            series.append(rate)
        self._latest: DayRates | None = None
        self._book: RateBook | None = None
        self._ratios: dict[tuple[str, str, date], Fraction | None] = {}

    def ratio(self, base: str, quote: str, day: date) -> Fraction | None:
        """Return what one unit of ``base`` was worth in ``quote`` on ``day``, whatever figures are wanted in."""
        if base == quote:
            return Fraction(1)
        key = (base, quote, day)
        if key not in self._ratios:
            way = DayRates(self._book_of(day), quote=quote).way(base)
            self._ratios[key] = None if way is None else way.ratio
        return self._ratios[key]

    def on(self, day: date) -> DayRates:
        """Return the rates of ``day``: of each pair the last one on or before it that is not too old."""
        if self._latest is None or self._latest.on != day:
            self._latest = DayRates(self._book_of(day), quote=self.quote)
        return self._latest

    def _book_of(self, day: date) -> RateBook:
        if self._book is None or self._book.on != day:
            self._book = RateBook(self._counting(day), on=day)
        return self._book

    def _counting(self, day: date) -> Iterable[PublishedRate]:
        for days, series in self._pairs.values():
            place = bisect_right(days, day) - 1
            if place >= 0 and day - days[place] <= MAX_RATE_AGE:
                yield series[place]
