"""Conditional requests (RFC 9110): writes, and reads whose state is known before their content.

All other reads are tagged by their content in `ConditionalReadMiddleware`. The tag of a single row has two
parts, ``"<state of the row>.<content of the answer>"``: a read is compared by all of it, a write by the state alone.
See docs/adr/0023.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import orjson
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.http import parse_etags, quote_etag
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from finances import program
from finances.api import errors


class ConditionalReadMiddleware(ConditionalGetMiddleware):
    """Django's own, which tags reads and answers 304; a read that ``If-Match`` forbids gets a problem document."""

    def process_response(self, request: HttpRequest, response: Any) -> HttpResponse:
        """Return the answer, or what stands for it."""
        is_data = response.get("Content-Type", "").startswith("application/json")
        answer: HttpResponse = super().process_response(request, response)  # type: ignore[assignment]
        if answer.status_code == HTTPStatus.PRECONDITION_FAILED and is_data:
            detail, code = StaleStateError.default_detail, StaleStateError.default_code
            return errors.plain_problem(HTTPStatus.PRECONDITION_FAILED, detail, code)
        return answer


class StaleStateError(APIException):
    """The row is not in the state that the writer saw."""

    status_code = HTTPStatus.PRECONDITION_FAILED
    default_detail = "This has changed since you read it; read it again before you change it."
    default_code = "stale"


def entity_tag(content: bytes) -> str:
    """Return the ``ETag`` of an answer, the same that Django computes for a read."""
    return quote_etag(hashlib.md5(content, usedforsecurity=False).hexdigest())


def state_of(row: models.Model, names: Iterable[str]) -> str:
    """Return the mark of what the columns ``names`` say of ``row``, as opaque text without a point."""
    said = [str(row.pk), *(getattr(row, name) for name in sorted(names))]
    text = orjson.dumps([plain(value) for value in said], default=str)
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def plain(value: Any) -> Any:
    """Return a value so that equal ones are written alike: a decimal without the zeros behind its last digit."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def tag_row(response: HttpResponse, state: str) -> None:
    """Begin the tag of an answer that shows a row; `complete_tag` ends it once the content is known."""
    response["ETag"] = quote_etag(state)


def complete_tag(response: HttpResponse) -> HttpResponse:
    """Tag an answer by its content, and by the state of the row that it shows where `tag_row` told it."""
    state = response.get("ETag", "").strip('"')
    set_response_etag(response)
    if state and "ETag" in response:
        content = response["ETag"].strip('"')
        response["ETag"] = quote_etag(f"{state}.{content}")
    return response


def require_match(request: Request, current: Callable[[], str]) -> None:
    """Let the write through when there is no ``If-Match``, or when it names the current state of the row.

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
    states = {tag.removeprefix("W/").strip('"').partition(".")[0] for tag in expected}
    if current() not in states:
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
