"""The only place where failures become HTTP: RFC 9457 problem details, for API and non-API requests alike."""

import itertools
import logging
import math
import sqlite3
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, DisallowedHost, RequestDataTooBig, TooManyFieldsSent
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions as drf
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler as drf_exception_handler
from rest_framework.views import set_rollback

from finances import exceptions
from finances.api import throttling
from finances.api.rendering import ExactJSONRenderer
from finances.api.serializers import duplicate_in

MEDIA_TYPE = "application/problem+json"
DATABASE_RETRY_SECONDS = 5
PROVIDER_RETRY_SECONDS = 60

# The first class that fits decides, so the narrower ones stand first.
STATUS_OF: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (exceptions.NotFoundError, HTTPStatus.NOT_FOUND),
    (exceptions.ConflictError, HTTPStatus.CONFLICT),
    (exceptions.ProviderNotFoundError, HTTPStatus.NOT_FOUND),
    (exceptions.ProviderOutOfRangeError, HTTPStatus.BAD_REQUEST),
    (exceptions.ProviderError, HTTPStatus.SERVICE_UNAVAILABLE),
    (exceptions.TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (exceptions.FinancesError, HTTPStatus.BAD_REQUEST),
)
# What may come before the throttle: DRF authenticates, and asks for rights, first.
REFUSALS = (drf.AuthenticationFailed, drf.NotAuthenticated, drf.PermissionDenied)
# Under these keys DRF and Django put what concerns no single field.
WHOLE_ROW = {api_settings.NON_FIELD_ERRORS_KEY, NON_FIELD_ERRORS}
SQLSTATE_UNIQUE, SQLSTATE_FOREIGN_KEY, SQLSTATE_NOT_NULL = "23505", "23503", "23502"
# Connections, resources, locks, conflicts between transactions, an operator at work: all of these pass.
PASSING_SQLSTATES = ("08", "53", "55P03", "40", "57")
CONFLICT_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock
# Others at work, and a disk that is full, over its quota, or away.
PASSING_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
}
MAX_MESSAGE = 400
MAX_FAULTS = 100  # a body may hold a million
CRASHED = "Something went wrong here; it is logged."
logger = logging.getLogger(__name__)


class ProblemError(drf.APIException):
    """A failure with its status, sentence and code, ready for DRF."""

    def __init__(
        self, status: int, message: str, code: str, *, field: str | None = None, wait: int | None = None
    ) -> None:
        """Keep what the answer will say; ``field`` names the input at fault, ``wait`` the seconds to a new try."""
        super().__init__(message, code)
        self.status_code = status
        self.field = field
        self.wait = wait


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer ``exc`` with a problem document; DRF's own handler runs, so that a transaction rolls back."""
    translated = translate(counted(exc, context))
    response = drf_exception_handler(translated, context)
    if response is None:
        return crash(exc, context)
    if isinstance(exc, DatabaseError):
        logger.warning("the database refused or was away", exc_info=exc)
    response.data = problem(response.status_code, translated)
    response.content_type = MEDIA_TYPE
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" in response:
        response.data["retry_after"] = int(response["Retry-After"])
    return response


def counted(exc: Exception, context: dict[str, Any]) -> Exception:
    """Count a refusal of whoever is not signed in, or has not the right, and return what to answer: 429 to too many."""
    if isinstance(exc, REFUSALS):
        try:
            throttling.count_refused(context["request"])
        except drf.Throttled as too_many:
            return too_many
    return exc


