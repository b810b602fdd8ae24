"""Middleware around every request."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from finances import metrics, request_context

logger = logging.getLogger(__name__)
# Nothing here has a use for any of these, whoever may bring it in.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "payment",
        "usb",
    )
)
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

LONGEST_PATH = 300  # letters of it that are logged; none of ours is as long

type GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestMiddleware:
    """Name each request, time it, and log one line about it.

    Answers carry ``X-Request-ID`` (the caller's when it is sane) and ``X-Process-Time`` in seconds. The log holds
    the path but never the query or the body, which may carry personal data.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the stack."""
        self.get_response = get_response
        self.is_counted = bool(settings.METRICS_TOKEN)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request``, say so in the log, and count it where somebody may ask for the counts."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if SANE_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        id_token = request_context.request_id.set(request_id)
        user_token = request_context.user_id.set(request_context.NOTHING)
        awaited_token = request_context.is_awaited.set(True)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            response["X-Request-ID"] = request_id
            response["X-Process-Time"] = f"{seconds:.6f}"
            response["Permissions-Policy"] = PERMISSIONS_POLICY
            if request.path_info.startswith("/api/"):  # asked anew each time, by its tag, and kept by no proxy
                response.headers.setdefault("Cache-Control", "private, no-cache")
            log_request(request, response, seconds)
            if self.is_counted:
                metrics.count_request(request, response, seconds)
        finally:
            request_context.request_id.reset(id_token)
            request_context.user_id.reset(user_token)
            request_context.is_awaited.reset(awaited_token)
            timezone.deactivate()
        return response

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:  # noqa: ARG002
        """Let go of what an answer of DRF holds, once it is written."""
        response.add_post_render_callback(let_go)
        return response


def let_go(response: Any) -> None:
    """Break the circle in which DRF leaves an answer, its view and the request.

    They would stay, with all that was written, until Python looks for such circles.
    """
    context = vars(response).pop("renderer_context", None)
    if context is not None:
        context["request"].parser_context.clear()
        vars(context["view"]).clear()


def log_request(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """Write the line of the request log."""
    milliseconds = round(seconds * 1000, 1)
    # A forged line break must not forge a log line.
    path = request.path[:LONGEST_PATH].encode("unicode_escape").decode()
    logger.info(
        "%s %s %s %sms",
        request.method,
        path if len(request.path) <= LONGEST_PATH else f"{path}…",
        response.status_code,
        milliseconds,
        extra={"status": response.status_code, "duration_ms": milliseconds, "route": metrics.route_of(request)},
    )


class OptionalTrailingSlashMiddleware:
    """Let every path work with and without its trailing slash, for every verb, without a redirect.

    The admin is left alone: its own addresses end in a slash and Django redirects there.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Wrap the rest of the stack."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Resolve ``/api/v1/currencies/`` as ``/api/v1/currencies``."""
        path = request.path_info
        if len(path) > 1 and path.endswith("/") and not path.startswith(f"/{settings.ADMIN_PATH}"):
            request.path_info = path[:-1]
        return self.get_response(request)


class SparesApiMixin:
    """Keep a middleware that only pages in a browser need out of the way of the API, which has no cookies."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as ever, below ``/api/`` without this middleware."""
        if request.path_info.startswith("/api/"):
            return self.get_response(request)  # type: ignore[no-any-return]
        answer: HttpResponse = super().__call__(request)  # type: ignore[misc]
        return answer


class PageSessionMiddleware(SparesApiMixin, SessionMiddleware):
    """Sessions of the admin."""


class PageAuthenticationMiddleware(SparesApiMixin, AuthenticationMiddleware):
    """Who is signed in to the admin; the API finds out by itself, from a token."""


class PageMessageMiddleware(SparesApiMixin, MessageMiddleware):
    """What the admin has to say on its next page."""
