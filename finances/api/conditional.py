"""Conditional requests (RFC 9110): writes, and reads whose state is known before their content.

All other reads are tagged by their content in Django's `ConditionalGetMiddleware`.
"""

import hashlib
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags, quote_etag
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from finances import program


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
    # A proxy that compresses marks every tag as weak (W/"…"); what it stands for has not changed by that.
    expected = [tag.removeprefix("W/") for tag in expected]
    if entity_tag(current()) not in expected:
        raise StaleStateError


def unless_unchanged(request: Request, *, state: Sequence[Any], answer: Callable[[], Response]) -> Response:
    """Return 304 when the caller has this state already, else ``answer()`` with the tag of the state.

    ``state`` is all that the answer depends on, the resolved parameters of the query included: what is expensive to
    read is then read only when it has changed.
    """
    # A new version of the program may say the same in other words.
    seen = orjson.dumps([program.fingerprint(), request.path, list(state)], default=str, option=orjson.OPT_NON_STR_KEYS)
    tag = entity_tag(seen)
    if "If-None-Match" in request.headers:
        unchanged: Any = get_conditional_response(request._request, etag=tag)  # noqa: SLF001 - DRF has no other way
        if unchanged is not None and unchanged.status_code == HTTPStatus.NOT_MODIFIED:
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    response = answer()
    response["ETag"] = tag
    return response
