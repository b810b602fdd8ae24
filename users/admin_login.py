"""The admin's sign-in, under the same limits as the API's."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.forms import UsernameField
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from finances import rate_limits
from users import admin_limits, tries


class LoginForm(AdminAuthenticationForm):
    """The admin's sign-in, by either name."""

    username = UsernameField(label="Email or username", widget=TextInput(attrs={"autofocus": True}))
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "The login or the password is wrong, or this person is no administrator.",
    }


def login(request: HttpRequest) -> HttpResponse:
    """Show the admin's sign-in, or 429 with ``Retry-After`` to an address or about an account that tries too often.

    Whoever has given the password, and is let in for a second factor alone, goes on to that.
    """
    if request.method != "POST":
        has_given_password = AdminSite.has_permission(admin.site, request)
        if has_given_password and not admin.site.has_permission(request):
            wanted = urlencode({"next": request.GET.get("next") or reverse("admin:index")})
            return HttpResponseRedirect(f"{reverse('second-factor')}?{wanted}")
        return admin.site.login(request)
    return admin_limits.refuse_address(request) or answer_try(request)


def answer_try(request: HttpRequest) -> HttpResponse:
    """Let in whoever has the right password, and has not failed too often before."""
    account = tries.Account.by_login(request.POST.get("username", ""))
    attempt = tries.Try(kind="login", account=account, address=rate_limits.client_address(request.META))
    refused = admin_limits.refuse_try(request, attempt)
    if refused is not None:
        return refused
    response = admin.site.login(request)
    if isinstance(response, HttpResponseRedirect):
        user: Any = request.user
        attempt.succeed(user=user)
    return response
