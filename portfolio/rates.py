"""Reads the exchange rates that some days need."""

from collections import Counter
from collections.abc import Collection
from datetime import date
from functools import reduce
from itertools import batched
from operator import add, or_

import orjson
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from currencies import generations
from currencies.conversion import EURO, PREFERRED_PIVOTS
from currencies.fixed_rates import FIXED_RATES
from currencies.models import Currency, CurrencyRate
from finances import caching
from portfolio.exchange import RateHistory

# In one expression: SQLite's parser takes no more than a hundred levels of brackets.
MAX_SUMMED = 40
LEAST_WAYS = 2  # in and out


def load(codes: Collection[str], windows: list[tuple[date, date]], currency: str) -> RateHistory:
    """Return the rates in ``windows`` by which each of ``codes`` becomes ``currency``; at most three queries for forty.

    These are all that `currencies.conversion` could use: those between the currencies, and with every other one that
    is connected with two of them. Most of what is stored is connected with one.
    """
    wanted = {*codes, currency}
    if len(wanted) == 1:
        return RateHistory((), quote=currency)
    if not wanted.isdisjoint(FIXED_RATES):
        wanted.add(EURO)
    ends = {*wanted, *PREFERRED_PIVOTS, *kept_pivots(wanted)}
    within = reduce(or_, (Q(date__range=window) for window in windows))
    found = CurrencyRate.objects.filter(within).involving(*wanted).filter(base__in=ends, target__in=ends)
    return RateHistory(found.published(), quote=currency)


def kept_pivots(codes: Collection[str]) -> list[str]:
    """Return the `pivots` of ``codes`` as they were last found, if no rate of one of these has changed; one query."""
    named = sorted(codes)
    kept = caching.remember_last(
        f"pivots:{','.join(named)}",
        state=generations.of(named),
        compute=lambda: orjson.dumps(sorted(pivots(named))),
    )
    found: list[str] = orjson.loads(kept)
    return found


def pivots(codes: Collection[str]) -> set[str]:
    """Return the currencies that have rates with at least two of ``codes``; one query for each `MAX_SUMMED` of them."""
    counts: Counter[str] = Counter()
    for some in batched(sorted(codes), MAX_SUMMED):
        ways: Combinable = reduce(add, map(connected_with, some))
        found = Currency.objects.annotate(way_count=ways).filter(way_count__gte=1)
        counts.update(dict(found.order_by().values_list("pk", "way_count")))
    return {code for code, count in counts.items() if count >= LEAST_WAYS}


def connected_with(code: str) -> Coalesce:
    """Return 1 for a currency that has ever had a rate with ``code``, else 0.

    By a look at the end of an index; PostgreSQL answers EXISTS, or an unordered look, by reading every rate of it.
    """
    rates = CurrencyRate.objects.order_by("-date").values(one=Value(1))
    sides = (rates.filter(base=code, target=OuterRef("pk")), rates.filter(base=OuterRef("pk"), target=code))
    return Coalesce(*(Subquery(rows[:1]) for rows in sides), Value(0))
