"""How often somebody may try to get into the admin: in the API's own counts, by address and by account."""

from http import HTTPStatus

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from finances import rate_limits
from users.tries import Try


def refuse_address(request: HttpRequest) -> HttpResponse | None:
    """Count whatever an address sends to get in; return the refusal, if it sends too much."""
    address = rate_limits.client_address(request.META)
    seconds = rate_limits.seconds_to_wait(scope="login", identity=f"address:{address}")
    return None if seconds is None else refusal(request, seconds)


def refuse_try(request: HttpRequest, attempt: Try) -> HttpResponse | None:
    """Count a try; return the refusal, if there were too many that failed."""
    seconds = attempt.seconds_to_wait()
    return None if seconds is None else refusal(request, seconds)


def refusal(request: HttpRequest, seconds: int) -> HttpResponse:
    """Answer 429, and say when to try again."""
    context = {**admin.site.each_context(request), "title": "Too many attempts", "seconds": seconds}
    response = TemplateResponse(request, "admin/too_many_attempts.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response
