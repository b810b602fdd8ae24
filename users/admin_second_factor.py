"""The admin's pages about second factors: turning one's own on and off, giving a code, and who has one."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, auth
from django.contrib.admin.sites import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from finances import rate_limits
from finances.changelists import LongListMixin
from finances.exceptions import ConflictError
from users import admin_limits, second_factor, tries
from users.models import User

KEY_IN_SESSION = "second_factor_key"
REFUSED = "The code is wrong or used up. Wait for the next one."


class CodeForm(forms.Form):
    """A code of one's device, or one for recovery."""

    code = forms.CharField(
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        """Take whose code it has to be."""
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        """Refuse a code that is not good."""
        code: str = self.cleaned_data["code"]
        if not second_factor.is_good(user=self.user, code=code):
            raise ValidationError(REFUSED)
        return code


class TurnOnForm(forms.Form):
    """One's password, the first code of the new device and, where a second factor is required, an operator's word."""

    permission = forms.CharField(
        max_length=300,
        help_text="What `manage.py permit_second_factor` prints for you, good once, for a quarter of an hour.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Ask whoever runs the server for it."},
    )
    password = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))
    code = forms.CharField(max_length=64, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"}))

    def __init__(self, *args: Any, user: User, key: str, **kwargs: Any) -> None:
        """Take who turns it on, and the key of the device."""
        self.user, self.key = user, key
        self.recovery_codes: list[str] = []
        super().__init__(*args, **kwargs)
        if not settings.ADMIN_REQUIRE_OTP:
            del self.fields["permission"]

    def clean_permission(self) -> None:
        """Refuse what no operator said of this person a moment ago."""
        if not second_factor.is_permitted(self.user, self.cleaned_data["permission"]):
            raise ValidationError("This is not good, or no longer: ask whoever runs the server for a new one.")

    def clean_password(self) -> None:
        """Refuse another password; nobody needs it further."""
        if not self.user.check_password(self.cleaned_data["password"]):
            raise ValidationError("The password is wrong.")

    def clean(self) -> None:
        """Turn it on, when all else is right."""
        if self.errors:
            return
        try:
            codes = second_factor.turn_on(user=self.user, key=self.key, code=self.cleaned_data["code"])
        except ConflictError as exc:
            raise ValidationError(exc.message, code=exc.code) from exc
        if codes is None:
            self.add_error("code", REFUSED)
        self.recovery_codes = codes or []


@never_cache
@sensitive_post_parameters()
def show(request: HttpRequest) -> HttpResponse:
    """Show what the second factor asks for next, or how it stands; 429 to who tries too often."""
    if not AdminSite.has_permission(admin.site, request):  # signed in with a password, as an administrator
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    if request.POST.get("action") == "log_out":  # the admin's own signs nobody out whom it would not let in
        auth.logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    user: Any = request.user
    device = second_factor.device_of(user)
    account = tries.Account.with_device(user, device and device.pk)
    attempt = tries.Try(kind="code", account=account, address=rate_limits.client_address(request.META))
    if request.method == "POST":
        refused = admin_limits.refuse_address(request) or admin_limits.refuse_try(request, attempt)
        if refused is not None:
            return refused
    if device is None:
        return enrol(request, user, attempt)
    return ask(request, user, attempt) if second_factor.missing(request) else manage(request, user, attempt)


def enrol(request: HttpRequest, user: User, attempt: tries.Try) -> HttpResponse:
    """Turn it on with a key that this session alone knows."""
    key = request.session.setdefault(KEY_IN_SESSION, second_factor.new_key())
    form = TurnOnForm(request.POST or None, user=user, key=key)
    if form.is_valid():
        del request.session[KEY_IN_SESSION]
        attempt.succeed(user=user)
        auth.update_session_auth_hash(request, user)  # all others are ended
        second_factor.accept(request)
        return show_codes(request, form.recovery_codes)
    picture = mark_safe(second_factor.as_picture(key, user=user))  # noqa: S308 - an SVG that segno drew
    return page(request, "enrol", form=form, picture=picture, key=second_factor.as_text(key))


def ask(request: HttpRequest, user: User, attempt: tries.Try) -> HttpResponse:
    """Ask for a code, and go on to where it was wanted."""
    form = CodeForm(request.POST or None, user=user)
    if not form.is_valid():
        return page(request, "ask", form=form, next=request.GET.get("next", ""))
    attempt.succeed(user=user)
    second_factor.accept(request)
    return HttpResponseRedirect(destination(request))


def manage(request: HttpRequest, user: User, attempt: tries.Try) -> HttpResponse:
    """Tell how it stands; make new recovery codes, or turn it off, for another code."""
    form = CodeForm(request.POST or None, user=user)
    if form.is_valid():
        attempt.succeed(user=user)
        act: Callable[..., HttpResponse] = {"renew": renew, "turn_off": turn_off}.get(
            request.POST.get("action", ""), home
        )
        return act(request, user)
    status = HTTPStatus.BAD_REQUEST if request.POST else HTTPStatus.OK
    facts = {"device": second_factor.device_of(user), "left": second_factor.recovery_codes_left(user)}
    return page(request, "manage", form=form, status=status, **facts)


def renew(request: HttpRequest, user: User) -> HttpResponse:
    """Show new recovery codes, once."""
    return show_codes(request, second_factor.renew_recovery_codes(user=user))


def turn_off(request: HttpRequest, user: User) -> HttpResponse:
    """Turn it off, and offer to turn it on again."""
    second_factor.turn_off(user=user)
    return home(request, user)


def home(_request: HttpRequest, _user: User) -> HttpResponse:
    """Begin again."""
    return HttpResponseRedirect(reverse("second-factor"))


def show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Show recovery codes, which nothing shows a second time."""
    return page(request, "codes", codes=codes)


def page(request: HttpRequest, what: str, *, status: int = HTTPStatus.OK, **context: Any) -> HttpResponse:
    """Show one of the pages in the manner of the admin."""
    context = {**admin.site.each_context(request), "title": "Second factor", "what": what, **context}
    return TemplateResponse(request, "admin/second_factor.html", context, status=status)


def destination(request: HttpRequest) -> str:
    """Return where somebody wanted to go, if that is here, else the first page."""
    wanted = request.POST.get("next") or ""
    is_here = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_here else resolve_url("admin:index")


# Keys and codes are secrets: the library's own pages, which show them, give way to one that does not.
admin.site.unregister([TOTPDevice, StaticDevice])


@admin.register(TOTPDevice)
class SecondFactorAdmin(LongListMixin, admin.ModelAdmin):
    """Who has a second factor. Deleting one resets it: codes are asked for no more, and the person is signed out."""

    list_display = ("user", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__username")
    search_help_text = "A part of an address or of a username."
    ordering = ("-id",)
    fields = readonly_fields = ("user", "created_at", "last_used_at", "recovery_codes")

    @admin.display(description="recovery codes left")
    def recovery_codes(self, device: TOTPDevice) -> int:
        """Tell how many recovery codes are unused."""
        return second_factor.recovery_codes_left(device.user)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Let nobody add one for somebody else."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Let nobody change one."""
        return False

    def delete_model(self, request: HttpRequest, obj: TOTPDevice) -> None:  # noqa: ARG002
        """Reset one."""
        second_factor.reset(user=obj.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TOTPDevice]) -> None:
        """Reset several."""
        for device in queryset.select_related("user"):
            self.delete_model(request, device)
