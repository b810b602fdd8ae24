"""JSON in: exact decimals, and nothing that JSON does not allow."""

import json
from collections.abc import Mapping
from decimal import Decimal, DecimalException
from typing import Any, NoReturn

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, FormParser

MAX_NUMBER_LENGTH = 1000  # characters, as of a number that is sent as text


def require_allowed_size(context: Mapping[str, Any] | None) -> None:
    """Refuse a body that declares more bytes than ``MAX_BODY_BYTES``, before it is read.

    Raises:
        RequestDataTooBig: the body is larger. A body without a declared length is read as empty by WSGI.
    """
    request = (context or {}).get("request")
    length = request.META.get("CONTENT_LENGTH") if request is not None else None
    if length and length.isdecimal() and int(length[:20]) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig


def read_number(digits: str) -> Decimal:
    """Read a number as it is written.

    Raises:
        ValueError: it has more digits, or a larger exponent, than any number here can have.
    """
    try:
        number = Decimal(digits)
    except DecimalException as exc:
        raise ValueError("a number is out of range") from exc
    if len(digits) > MAX_NUMBER_LENGTH or abs(number.adjusted()) > MAX_NUMBER_LENGTH:
        raise ValueError("a number is out of range")
    return number


def refuse_constant(name: str) -> NoReturn:
    """Refuse ``NaN`` and ``Infinity``, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is not JSON")


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; two values under one name leave open which is meant, so they are refused."""
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return result


class ExactJSONParser(BaseParser):
    """Read JSON with its numbers as ``Decimal`` or ``int``, digit by digit."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the body says.

        Raises:
            ParseError: the body is not JSON: bad UTF-8, NaN, a lone surrogate, a name twice, nested too deeply.
        """
        require_allowed_size(parser_context)
        body = stream.read()
        try:
            # orjson is strict about all that json lets pass (surrogates, depth), but reads numbers as floats.
            orjson.loads(body)
            return json.loads(
                body, parse_float=read_number, parse_constant=refuse_constant, object_pairs_hook=refuse_duplicates
            )
        except (ValueError, RecursionError) as exc:
            raise ParseError(f"The body is not valid JSON: {exc}.") from exc


class LimitedFormParser(FormParser):
    """Read ``application/x-www-form-urlencoded``, within the same limit of size."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return the fields of the form.

        Raises:
            RequestDataTooBig: the body declares more than the allowed bytes.
        """
        require_allowed_size(parser_context)
        return super().parse(stream, media_type, parser_context)
