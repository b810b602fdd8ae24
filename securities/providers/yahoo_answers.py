"""From Yahoo's answers to plain values. Binary floats end here."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson

from finances import money
from securities.actions import Action, ActionKind
from securities.bars import Bar
from securities.intervals import Interval, instant_of
from securities.providers.protocol import Listing, Profile, Quote

if TYPE_CHECKING:
    from pandas import DataFrame

# Yahoo's prices are 32-bit floats, which hold seven digits; the rest is noise of the conversion. What is still to be
# multiplied by the ratios of later splits keeps two more, and is rounded after that.
FLOAT_DIGITS = 7
DIGITS_TO_MULTIPLY = 9
RATIO_DIGITS = 20
MAX_VOLUME_DIGITS = 18
ASSET_CLASSES = {
    "EQUITY": "equity",
    "ETF": "etf",
    "MUTUALFUND": "mutual_fund",
    "INDEX": "index",
    "CURRENCY": "currency",
    "CRYPTOCURRENCY": "cryptocurrency",
    "FUTURE": "future",
    "OPTION": "option",
}


def number(value: Any, digits: int = FLOAT_DIGITS) -> Decimal | None:
    """Return a float with the ``digits`` that the source knew, or None when it is no number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return money.significant(Decimal(repr(value)), digits=digits)


def instants_in(frame: "DataFrame", interval: Interval) -> list[datetime]:
    """Return the time stamps of the rows: true instants within a day, else the midnights of the exchange's days."""
    if interval.is_intraday:
        return [moment.astimezone(UTC) for moment in frame.index.to_pydatetime()]
    return [instant_of(day) for day in frame.index.date]


def bars(frame: "DataFrame | None", chart: "Chart | None", interval: Interval) -> list[Bar]:
    """Return the rows that have a close."""
    if frame is None or chart is None:
        return []
    if interval is Interval.WEEK:
        return chart.weeks()
    columns = (frame[name].tolist() for name in ("Open", "High", "Low", "Close", "Volume"))
    rows = zip(instants_in(frame, interval), *columns, strict=True)
    read = (chart.bar(at, values) for at, *values in rows)
    return [bar for bar in read if bar is not None]


def adjusted_closes(frame: "DataFrame | None", interval: Interval) -> dict[datetime, Decimal]:
    """Return Yahoo's own fully adjusted closes of days; those of weeks and months are of no use as a check."""
    if frame is None or interval is not Interval.DAY:
        return {}
    pairs = zip(instants_in(frame, interval), map(number, frame["Adj Close"].tolist()), strict=True)
    return {at: close for at, close in pairs if close is not None}


