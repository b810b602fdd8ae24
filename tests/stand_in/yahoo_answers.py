"""What Yahoo answers: the shapes of its charts, summaries, quotes and searches, around the made-up market."""

from collections.abc import Mapping
from typing import Any

from tests.stand_in.market import STEPS, Company, Market, as_float32

# How many days back Yahoo keeps bars within a day.
KEPT_DAYS = {"1m": 30, "1h": 730}
RANGE_DAYS = {"1d": 1, "5d": 5, "1mo": 30, "1y": 365, "max": 36_500}
DAY = 86_400
Answer = tuple[int, dict[str, Any]]


def error(status: int, part: str, code: str, description: str) -> Answer:
    """Write an error as ``part`` of Yahoo does."""
    return status, {part: {"result": None, "error": {"code": code, "description": description}}}


def chart(market: Market, symbol: str, query: Mapping[str, str]) -> Answer:
    """Write bars and events of a window."""
    company, now, interval = market.companies.get(symbol), market.clock(), query["interval"]
    if company is None:
        return error(404, "chart", "Not Found", "No data found, symbol may be delisted")
    if "range" in query:
        since, until = now - RANGE_DAYS[query["range"]] * DAY, now
    else:
        since, until = float(query["period1"]), float(query["period2"])
    kept = KEPT_DAYS.get(interval)
    if kept and since < now - kept * DAY:
        within = f"The requested range must be within the last {kept} days."
        what = f"{interval} data not available for startTime={since:.0f} and endTime={until:.0f}. {within}"
        return error(422, "chart", "Unprocessable Entity", what)
    if until < company.opening(company.first):
        what = f"Data doesn't exist for startDate = {since:.0f}, endDate = {until:.0f}"
        return error(400, "chart", "Bad Request", what)
    starts = market.bars(company, interval, since, until)
    return 200, {"chart": {"result": [_series(market, company, interval, starts, (since, until))], "error": None}}


def _series(
    market: Market, company: Company, interval: str, starts: list[int], window: tuple[float, float]
) -> dict[str, Any]:
    closes = [market.close(company, interval, start) for start in starts]
    result: dict[str, Any] = {"meta": _meta(market, company, interval), "indicators": {"quote": [{}]}}
    if interval in STEPS:
        days = sorted({company.day_of(start) for start in starts})
        result["meta"]["tradingPeriods"] = [[_period(company, company.opening(day))] for day in days]
    if not starts:
        return result
    result["timestamp"] = starts
    result["indicators"]["quote"] = [
        {
            "open": closes,
            "high": [as_float32(close * 1.0625) for close in closes],
            "low": [as_float32(close * 0.9375) for close in closes],
            "close": closes,
            "volume": [_volume(market, company, start) for start in starts],
        }
    ]
    if interval not in STEPS:
        result["indicators"]["adjclose"] = [{"adjclose": _adjusted(market, company, starts, closes)}]
    events = _events(market, company, window)
    if events:
        result["events"] = events
    return result


