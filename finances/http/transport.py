"""What happens to a request that no cached answer serves: the gate, the wire, and the judgement of what came back."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from io import BytesIO
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from finances.exceptions import (
    ProviderError,
    ProviderNotFoundError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)
from finances.http.gate import Gate
from finances.http.policy import Policy

logger = logging.getLogger(__name__)

CHUNK = 8192  # bytes; small, because a compressed answer may unpack to a thousand times that
MAX_RETRY_AFTER_LENGTH = 64  # characters
# Kept of an answer's headers. Not Vary, whose fields we never change, and not Set-Cookie: no session is kept.
KEPT_HEADERS = ("Content-Type", "Date", "ETag", "Last-Modified", "Location", "Retry-After")


class Errand(requests.PreparedRequest):
    """A request with what the cache must not see: secret headers, and what became of it on the wire."""

    secret_headers: Mapping[str, str] = {}
    was_sent = False
    refusal: ProviderError | None = None


class GatedAdapter(BaseAdapter):
    """The only adapter of a session: lets a request through the gate to ``transport``, and judges the answer.

    ``transport`` is any adapter of requests, so that another client's wire can stand in its place.
    """

    def __init__(self, policy: Policy, gate: Gate, transport: BaseAdapter, *, timeout: float) -> None:
        """Give the whole of an answer three times ``timeout`` seconds, and each wait for bytes one."""
        super().__init__()
        self._policy, self._gate, self._transport, self._timeout = policy, gate, transport, timeout

    def send(self, request: requests.PreparedRequest, *_args: Any, **options: Any) -> requests.Response:
        """Send ``request`` when the gate lets it through.

        Raises:
            ProviderError: nothing went out, nothing came back, or it was no answer.
        """
        try:
            with self._gate.passage():
                response = self._exchange(request, options)
            self._judge(response)
        except (ProviderRateLimitedError, ProviderUnavailableError):
            raise
        except ProviderError as exc:
            # A definite no: requests-cache would hide it behind a stale answer, the session looks here.
            if isinstance(request, Errand):
                request.refusal = exc
            raise
        return response

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _exchange(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        """Do the round trip with the secret headers on a copy, which nobody else gets to see."""
        outgoing = request.copy()
        if isinstance(request, Errand):
            request.was_sent = True
            outgoing.headers.update(request.secret_headers)
        deadline = time.monotonic() + 3 * self._timeout
        wire = {**options, "stream": True, "timeout": (self._timeout, self._timeout)}
        try:
            raw = self._transport.send(outgoing, **wire)
            try:
                return _detached(request, raw, self._read(raw, deadline))
            finally:
                raw.close()
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
            kind = type(exc).__name__
        # Raised out here, and without its cause: the text of some of these quotes a header, which may be secret.
        logger.warning("%s cannot be reached: %s", self._policy.name, kind)
        rest = self._gate.failed()
        raise ProviderUnavailableError(f"{self._policy.title} cannot be reached ({kind}).", retry_after=rest or None)

    def _read(self, raw: requests.Response, deadline: float) -> bytes:
        """Read the unpacked body, neither too much of it nor for too long."""
        chunks, length = [], 0
        while chunk := raw.raw.read1(CHUNK, decode_content=True):
            chunks.append(chunk)
            length += len(chunk)
            if length > self._policy.max_bytes:
                raise requests.exceptions.ContentDecodingError("too large")
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout("too slow")
        return b"".join(chunks)

    def _judge(self, response: requests.Response) -> None:
        """Tell an answer from everything else that servers send, and tell the gate."""
        try:
            self._refuse_in_distress(response)
            if not HTTPStatus.MULTIPLE_CHOICES <= response.status_code < HTTPStatus.BAD_REQUEST:
                self._policy.examine(response.status_code, response.content)
                self._refuse_by_status(response)
        except ProviderRateLimitedError as exc:
            exc.retry_after = self._gate.limited(exc.retry_after)
            raise
        except ProviderUnavailableError as exc:
            logger.warning("%s gave no answer: %s", self._policy.name, exc)
            exc.retry_after = max(self._gate.failed(), exc.retry_after or 0) or None
            raise

    def _refuse_in_distress(self, response: requests.Response) -> None:
        """Raise for a server that asks to be left alone, or fails."""
        status, title = response.status_code, self._policy.title
        retry_after = seconds_to_wait(response.headers, datetime.now(UTC))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ProviderRateLimitedError(f"{title} asks for fewer requests.", retry_after=retry_after)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ProviderUnavailableError(f"{title} is out of order ({status}).", retry_after=retry_after)

    def _refuse_by_status(self, response: requests.Response) -> None:
        """Raise for everything that is no answer with a body."""
        status, title = response.status_code, self._policy.title
        if status == HTTPStatus.OK and response.content:
            return
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            raise ProviderNotFoundError(f"{title} has nothing there ({status}).")
        if status < HTTPStatus.BAD_REQUEST:
            raise ProviderUnavailableError(f"{title} answered without an answer ({status}).")
        raise ProviderError(f"{title} refuses the request ({status}).")


def seconds_to_wait(headers: Mapping[str, str], now: datetime) -> int | None:
    """Read ``Retry-After``, in seconds or as a date by the server's own clock; None when absent or nonsense."""
    value = (headers.get("Retry-After") or "").strip()
    if not value or len(value) > MAX_RETRY_AFTER_LENGTH:
        return None
    if value.isascii() and value.isdigit():
        return int(value)
    then, since = _http_date(value), _http_date(headers.get("Date") or "")
    return None if then is None else max(0, round((then - (since or now)).total_seconds()))


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _detached(request: requests.PreparedRequest, raw: requests.Response, body: bytes) -> requests.Response:
    """Rebuild the response around the body that was read and the request that carries no secret."""
    headers = {name: raw.headers[name] for name in KEPT_HEADERS if name in raw.headers}
    content = urllib3.HTTPResponse(
        BytesIO(body),
        headers=headers,
        status=raw.status_code,
        reason=raw.reason,
        preload_content=False,
        request_url=request.url,
    )
    return HTTPAdapter().build_response(request, content)
