"""Conditional writes (RFC 9110). Conditional reads are Django's `ConditionalGetMiddleware`."""

import hashlib
from collections.abc import Callable
from http import HTTPStatus

from django.utils.http import parse_etags, quote_etag
from rest_framework.exceptions import APIException
from rest_framework.request import Request


class StaleStateError(APIException):
    """The row is not in the state that the writer saw."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_detail = "This has changed since you read it; read it again before you change it."
    default_code = "stale"


def entity_tag(content: bytes) -> str:
    """Return the ``ETag`` of an answer, the same that Django computes for a read."""
    return quote_etag(hashlib.md5(content, usedforsecurity=False).hexdigest())


def require_match(request: Request, current: Callable[[], bytes]) -> None:
    """Let the write through when there is no ``If-Match``, or when it names the current state.

    Raises:
        StaleStateError: the current state is another one.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return
    expected = parse_etags(header)
    if expected == ["*"]:
        return
    if entity_tag(current()) not in expected:
        raise StaleStateError
