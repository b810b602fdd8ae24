"""The WSGI application that gunicorn serves."""

import os
from typing import Any

import django
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from finances.api import errors  # noqa: E402 - it wants the settings


class LenientRequest(WSGIRequest):
    """A request whose ``Content-Type`` need not be one: what cannot be read is none, and a body without one is a 415.

    Django refuses it before any of its handlers is at work, and the server would answer with a 500 and a page.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except BadRequest:
            meta["CONTENT_TYPE"] = ""
            super()._set_content_type_params(meta)  # type: ignore[misc]


class Handler(WSGIHandler):
    """Django's handler, for requests that may be strange."""

    request_class = LenientRequest

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Answer inside of all middleware; a body in chunks, which Django would read as empty, is refused."""
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return errors.length_required()
        return super()._get_response(request)  # type: ignore[misc,no-any-return]


application = Handler()
