"""JSON out: exact decimals, UTC instants, one format whatever the Accept header says."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer

from finances import money


def encode(value: Any) -> Any:
    """Encode what orjson does not know: decimals by their digits, never through a binary float; lazy texts as text."""
    if isinstance(value, Decimal):
        return orjson.Fragment(money.plain(value))
    return str(value)


class ExactJSONRenderer(BaseRenderer):
    """Write JSON in which ``Decimal('1234567890123.45')`` is the number ``1234567890123.45``."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> bytes:
        """Return ``data`` as UTF-8 JSON, nothing for ``None``."""
        if data is None:
            return b""
        return orjson.dumps(data, default=encode, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


class OneFormatNegotiation(DefaultContentNegotiation):
    """Answer in JSON whatever is asked for: a browser that accepts only HTML still gets the answer, or the error."""

    def select_renderer(
        self,
        request: Any,  # noqa: ARG002
        renderers: Any,
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> Any:
        """Choose the view's only renderer."""
        return renderers[0], renderers[0].media_type
