"""The rate of a pair day after day. The database finds the days, `conversion` the rate of each: the one that a
conversion on that day takes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q

from currencies import conversion, rates
from currencies.conversion import PREFERRED_PIVOTS, PublishedRate, RateBook, RateNotFoundError, Span
from currencies.models import Currency, CurrencyRate
from currencies.rates import CurrencyNotFoundError
from finances.exceptions import InvalidValueError


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """Some days of a series, oldest first, as ``{"date", "rate"}``; ``count`` is how many days there are in all."""

    points: list[dict[str, Any]]
    count: int


def page(*, base: str, quote: str, start: date | None, end: date | None, limit: int, offset: int = 0) -> SeriesPage:
    """Return the rates of the days from ``start`` to ``end`` on which there were some, oldest first.

    A day counts when a rate was published that very day, or both legs of a cross rate were: nothing is carried
    forward. A currency that the euro has replaced goes on as the euro; between two of those the rate is fixed, and
    stands on the days on which the euro had rates.

    Raises:
        CurrencyNotFoundError: there is no currency ``quote``.
        InvalidValueError: it is the base itself.
    """
    if base == quote:
        raise InvalidValueError(f"There are no rates from {base} to itself.", code="same_currency", field="target")
    if not Currency.objects.filter(pk=quote).exists():
        raise CurrencyNotFoundError(f"There is no currency {quote}.")
    spans = conversion.spans(base=base, quote=quote, start=start or date.min, end=end or date.max)
    pivots = {span: _pivots(span) for span in spans}
    first, *others = [part for span in spans for part in _days(span, pivots[span])]
    days = first.union(*others) if others else first.distinct()
    shown = list(days.order_by("date")[offset : offset + limit])
    found: dict[date, Decimal] = {}
    for span in spans:
        of_span = [day for day in shown if span.first <= day <= span.last]
        found |= _rates(span, of_span, pivots[span], base=base, quote=quote)
    return SeriesPage([{"date": day, "rate": found[day]} for day in shown], days.count())


def _pivots(span: Span) -> list[str]:
    """Return the currencies that have, or had, rates with both of the span's."""
    shared = Currency.objects.filter(*(_has_rates_with(code) for code in (span.base, span.quote)))
    return conversion.pivots_in_order(shared.values_list("code", flat=True)) if span.base != span.quote else []


def _has_rates_with(code: str) -> Q:
    return Q(Exists(CurrencyRate.objects.filter(base_id=code, target_id=OuterRef("pk")))) | Q(
        Exists(CurrencyRate.objects.filter(base_id=OuterRef("pk"), target_id=code))
    )


def _days(span: Span, pivots: Sequence[str]) -> Iterator[Any]:
    """Yield queries of the days on which the span's rates were published, or could be crossed; each uses one index."""
    stored = CurrencyRate.objects.filter(date__range=(span.first, span.last))
    if span.base == span.quote:  # both are the euro by now
        conditions = [Q(base_id=span.base), Q(target_id=span.base)]
    else:
        conditions = [Q(base_id=span.base, target_id=span.quote), Q(base_id=span.quote, target_id=span.base)]
    if pivots:
        # The one with fewer rates is looked through, and the other looked up: the euro has rates with everybody.
        many, few = sorted((span.base, span.quote), key=_rarity)
        conditions.append(Q(base_id=few, target_id__in=pivots) & _same_day_rate(many, pivot="target_id"))
        conditions.append(Q(target_id=few, base_id__in=pivots) & _same_day_rate(many, pivot="base_id"))
    for condition in conditions:
        yield stored.filter(condition).order_by().values_list("date", flat=True)


def _rarity(code: str) -> int:
    return PREFERRED_PIVOTS.index(code) if code in PREFERRED_PIVOTS else len(PREFERRED_PIVOTS)


def _same_day_rate(code: str, *, pivot: str) -> Q:
    of_the_day = CurrencyRate.objects.filter(date=OuterRef("date"))
    return Q(Exists(of_the_day.filter(base_id=OuterRef(pivot), target_id=code))) | Q(
        Exists(of_the_day.filter(base_id=code, target_id=OuterRef(pivot)))
    )


def _rates(span: Span, days: Sequence[date], pivots: Sequence[str], *, base: str, quote: str) -> dict[date, Decimal]:
    """Return the rates of ``days``, all in ``span``: direct and inverse ones first, then pivot after pivot.

    That is the order in which a conversion prefers what was published on one day.
    """
    if span.base == span.quote:
        legs = RateBook((), on=span.first).legs(base, quote)
        return dict.fromkeys(days, rates.shown_rate(legs))
    found: dict[date, Decimal] = {}
    for pivot in (None, *pivots):
        left = [day for day in days if day not in found]
        if not left:
            break
        for day, published in _published(span, left, pivot).items():
            if (rate := _rate_of_day(published, day, base=base, quote=quote)) is not None:
                found[day] = rate
    return found


def _published(span: Span, days: Sequence[date], pivot: str | None) -> dict[date, list[PublishedRate]]:
    """Return what was published on ``days`` between the span's currencies, or between each of them and ``pivot``."""
    codes = (span.base, span.quote)
    pairs = [codes] if pivot is None else [(code, pivot) for code in codes]
    condition = Q()
    for one, other in pairs:
        condition |= Q(base_id=one, target_id=other) | Q(base_id=other, target_id=one)
    by_day: dict[date, list[PublishedRate]] = {day: [] for day in days}
    for published in CurrencyRate.objects.filter(condition, date__range=(days[0], days[-1])).published():
        if published.on in by_day:
            by_day[published.on].append(published)
    return by_day


def _rate_of_day(published: Sequence[PublishedRate], day: date, *, base: str, quote: str) -> Decimal | None:
    for rate in published:
        if (rate.base, rate.quote) == (base, quote):
            return rate.rate  # nothing comes before a direct rate of the very day
    if not published:
        return None
    try:
        return rates.shown_rate(RateBook(published, on=day).legs(base, quote))
    except RateNotFoundError:
        return None