class Chart:
    """The raw chart behind a frame: its currency, its time zone, and its events with their true dates and ratios."""

    def __init__(self, body: bytes) -> None:
        """Read ``body``."""
        result = orjson.loads(body)["chart"]["result"][0]
        meta = result["meta"]
        self.currency = str(meta.get("currency") or "")
        self.timezone = str(meta.get("exchangeTimezoneName") or "")
        self._times: list[int] = result.get("timestamp") or []
        self._columns: Mapping[str, list[Any]] = result["indicators"]["quote"][0]
        self._events: Mapping[str, Mapping[str, Any]] = result.get("events") or {}
        self._last_split = max((split.on for split in self._splits()), default=date.min)

    def actions(self, *, since: date, until: date) -> list[Action]:
        """Return the splits and dividends of the days from ``since`` up to, and without, ``until``."""
        actions = [*self._splits(), *self._dividends()]
        return sorted(action for action in actions if since <= action.on < until)

    def weeks(self) -> list[Bar]:
        """Return weekly bars from the raw rows, of which the running week may have two.

        Yahoo puts the latest price in a row of its own. yfinance joins the two, but takes two weeks for one where
        daylight saving time begins between them.
        """
        weeks: dict[datetime, Bar] = {}
        names = ("open", "high", "low", "close", "volume")
        for moment, *values in zip(self._times, *(self._columns[name] for name in names), strict=True):
            day = datetime.fromtimestamp(moment, ZoneInfo(self.timezone)).date()
            at = instant_of(day - timedelta(days=day.weekday()))
            bar = self.bar(at, values)
            if bar is not None:
                weeks[at] = _joined(weeks[at], bar) if at in weeks else bar
        return [weeks[at] for at in sorted(weeks)]

    def bar(self, at: datetime, values: Sequence[Any]) -> Bar | None:
        """Return the bar of open, high, low, close and volume; None when there is no close."""
        digits = DIGITS_TO_MULTIPLY if at.date() < self._last_split else FLOAT_DIGITS
        opened, high, low, close = (number(value, digits) for value in values[:4])
        volume = number(values[4], MAX_VOLUME_DIGITS)
        return None if close is None else Bar(at, opened, high, low, close, int(volume or 0))

    def _splits(self) -> Iterable[Action]:
        for event in self._of("splits"):
            old, new = Decimal(str(event["denominator"])), Decimal(str(event["numerator"]))
            if old > 0 and new > 0:
                ratio = money.significant(money.CONTEXT.divide(new, old), digits=RATIO_DIGITS)
                yield Action(self._day(event), ActionKind.SPLIT, ratio)

    def _dividends(self) -> Iterable[Action]:
        """Add up what was paid on a day; what funds pay out of their gains is paid, too."""
        paid: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
        for event in (*self._of("dividends"), *self._of("capitalGains")):
            paid[self._day(event), str(event.get("currency") or "")] += number(event["amount"]) or 0
        for (day, currency), amount in paid.items():
            if amount:
                yield Action(day, ActionKind.DIVIDEND, amount, currency or None)

    def _of(self, kind: str) -> Iterable[Mapping[str, Any]]:
        return (self._events.get(kind) or {}).values()

    def _day(self, event: Mapping[str, Any]) -> date:
        return datetime.fromtimestamp(event["date"], ZoneInfo(self.timezone or "UTC")).date()


def _joined(first: Bar, second: Bar) -> Bar:
    """Make one bar of two that follow each other."""
    highs = [price for price in (first.high, second.high) if price is not None]
    lows = [price for price in (first.low, second.low) if price is not None]
    volume = (first.volume or 0) + (second.volume or 0)
    return Bar(first.at, first.open, max(highs, default=None), min(lows, default=None), second.close, volume)


def asset_class(quote_type: Any) -> str:
    """Return our word for Yahoo's."""
    return ASSET_CLASSES.get(str(quote_type).upper(), "other")


def _text(*values: Any) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")


def listing(found: Mapping[str, Any]) -> Listing:
    """Return one result of a search."""
    return Listing(
        symbol=str(found["symbol"]),
        name=_text(found.get("longname"), found.get("shortname")),
        asset_class=asset_class(found.get("quoteType")),
        exchange=_text(found.get("exchange")),
    )


def profile(symbol: str, summary: Mapping[str, Any]) -> Profile:
    """Return what the modules of a summary tell."""
    price, kind = summary.get("price") or {}, summary.get("quoteType") or {}
    about = summary.get("assetProfile") or {}
    market_cap = price.get("marketCap")
    return Profile(
        symbol=symbol,
        name=_text(price.get("longName"), price.get("shortName"), kind.get("longName")),
        asset_class=asset_class(price.get("quoteType") or kind.get("quoteType")),
        exchange=_text(price.get("exchange"), kind.get("exchange")),
        currency=_text(price.get("currency")),
        timezone=_text(kind.get("timeZoneFullName")),
        sector=_text(about.get("sector")),
        industry=_text(about.get("industry")),
        market_cap=round(market_cap) if isinstance(market_cap, int | float) and math.isfinite(market_cap) else None,
    )


def quote(found: Mapping[str, Any]) -> Quote | None:
    """Return the latest price, or None when Yahoo knows the symbol but no price."""
    price, moment = number(found.get("regularMarketPrice")), number(found.get("regularMarketTime"))
    if price is None or moment is None:
        return None
    at = datetime.fromtimestamp(found["regularMarketTime"], UTC)
    return Quote(str(found["symbol"]), price, _text(found.get("currency")), at)