def crash(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer our own fault without a word about its inside, and log all of it. DEBUG changes nothing."""
    set_rollback()
    logger.error("the API failed", exc_info=exc)
    request = context["request"]._request  # noqa: SLF001 - DRF has no other way
    got_request_exception.send(sender=None, request=request)
    body = document(HTTPStatus.INTERNAL_SERVER_ERROR, detail=CRASHED, code="internal_error")
    return Response(body, status=HTTPStatus.INTERNAL_SERVER_ERROR, content_type=MEDIA_TYPE)


def translate(exc: Exception) -> Exception:
    """Turn a failure of the domain or the database into one that DRF knows; leave others as they are."""
    return next((build(exc) for kind, build in TRANSLATIONS if isinstance(exc, kind)), exc)


def translate_domain(exc: exceptions.FinancesError) -> ProblemError:
    """Give a domain error the status of the first class in ``STATUS_OF`` that it is."""
    status = next(status for kind, status in STATUS_OF if isinstance(exc, kind))
    comes_back = status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}
    wait = (getattr(exc, "retry_after", None) or PROVIDER_RETRY_SECONDS) if comes_back else None
    return ProblemError(status, exc.message, exc.code, field=exc.field, wait=wait)


def translate_protection(_: Exception) -> ProblemError:
    """Answer the deletion of a row that others point at."""
    return ProblemError(HTTPStatus.CONFLICT, "This cannot be deleted while something else uses it.", "in_use")


def translate_absence(_: Http404) -> drf.NotFound:
    """Answer what is not there, or not for the one who asks, in one and the same way."""
    return drf.NotFound("There is nothing here, or it is not yours.")


def translate_throttle(exc: drf.Throttled) -> drf.Throttled:
    """Say in a plain sentence when to come back."""
    exc.detail = drf.ErrorDetail(f"Too many requests; try again in {math.ceil(exc.wait or 0)} seconds.", "throttled")  # type: ignore[attr-defined]
    return exc


def translate_outage(exc: Exception) -> Exception:
    """Answer while the database is away or busy; its other complaints are faults of ours and stay what they are."""
    cause = exc.__cause__
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlstate is not None and not sqlstate.startswith(PASSING_SQLSTATES):
        return exc
    if isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF not in PASSING_SQLITE_CODES:
        return exc
    if sqlstate in CONFLICT_SQLSTATES:
        message, code = (
            "Somebody else wrote the same at the same moment; nothing was written, try again.",
            "write_conflict",
        )
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, message, code, wait=1)
    message, code = "The database is away; try again in a moment.", "database_unavailable"
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, message, code, wait=DATABASE_RETRY_SECONDS)


def translate_size(_: Exception) -> ProblemError:
    """Answer a body that is too large."""
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.", "body_too_large")


def translate_slow_body(_: Exception) -> ProblemError:
    """Answer a body that did not arrive in time, or not at all."""
    return ProblemError(HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time.", "body_too_slow")


def translate_data(_: Exception) -> ProblemError:
    """Answer a value that passed every check of ours and that the database still cannot hold."""
    return ProblemError(HTTPStatus.BAD_REQUEST, "A value is larger than can be stored.", "invalid")


def translate_validation(exc: DjangoValidationError) -> Exception:
    """Take a model's validation error as one of the input; a duplicate is a conflict."""
    if (message := duplicate_in(exc)) is not None:
        return ProblemError(HTTPStatus.CONFLICT, message, "duplicate")
    return drf.ValidationError(serializers.as_serializer_error(exc))


def translate_integrity(exc: IntegrityError) -> Exception:
    """Tell apart the races that only the database can see: a duplicate, a row in use, a broken rule."""
    sqlstate = getattr(exc.__cause__, "sqlstate", None)
    if sqlstate == SQLSTATE_UNIQUE or "UNIQUE constraint" in str(exc):
        return ProblemError(HTTPStatus.CONFLICT, "There is one like this already.", "duplicate")
    if sqlstate == SQLSTATE_FOREIGN_KEY or "FOREIGN KEY constraint" in str(exc):
        return ProblemError(HTTPStatus.CONFLICT, "Something that this needs is gone, or still uses it.", "in_use")
    if sqlstate == SQLSTATE_NOT_NULL or "NOT NULL constraint" in str(exc):
        return exc  # no input can cause this, only we can
    return ProblemError(HTTPStatus.BAD_REQUEST, "A rule of the database refuses this.", "invalid")


TRANSLATIONS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], Exception]], ...] = (
    (exceptions.FinancesError, translate_domain),
    ((ProtectedError, RestrictedError), translate_protection),  # these are integrity errors, too
    (IntegrityError, translate_integrity),
    ((OperationalError, InterfaceError), translate_outage),
    (DjangoValidationError, translate_validation),
    ((RequestDataTooBig, TooManyFieldsSent), translate_size),
    (UnreadablePostError, translate_slow_body),
    (DataError, translate_data),
    (Http404, translate_absence),
    (drf.Throttled, translate_throttle),
)


