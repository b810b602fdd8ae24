"""The admin's sign-in, under the same limits as the API's."""

from http import HTTPStatus

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from finances import rate_limits


class LoginForm(AdminAuthenticationForm):
    """The admin's sign-in, by either name."""

    username = UsernameField(label="Email or username", widget=TextInput(attrs={"autofocus": True}))
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "The login or the password is wrong, or this person is no administrator.",
    }


def login(request: HttpRequest) -> HttpResponse:
    """Show the admin's sign-in, or 429 with ``Retry-After`` to an address or about an account that tries too often."""
    seconds = seconds_to_wait(request) if request.method == "POST" else None
    if seconds is None:
        return admin.site.login(request)
    response = TemplateResponse(
        request,
        "admin/too_many_attempts.html",
        {**admin.site.each_context(request), "title": "Too many attempts", "seconds": seconds},
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )
    response["Retry-After"] = str(seconds)
    return response


def seconds_to_wait(request: HttpRequest) -> int | None:
    """Count one attempt by its address and its account, in the API's own counts."""
    address = f"address:{rate_limits.client_address(request.META)}"
    account = rate_limits.account_identity(request.POST.get("username", ""))
    waits = [
        rate_limits.seconds_to_wait(scope="login", identity=address),
        rate_limits.seconds_to_wait(scope="login_account", identity=account),
    ]
    return max((seconds for seconds in waits if seconds is not None), default=None)
