"""yfinance on our own session, and its failures as ours. Heavy: imported when Yahoo is asked, not before."""

import logging
import os
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

import requests
import yfinance
from curl_cffi.requests import Response
from curl_cffi.requests.exceptions import DNSError
from django.conf import settings
from pandas import DataFrame
from yfinance.data import YfData
from yfinance.exceptions import YFException, YFPricesMissingError, YFRateLimitError

from finances.exceptions import ProviderRateLimitedError, ProviderUnavailableError
from finances.http import cache, curl, session, stores
from finances.http.policy import Answer
from securities.providers import yahoo_policy

logger = logging.getLogger(__name__)
# yfinance 1.7 calls what pandas 3.1 is going to drop, and wants everybody to know.
warnings.filterwarnings("ignore", "The inplace keyword", DeprecationWarning, r"yfinance\b")

COOKIE_URL = "https://fc.yahoo.com"
CRUMB_URL = "https://query1.finance.yahoo.com/v1/test/getcrumb"
# What needs the crumb; charts and searches are answered without one.
NEEDS_CRUMB = ("/v10/finance/quoteSummary/", "/v7/finance/quote")
LATER = "later"
LONGEST_CRUMB = 64  # characters; what is longer is an error page
# No directory can be made there, and so yfinance does without files of its own: they are pickles, and our cache
# knows all that they hold.
NO_DIRECTORY = f"{os.devnull}/none"
# What yfinance raises when it does not understand an answer, and what curl raises.
MISUNDERSTANDINGS = (YFException, OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


class YahooSession(curl.CurlSession):
    """Puts off cookie and crumb until a request that needs them goes out live.

    yfinance asks for both before anything else, in every process: answers that are kept would cost two requests.
    The URLs that are kept know no crumb. When Yahoo refuses ours, yfinance sees it and tries its other ways.
    """

    def __init__(self, **parts: Any) -> None:
        """Start without a crumb."""
        super().__init__(yahoo_policy.policy(), proxy=settings.YAHOO_PROXY, ca_file=settings.YAHOO_CA_FILE, **parts)
        self._crumb, self._lock, self._asked = "", threading.Lock(), _Asked()

    def request(self, method: str, url: str, params: Any = None, **options: Any) -> Response:  # type: ignore[override]
        """Promise a crumb, keep the promise when it counts; else as the parent does."""
        if url == COOKIE_URL:
            return Response()
        if url == CRUMB_URL:
            return _promise()
        parameters = dict(params or {})
        self._asked.crumb = parameters.pop("crumb", "")
        response = super().request(method, url, params=parameters, **options)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            self._crumb = ""
        return response

    def fetch(self, url: str) -> Response:
        """Get ``url`` live, with a crumb where one is needed; what keeps us from getting one is the answer then."""
        if not any(path in url for path in NEEDS_CRUMB):
            return super().fetch(url)
        crumb = self._asked.crumb
        if crumb == LATER:
            obstacle = self._get_crumb()
            if obstacle is not None:
                return obstacle
            crumb = self._crumb
        with_crumb = requests.Request("GET", url, params={"crumb": crumb} if crumb else {}).prepare().url
        return super().fetch(str(with_crumb))

    def _get_crumb(self) -> Response | None:
        """Get a cookie and the crumb that goes with it, once; return the answer of a server in distress."""
        with self._lock:
            if self._crumb:
                return None
            # The host is on many lists of trackers; yfinance has another way when the crumb is refused.
            with suppress(DNSError):
                self.wire("GET", COOKIE_URL)
            answer = self.wire("GET", CRUMB_URL)
            if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.status_code >= 500:  # noqa: PLR2004 - 5xx
                return answer
            text = answer.text.strip()
            self._crumb = text if len(text) <= LONGEST_CRUMB and "<" not in text else ""
        return None


class _Asked(threading.local):
    """The crumb with which this thread was asked."""

    crumb = ""


def _promise() -> Response:
    response = Response()
    response.content = LATER.encode()
    return response


@contextmanager
def asking() -> Iterator[list[Answer]]:
    """Lend yfinance this process's session; give the answers it gets.

    Raises:
        ProviderError: whatever goes wrong inside.
    """
    own = _own()
    YfData(session=own)
    # It keeps answers without end, failures among them.
    YfData.cache_get.cache_clear()
    try:
        with own.listening() as heard:
            yield heard
    except YFRateLimitError as exc:
        raise ProviderRateLimitedError("Yahoo asks for fewer requests.") from exc
    except MISUNDERSTANDINGS as exc:
        logger.warning("yfinance does not understand Yahoo", exc_info=True)
        raise ProviderUnavailableError(f"Yahoo's answer cannot be read ({type(exc).__name__}).") from exc


def search(text: str, limit: int) -> list[dict[str, Any]]:
    """Return Yahoo's results for ``text``; to be called inside `asking`, like the rest."""
    only_securities = {"news_count": 0, "lists_count": 0, "include_cb": False, "recommended": 0}
    found: list[dict[str, Any]] = yfinance.Search(text, max_results=limit, session=_own(), **only_securities).quotes
    return found


def raw(url: str, parameters: Mapping[str, str]) -> Any:
    """Return the JSON at ``url``, asked for with all that yfinance knows of cookies and crumbs."""
    return YfData().get_raw_json(url, params=dict(parameters))


def history(symbol: str, **window: Any) -> DataFrame | None:
    """Return yfinance's table of a window, or None when Yahoo says that nothing was traded."""
    ticker = yfinance.Ticker(symbol, session=_own())
    try:
        return ticker.history(**window, auto_adjust=False)
    except (yahoo_policy.NoBarsError, YFPricesMissingError):
        return None


def _own() -> YahooSession:
    """Return the session of this process."""
    return session.of_this_process("curl-yahoo", _open)


def _open() -> YahooSession:
    """Open a session, and set yfinance up for it."""
    yfinance.set_tz_cache_location(NO_DIRECTORY)
    yfinance.config.debug.hide_exceptions = False
    # The one that a parent process used may hold a lock that nobody will open here.
    type(YfData)._instances.pop(YfData, None)  # noqa: SLF001 - there is no other way to it
    return YahooSession(cache=cache.build_cache(), store=stores.build_store(), timeout=session.timeout())
