"""How often somebody may try to get into the admin: in the API's own counts, by address and by account."""

from collections.abc import Iterator
from http import HTTPStatus

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from finances import rate_limits
from users import logins


def steps(request: HttpRequest, *, account: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield scopes and who is counted under them; without ``account`` the form says whose it is.

    The form is read for those alone who may go on.
    """
    yield "login", f"address:{rate_limits.client_address(request.META)}"
    login = "" if account else request.POST.get("username", "").strip()
    if account or login:
        yield "login_account", account or logins.identity(login)


def refuse(request: HttpRequest, seconds: int) -> HttpResponse:
    """Answer 429, and say when to try again."""
    context = {**admin.site.each_context(request), "title": "Too many attempts", "seconds": seconds}
    response = TemplateResponse(request, "admin/too_many_attempts.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response
