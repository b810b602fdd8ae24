"""Reading a series of prices: adjusted, and written as JSON, by the database."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import orjson

from finances import caching
from finances.api import database_json
from finances.api.database_json import Dialect, Series
from securities import adjustment, completeness
from securities.adjustment import DERIVED_PLACES, DERIVED_PLACES_BELOW_ONE, Step
from securities.api.serializers import PricePointSerializer, end_of
from securities.completeness import Completeness
from securities.intervals import Interval, instant_of
from securities.models import Security, SecurityPrice

DEFAULT_LENGTHS = {Interval.MINUTE: timedelta(hours=24)}
DEFAULT_LENGTH = timedelta(days=30)
# As long as this, a series takes longer to read and to write as JSON than to bring from the cache that all share.
POINTS_WORTH_KEEPING = 500
# When a range itself is empty, what lies so close on either side is shown.
NEARBY = timedelta(days=7)
FIRST_INSTANT, LAST_INSTANT = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
PRICES = SecurityPrice._meta
TABLE = PRICES.db_table
CONDITIONS = "price.security_id = %s AND price.interval = %s AND price.timestamp BETWEEN %s AND %s"
NAMES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Range:
    """From ``start`` to ``end``, both included."""

    start: datetime
    end: datetime

    def widened(self) -> "Range":
        """Return the range with seven days more on either side, as far as time goes."""
        start = self.start - min(NEARBY, self.start - FIRST_INSTANT)
        return Range(start, self.end + min(NEARBY, LAST_INSTANT - self.end))


@dataclass(frozen=True, slots=True)
class Question:
    """Which points of a series."""

    interval: Interval
    range: Range
    adjusted: str
    limit: int
    offset: int

    @property
    def is_long(self) -> bool:
        """Whether there can be so many points that the answer is worth keeping."""
        span = (self.range.end - self.range.start) / self.interval.length
        return min(span, self.limit) >= POINTS_WORTH_KEEPING


@dataclass(frozen=True, slots=True)
class Found:
    """The points of a page, whether they are only nearby, and how many there are on all pages."""

    points: Series
    is_nearby: bool
    total: int


def requested(interval: Interval, *, start: datetime | None, end: datetime | None, now: datetime) -> Range:
    """Return the range that is meant: without an end to now, without a start 30 days long (24 h of minutes).

    "Now" is `latest`, so that the same question asked again has the same answer.
    """
    if end is None:
        end = latest(interval, now=now)
        end = max(end, start) if start is not None else end
    if start is None:
        start = end - min(DEFAULT_LENGTHS.get(interval, DEFAULT_LENGTH), end - FIRST_INSTANT)
        if not interval.is_intraday:
            start = datetime.combine(start.date(), time(), tzinfo=UTC)
    return Range(start, end)


def latest(interval: Interval, *, now: datetime) -> datetime:
    """Return until when there can be bars: to the minute, or for bars of a day and more today's last second."""
    return now.replace(second=0, microsecond=0) if interval.is_intraday else end_of(now.date())


def find(security: Security, question: Question) -> Found:
    """Return the points; of a long series as they are kept, when this is what was asked last."""
    if not question.is_long:
        return read(security, question)
    kept = caching.remember_last(
        f"series:{security.pk}:{question.interval}:{question.adjusted}",
        state=[security.prices_version, question],
        compute=lambda: _packed(read(security, question)),
    )
    return _unpacked(kept)


def _packed(found: Found) -> bytes:
    points = found.points
    head = [found.is_nearby, found.total, points.count, points.first, points.last]
    return orjson.dumps(head) + b"\n" + orjson.dumps(points.items)


def _unpacked(kept: bytes) -> Found:
    head, _, items = kept.partition(b"\n")
    is_nearby, total, *rest = orjson.loads(head)
    return Found(Series(orjson.Fragment(items), *rest), is_nearby, total)