def problem(status: int, exc: Exception) -> dict[str, Any]:
    """Build the problem document of ``exc``: one sentence in ``detail``, every fault in ``errors``."""
    errors = list(itertools.islice(faults(exc), MAX_FAULTS))
    detail = errors[0]["message"] if errors else str(getattr(exc, "detail", "") or HTTPStatus(status).description)
    if errors and errors[0]["field"] and status != HTTPStatus.CONFLICT:  # a conflict says itself what with
        detail = f"{errors[0]['field']}: {detail}"
    return document(status, detail=detail, code=code_of(exc), errors=errors)


def document(status: int, *, detail: str, code: str, errors: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Lay out a problem document."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        "errors": errors or [],
    }


def code_of(exc: Exception) -> str:
    """Return the stable code of the whole failure."""
    if isinstance(exc, drf.ValidationError):
        return "invalid"
    if isinstance(exc, drf.APIException):
        codes = exc.get_codes()
        return codes if isinstance(codes, str) else exc.default_code
    return "permission_denied" if isinstance(exc, PermissionError) else "not_found"


def faults(exc: Exception) -> Iterator[dict[str, Any]]:
    """Yield each fault of the input with its field, code and message."""
    if isinstance(exc, drf.ValidationError):
        yield from flatten(exc.detail)
    elif isinstance(exc, ProblemError) and exc.field:
        yield {"field": exc.field, "code": exc.detail.code, "message": str(exc.detail)}  # type: ignore[union-attr]


def flatten(detail: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Walk DRF's nested error detail and yield its leaves, fields joined by dots (``values.3.amount``)."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from flatten(value, path if key in WHOLE_ROW else (*path, str(key)))
    elif isinstance(detail, list):
        nested = any(isinstance(item, dict | list) for item in detail)
        for index, item in enumerate(detail):
            yield from flatten(item, (*path, str(index)) if nested else path)
    else:
        yield {
            "field": ".".join(path) or None,
            "code": getattr(detail, "code", "invalid"),
            "message": shortened(str(detail)),
        }


def shortened(message: str) -> str:
    """Return a message that may hold what was sent, without sending all of it back."""
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE // 2]} … {message[-MAX_MESSAGE // 2 :]}"


# ---- Failures outside DRF: unknown addresses, refused hosts, crashes ----


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses before any view sees it."""
    if wants_page(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, DisallowedHost):
        return plain_problem(HTTPStatus.BAD_REQUEST, "This server does not answer for that host name.", "unknown_host")
    return plain_problem(HTTPStatus.BAD_REQUEST, "The request is malformed.", "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what is never allowed."""
    if wants_page(request):
        return defaults.permission_denied(request, exception)
    return plain_problem(HTTPStatus.FORBIDDEN, "This is not allowed.", "permission_denied")


@csrf_exempt  # or else what is posted to nowhere gets a page about cookies
def unknown_address(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Answer an address below ``/api`` that leads nowhere; DEBUG would show a page there."""
    return plain_problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.", "not_found")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    if wants_page(request):
        return defaults.page_not_found(request, exception)
    return plain_problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.", "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer our own fault without a word about its inside."""
    if wants_page(request):
        return defaults.server_error(request)
    return plain_problem(HTTPStatus.INTERNAL_SERVER_ERROR, CRASHED, "internal_error")


def outage(exc: DatabaseError) -> HttpResponse:
    """Answer what the database refused outside of any view, as for one.

    Raises:
        DatabaseError: it is a fault of ours.
    """
    translated = translate(exc)
    if not isinstance(translated, ProblemError):
        raise exc
    logger.warning("the database refused or was away", exc_info=exc)
    answer = plain_problem(HTTPStatus(translated.status_code), str(translated.detail), str(code_of(translated)))
    answer["Retry-After"] = str(translated.wait)
    return answer


def length_required() -> HttpResponse:
    """Answer a body that comes in chunks, none of which is read."""
    detail = "A body must come with its length (Content-Length), and not in chunks."
    return plain_problem(HTTPStatus.LENGTH_REQUIRED, detail, "length_required")


def wants_page(request: HttpRequest) -> bool:
    """Tell whether a person with a browser is asking, outside the API."""
    return "/api/" not in request.path and "text/html" in request.headers.get("Accept", "")


def plain_problem(status: HTTPStatus, detail: str, code: str) -> HttpResponse:
    """Answer with a problem document, without DRF."""
    content = ExactJSONRenderer().render(document(status, detail=detail, code=code))
    return HttpResponse(content, status=status, content_type=MEDIA_TYPE)
