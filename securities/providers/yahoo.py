"""Yahoo, through yfinance. What is heavy (pandas and all) is imported when Yahoo is asked, and not before."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import batched
from types import ModuleType

from django.utils import timezone

from finances.http.policy import Answer
from securities.actions import Action
from securities.intervals import Interval
from securities.providers import yahoo_answers, yahoo_policy
from securities.providers.protocol import Capability, History, Limit, Listing, Profile, Quote

EARLIEST = date(1900, 1, 1)
QUOTES_AT_ONCE = 50
MODULES = "price,quoteType,assetProfile"
SUMMARY_URL = "https://query2.finance.yahoo.com/v10/finance/quoteSummary/"
QUOTE_URL = "https://query1.finance.yahoo.com/v7/finance/quote"
QUOTE_FIELDS = "symbol,currency,regularMarketPrice,regularMarketTime"


def _wire() -> ModuleType:
    """Import yfinance and what it brings along: a second and a hundred megabytes."""
    from securities.providers import yahoo_session

    return yahoo_session


class Yahoo:
    """Prices, splits, dividends, profiles and searches of Yahoo Finance."""

    name = yahoo_policy.NAME
    title = yahoo_policy.TITLE
    capabilities = frozenset(Capability)
    # A day less than Yahoo keeps: it refuses the whole window for one minute too much.
    limits = {
        Interval.MINUTE: Limit(days_back=29, days_per_request=7),
        Interval.HOUR: Limit(days_back=729, days_per_request=365),
        Interval.DAY: Limit(),
        Interval.WEEK: Limit(),
        Interval.MONTH: Limit(),
    }

    def search(self, text: str, *, limit: int) -> list[Listing]:
        """Return at most ``limit`` securities by symbol or name.

        Raises:
            ProviderRateLimitedError, ProviderUnavailableError: Yahoo cannot be asked now.
        """
        wire = _wire()
        with wire.asking():
            return [yahoo_answers.listing(found) for found in wire.search(text, limit)][:limit]

    def profile(self, symbol: str) -> Profile:
        """Return what Yahoo knows of a security.

        Raises:
            ProviderNotFoundError: it is sure that there is none.
            ProviderRateLimitedError, ProviderUnavailableError: it cannot be asked now.
        """
        wire = _wire()
        with wire.asking():
            # `Ticker.info` would ask for three answers, of which this is the one that says it all.
            asked = {"modules": MODULES, "formatted": "false", "symbol": symbol}
            answer = wire.raw(f"{SUMMARY_URL}{symbol}", asked)
            return yahoo_answers.profile(symbol, answer["quoteSummary"]["result"][0])

    def history(self, symbol: str, *, interval: Interval, since: date, until: date) -> History:
        """Return bars, adjusted for all splits that Yahoo knows of, with the splits and dividends among them.

        Raises:
            ProviderNotFoundError, ProviderRateLimitedError, ProviderUnavailableError: as ``profile`` does.
            ProviderOutOfRangeError: Yahoo does not keep these days of this interval.
        """
        wire, start = _wire(), interval.first_day(since)  # Yahoo would cut its first week or month short
        with wire.asking() as heard:
            frame = wire.history(symbol, interval=interval.value, start=start, end=until)
            chart = _chart(heard)
            return History(
                yahoo_answers.bars(frame, chart, interval),
                [] if chart is None else chart.actions(since=start, until=until),
                currency="" if chart is None else chart.currency,
                timezone="" if chart is None else chart.timezone,
                is_split_adjusted=True,
                adjusted_closes=yahoo_answers.adjusted_closes(frame, interval),
                is_stale=any(answer.is_stale for answer in heard),
            )

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return the latest prices by symbol; a symbol that is left out is unknown, or has none.

        Raises:
            ProviderRateLimitedError, ProviderUnavailableError: Yahoo cannot be asked now.
        """
        wire, quotes = _wire(), {}
        with wire.asking():
            for some in batched(sorted(set(symbols)), QUOTES_AT_ONCE):
                asked = {"symbols": ",".join(some), "fields": QUOTE_FIELDS, "formatted": "false"}
                answer = wire.raw(QUOTE_URL, asked)
                for found in answer["quoteResponse"]["result"]:
                    quote = yahoo_answers.quote(found)
                    if quote is not None:
                        quotes[quote.symbol] = quote
        return quotes

    def actions(self, symbol: str) -> list[Action]:
        """Return every split and dividend since the first, dividends divided by all later splits; one small answer.

        Raises:
            ProviderNotFoundError, ProviderRateLimitedError, ProviderUnavailableError: as ``profile`` does.
        """
        tomorrow = timezone.localdate() + timedelta(days=1)
        return list(self.history(symbol, interval=Interval.MONTH, since=EARLIEST, until=tomorrow).actions)


def _chart(heard: Sequence[Answer]) -> yahoo_answers.Chart | None:
    """Return the chart among the answers; the other one is of the last day, for its time zone only."""
    for answer in reversed(heard):
        if yahoo_policy.CHART in answer.url and "period1=" in answer.url:
            return yahoo_answers.Chart(answer.body)
    return None
