"""How Yahoo's servers are to be asked, and what they mean by their answers. Light: imports nothing of yfinance."""

import re
import time
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from django.conf import settings

from finances import http
from finances.exceptions import (
    ProviderError,
    ProviderNotFoundError,
    ProviderOutOfRangeError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)

NAME, TITLE = "yahoo", "Yahoo"
CHART = "/v8/finance/chart/"
# How long answers stay fresh, unless they are current. Yahoo's own prices are late by up to a quarter of an hour.
TTL: dict[str | re.Pattern[str], timedelta] = {
    re.compile(CHART + r"[^?]*\?(.*&)?interval=(1d|1wk|1mo)(&|$)"): timedelta(hours=24),
    re.compile(CHART + r"[^?]*\?(.*&)?interval=\d+[mh](&|$)"): timedelta(minutes=15),
    re.compile(r"/v7/finance/quote\?"): timedelta(seconds=60),
    re.compile(r"/v10/finance/quoteSummary/|/v1/finance/search\?"): timedelta(hours=6),
}
# Windows that end later than this many seconds ago end now.
NOW = 900
# How long a worker of a batch may wait for its turn.
MAX_WAIT = timedelta(seconds=30)


class NoBarsError(ProviderOutOfRangeError):
    """The security was not traded in the days that were asked for."""


def policy() -> http.Policy:
    """Return how Yahoo is to be asked, by the settings."""
    return http.Policy(
        name=NAME,
        title=TITLE,
        ttl=TTL,
        examine=examine,
        key_url=key_url,
        is_current=is_current,
        gap=timedelta(seconds=settings.YAHOO_SECONDS_BETWEEN_REQUESTS),
        max_wait=MAX_WAIT,
    )


def key_url(url: str) -> str:
    """Give charts that end now, or that begin before 1970, one key each; yfinance writes the very second."""
    parts = urlsplit(url)
    if not parts.path.startswith(CHART):
        return url
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if ends_now(query):
        query["period2"] = "now"
    if _number(query.get("period1")) < 0:
        query["period1"] = "first"
    return urlunsplit(parts._replace(query=urlencode(query)))


def is_current(url: str) -> bool:
    """Tell whether a chart ends now, so that its last bar may not be over."""
    parts = urlsplit(url)
    return parts.path.startswith(CHART) and ends_now(dict(parse_qsl(parts.query)))


def ends_now(query: Mapping[str, str]) -> bool:
    """Tell whether a chart's window ends in the last quarter of an hour, or later."""
    return _number(query.get("period2")) > time.time() - NOW


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def examine(status: int, body: bytes) -> None:
    """Raise for everything that is no answer; Yahoo says in JSON what is wrong, and in HTML that it is away.

    Raises:
        ForTheClientError: it wants another cookie, or another crumb.
        ProviderNotFoundError, ProviderOutOfRangeError, ProviderRateLimitedError, ProviderError: it says so.
        ProviderUnavailableError: it says nothing that could be read.
    """
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise http.ForTheClientError("Yahoo wants another cookie.")
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise ProviderUnavailableError(f"Yahoo sends what is no answer ({status}).") from exc
    if not isinstance(answer, dict):
        raise ProviderUnavailableError("Yahoo sends what is no answer.")
    for part in ("chart", "quoteSummary", "quoteResponse", "finance"):
        said = answer.get(part)
        if isinstance(said, dict) and isinstance(said.get("error"), dict):
            _refuse(status, said["error"])


def _refuse(status: int, error: dict[str, Any]) -> NoReturn:
    """Raise what Yahoo's ``error`` means."""
    code, description = str(error.get("code", "")), str(error.get("description", ""))[:200]
    if "Data doesn't exist" in description:
        raise NoBarsError(f"Yahoo has no prices of these days: {description}")
    if status == HTTPStatus.UNPROCESSABLE_ENTITY or "must be within the last" in description:
        raise ProviderOutOfRangeError(f"Yahoo does not go back that far: {description}")
    if status == HTTPStatus.NOT_FOUND or code == "Not Found":
        raise ProviderNotFoundError(f"Yahoo does not know this symbol: {description}")
    if code == "Too Many Requests":
        raise ProviderRateLimitedError("Yahoo asks for fewer requests.")
    if code == "Unauthorized":
        raise http.ForTheClientError("Yahoo wants another cookie.")
    raise ProviderError(f"Yahoo refuses: {code} {description}")
