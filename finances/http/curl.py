"""A session of curl, for client libraries that will have no other; its GETs are answered like everything else here.

curl looks like a browser to servers that turn others away. The library believes that it talks to the server itself;
what may be kept goes through the same cache, counters, gate and judgement as the answers of `finances.http.get`, and
what prepares for it (cookies, forms) goes out as it is, through the gate. Import this module at use only: it is heavy.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any, NoReturn
from urllib.parse import urlsplit

import curl_cffi
import requests
import urllib3
from curl_cffi.requests import Response
from requests.adapters import BaseAdapter, HTTPAdapter
from requests_cache.backends.base import BaseCache

from finances.exceptions import ProviderError
from finances.http.gate import Gate
from finances.http.policy import Answer, ForTheClientError, Policy
from finances.http.session import Session
from finances.http.stores import SharedStore
from finances.http.transport import seconds_to_wait

BROWSER = "chrome"
MAX_REDIRECTS = 5
# What curl has undone already, or what no answer of ours keeps.
NOT_PASSED_ON = {"content-encoding", "content-length", "transfer-encoding", "set-cookie"}


class CurlSession(curl_cffi.Session[Response]):
    """What a library takes for a plain session of curl. Never share one between processes."""

    def __init__(
        self,
        policy: Policy,
        *,
        cache: BaseCache,
        store: SharedStore,
        timeout: float,
        proxy: str = "",
        ca_file: str = "",
    ) -> None:
        """Go out through ``proxy`` and trust the authorities in ``ca_file``, where they are given."""
        super().__init__(
            impersonate=BROWSER,
            timeout=timeout,
            max_redirects=MAX_REDIRECTS,
            proxies={"all": proxy} if proxy else {},
            verify=ca_file or True,  # type: ignore[arg-type]  # a path is taken, too
            curl_options={
                curl_cffi.CurlOpt.MAXFILESIZE_LARGE: policy.max_bytes,
                curl_cffi.CurlOpt.PROTOCOLS_STR: b"https",
                curl_cffi.CurlOpt.REDIR_PROTOCOLS_STR: b"https",
            },
        )
        self._policy, self._store, self._gate = policy, store, Gate(policy, store)
        self._here = _Here()
        self._answers = Session(policy, cache=cache, store=store, timeout=timeout, transport=_CurlTransport(self))

    def request(self, method: str, url: str, params: Any = None, **options: Any) -> Response:  # type: ignore[override]
        """Answer a GET that may be kept from the cache, or live; send everything else as it is.

        Raises:
            ProviderError: as `Session.get` does.
            ConnectionError: a request that only prepares for others failed; libraries go on without what it was for.
        """
        address = str(requests.Request(method, url, params=params).prepare().url)
        if method != "GET" or not self._policy.keeps(address):
            return self._prepare(method, address, options)
        self._here.forget()
        try:
            answer = self._answers.get(address)
        except ForTheClientError:
            if self._here.raw is None:
                raise
            return self._here.raw
        self._here.heard.append(answer)
        return _as_response(answer)

    @contextmanager
    def listening(self) -> Iterator[list[Answer]]:
        """Give the answers that this thread gets while the block runs, in their order."""
        heard, self._here.heard = self._here.heard, []
        try:
            yield self._here.heard
        finally:
            self._here.heard = heard

    def fetch(self, url: str) -> Response:
        """Get ``url`` live; its place at the gate is taken already.

        Raises:
            ForTheClientError: it led to another host, where the client is to do something.
        """
        raw = self._here.raw = self.wire("GET", url)
        if urlsplit(raw.url).hostname != urlsplit(url).hostname:
            raise ForTheClientError(f"{self._policy.title} leads elsewhere.")
        return raw

    def wire(self, method: str, url: str, **options: Any) -> Response:
        """Send a request as curl does, with nothing in between."""
        options.pop("timeout", None)  # ours is the shorter one
        return super().request(method, url, **options)  # type: ignore[arg-type]

    def _prepare(self, method: str, url: str, options: dict[str, Any]) -> Response:
        """Send a request that is never kept, and tell the gate how it went."""
        try:
            with self._gate.passage():
                raw = self.wire(method, url, **options)
        except ProviderError as exc:
            self._store.count("errors")
            raise ConnectionError(exc.message) from exc
        except OSError:
            self._gate.failed()
            self._store.count("errors")
            raise
        if raw.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            self._gate.limited(seconds_to_wait(_headers(raw), datetime.now(UTC)))
            self._refuse(raw)
        if raw.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._gate.failed()
            self._refuse(raw)
        self._store.count("misses")
        return raw

    def _refuse(self, raw: Response) -> NoReturn:
        self._store.count("errors")
        raise ConnectionError(f"{self._policy.title} answered {raw.status_code}.")


class _Here(threading.local):
    """What belongs to one thread: what it heard, and the last answer as it came."""

    def __init__(self) -> None:
        self.heard: list[Answer] = []
        self.raw: Response | None = None

    def forget(self) -> None:
        """Forget the last answer."""
        self.raw = None


class _CurlTransport(BaseAdapter):
    """Lets curl do what the adapter of requests would."""

    def __init__(self, session: CurlSession) -> None:
        super().__init__()
        self._session = session

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        """Send the request through curl."""
        raw = self._session.fetch(str(request.url))
        body = urllib3.HTTPResponse(
            BytesIO(raw.content),
            headers=_headers(raw),
            status=raw.status_code,
            reason=raw.reason,
            preload_content=False,
            request_url=request.url,
        )
        return HTTPAdapter().build_response(request, body)

    def close(self) -> None:
        """Do nothing: the session closes itself."""


def _headers(raw: Response) -> dict[str, str]:
    return {name: value for name, value in raw.headers.items() if value and name.lower() not in NOT_PASSED_ON}


def _as_response(answer: Answer) -> Response:
    response = Response()
    response.url, response.content = answer.url, answer.body
    response.status_code, response.reason, response.ok = HTTPStatus.OK, "OK", True
    return response