def _volume(market: Market, company: Company, start: int) -> int:
    """Return how many shares of now were traded in a bar."""
    later = market.later_splits(company, company.day_of(start)) if company.splits else 1
    return round((1000 + start // 60 % 9999) * later)


def _adjusted(market: Market, company: Company, starts: list[int], closes: list[float]) -> list[float]:
    """Take out of the closes what was paid after them, up to now, as Yahoo does."""
    paid = market.dividends(company, starts[0], market.clock())
    adjusted, factor = [], 1.0
    for start, close in zip(reversed(starts), reversed(closes), strict=True):
        while paid and paid[-1].at > start:
            factor *= 1 - paid[-1].amount / paid.pop().close_before
        adjusted.append(as_float32(close * factor))
    return adjusted[::-1]


def _meta(market: Market, company: Company, interval: str) -> dict[str, Any]:
    now = market.clock()
    periods = {kind: _period(company, int(now) - 3600) for kind in ("pre", "regular", "post")}
    return {
        "currency": company.currency,
        "symbol": company.symbol,
        "exchangeName": company.exchange,
        "fullExchangeName": company.exchange,
        "instrumentType": company.kind,
        "firstTradeDate": company.opening(company.first),
        "regularMarketTime": int(now) - 60,
        "hasPrePostMarketData": not company.trades_always,
        "gmtoffset": 0,
        "timezone": "GMT",
        "exchangeTimezoneName": company.timezone,
        "regularMarketPrice": market.price(company, now // 60 * 60),
        "longName": company.name,
        "shortName": company.name,
        "priceHint": 2,
        "currentTradingPeriod": periods,
        "dataGranularity": interval,
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }


def _period(company: Company, start: int) -> dict[str, Any]:
    return {"timezone": "GMT", "start": start, "end": start + company.minutes * 60, "gmtoffset": 0}


def _events(market: Market, company: Company, window: tuple[float, float]) -> dict[str, Any]:
    """Write the splits and dividends of the window."""
    since, until = window
    written: dict[str, Any] = {}
    for split in market.known_splits(company):
        at = company.opening(split.on)
        if since <= at < until:
            ratio = {"numerator": split.numerator, "denominator": split.denominator}
            text = f"{split.numerator}:{split.denominator}"
            written.setdefault("splits", {})[str(at)] = {"date": at, **ratio, "splitRatio": text}
    for paid in market.dividends(company, since, until):
        written.setdefault("dividends", {})[str(paid.at)] = {"amount": paid.amount, "date": paid.at}
    return written


def summary(market: Market, symbol: str, query: Mapping[str, str]) -> Answer:
    """Write the modules that are asked for."""
    company = market.companies.get(symbol)
    if company is None:
        return error(404, "quoteSummary", "Not Found", f"Quote not found for symbol: {symbol}")
    named = {"symbol": symbol, "shortName": company.name, "longName": company.name, "quoteType": company.kind}
    price = market.price(company, market.clock() // 60 * 60)
    modules: dict[str, dict[str, Any]] = {
        "price": {
            "maxAge": 1, **named, "exchange": company.exchange, "exchangeName": company.exchange,
            "currency": company.currency, "regularMarketPrice": price, "marketCap": round(price * 1e9),
        },
        "quoteType": {**named, "exchange": company.exchange, "timeZoneFullName": company.timezone, "maxAge": 1},
        "assetProfile": {"sector": company.sector, "industry": company.industry, "maxAge": 86_400},
    }  # fmt: skip
    result = {name: modules[name] for name in query["modules"].split(",") if name in modules}
    return 200, {"quoteSummary": {"result": [result], "error": None}}


def quotes(market: Market, query: Mapping[str, str]) -> Answer:
    """Write the latest prices of the symbols that are known."""
    found = [market.companies[symbol] for symbol in query["symbols"].split(",") if symbol in market.companies]
    minute = int(market.clock()) // 60 * 60
    result = [
        {
            "symbol": company.symbol,
            "quoteType": company.kind,
            "currency": company.currency,
            "regularMarketPrice": market.price(company, minute),
            "regularMarketTime": minute,
        }
        for company in found
    ]
    return 200, {"quoteResponse": {"result": result, "error": None}}


def search(market: Market, query: Mapping[str, str]) -> Answer:
    """Write what has the text in its symbol or name; Yahoo mixes in what has no symbol."""
    text = query["q"].lower()
    found = [
        {
            "exchange": company.exchange,
            "shortname": company.name,
            "longname": company.name,
            "quoteType": company.kind,
            "symbol": company.symbol,
            "index": "quotes",
            "isYahooFinance": True,
        }
        for company in market.companies.values()
        if text in company.symbol.lower() or text in company.name.lower()
    ]
    other = [{"index": "private", "name": "A company without shares", "isYahooFinance": False}]
    return 200, {
        "count": len(found), "quotes": [*found[: int(query["quotesCount"])], *other], "news": [], "nav": [],
        "lists": [], "researchReports": [],
    }  # fmt: skip