def read(security: Security, question: Question) -> Found:
    """Read the points, or those nearby when the range itself has none: one query; then two, or to count the others."""
    series, is_nearby = _points(security, question, question.range), False
    if not series.count and not question.offset:
        series, is_nearby = _points(security, question, question.range.widened()), True
    is_whole = series.count < question.limit and (series.count or not question.offset)
    total = question.offset + series.count if is_whole else count(security, question)
    return Found(series, is_nearby, total)


def assess(security: Security, question: Question, found: Found, *, until: datetime) -> Completeness:
    """Tell how much of the requested range is there ``until`` an instant; what is only nearby is sparse."""
    if found.is_nearby:
        return Completeness.SPARSE if found.total else Completeness.EMPTY
    return completeness.assess(
        count=found.total,
        interval=question.interval,
        start=question.range.start,
        end=until,
        calendar=security.calendar,
    )


def count(security: Security, question: Question) -> int:
    """Count the points of the whole range; one query."""
    within = (question.range.start, question.range.end)
    return SecurityPrice.objects.filter(security=security, interval=question.interval, timestamp__range=within).count()


def _points(security: Security, question: Question, within: Range) -> Series:
    steps = [step for step in adjustment.steps_from(security.adjustments) if instant_of(step.before) > within.start]
    conditions = [
        database_json.parameter(PRICES.get_field("security"), security.pk),
        question.interval.value,
        database_json.parameter(PRICES.get_field("timestamp"), within.start),
        database_json.parameter(PRICES.get_field("timestamp"), within.end),
    ]
    spoken, source, params = database_json.dialect(), f"{TABLE} AS price WHERE {CONDITIONS}", conditions
    if steps:
        source, params = _with_factors(spoken, len(steps) + 1), [*_factors(steps), *conditions]
    return database_json.read_series(
        item=_item(spoken, bool(steps), question.adjusted),
        place="price.timestamp",
        source=source,
        params=params,
        limit=question.limit,
        offset=question.offset,
    )


@lru_cache
def _with_factors(spoken: Dialect, count: int) -> str:
    """Return the source of prices with the factors of adjustment of their time, ``count`` of them."""
    kinds = {
        "since": spoken.an_instant,
        "until": spoken.an_instant,
        "split": spoken.a_decimal,
        "total": spoken.a_decimal,
    }
    conditions = f"{CONDITIONS} AND price.timestamp >= factor.since AND price.timestamp < factor.until"
    return spoken.pieces(spoken.table("factor", kinds, count), TABLE, alias="price", conditions=conditions)


def _factors(steps: list[Step]) -> list[Any]:
    """Return the parameters of the factors: since when, until when, for splits, for all."""
    timestamp = PRICES.get_field("timestamp")
    bounds = [FIRST_INSTANT, *(instant_of(step.before) for step in steps), LAST_INSTANT]
    instants = [database_json.parameter(timestamp, bound) for bound in bounds]
    multipliers = [(str(step.split), str(step.total)) for step in steps] + [("1", "1")]
    return [
        value
        for since, until, factors in zip(instants, instants[1:], multipliers, strict=False)
        for value in (since, until, *factors)
    ]


@lru_cache
def _item(spoken: Dialect, has_factors: bool, adjusted: str) -> str:
    """Return the SQL of one point."""

    def price(name: str, factor: str | None) -> str:
        if factor is None:
            return f"price.{name}"
        product = spoken.rounded_product(f"price.{name}", factor, DERIVED_PLACES)
        finer = spoken.rounded_product(f"price.{name}", factor, DERIVED_PLACES_BELOW_ONE)
        return (
            f"CASE WHEN {factor} = {spoken.one} THEN price.{name} "
            f"WHEN {spoken.as_number(f'price.{name}')} < 1 THEN {finer} ELSE {product} END"
        )

    factor = {"none": None, "splits": "factor.split", "all": "factor.total"}[adjusted] if has_factors else None
    volume = f"round(price.volume / {spoken.as_number('factor.split')})" if factor is not None else "price.volume"
    columns = {
        "timestamp": "price.timestamp",
        **{name: price(name, factor) for name in NAMES},
        "volume": volume,
        "adj_close": price("close", "factor.total" if has_factors else None),
    }
    return database_json.item_sql(PricePointSerializer, columns)
