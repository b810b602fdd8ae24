"""People for administrators."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from finances.changelists import LongListMixin, SinceFilter, UntilFilter
from finances.exceptions import ConflictError
from users import admin_login, services, sessions
from users.admin_lists import OwnerFilter
from users.admin_second_factor import SecondFactorAdmin  # noqa: F401 - registers itself
from users.models import TokenFamily, User

MOST_SESSIONS = 20

admin.site.login_form = admin_login.LoginForm
# Whoever may open the admin may do everything in it: groups and permissions would only seem to mean something.
admin.site.unregister(Group)


class UserForm(UserChangeForm):
    """A person's data; refuses to lose the last superuser before anything is written."""

    def clean(self) -> dict[str, Any]:
        """Check what would become of the superusers; the admin has the form in a transaction."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and not (cleaned.get("is_active") and cleaned.get("is_superuser")):
            try:
                services.require_another_superuser(than=[self.instance.pk])
            except ConflictError as exc:
                raise ValidationError(exc.message, code=exc.code) from exc
        return cleaned


class PasswordForm(AdminPasswordChangeForm):
    """A person's new password, which ends their sessions."""

    def save(self, commit: bool = True) -> Any:
        """Save, and note when the sessions ended."""
        with transaction.atomic():
            user = super().save(commit)
            sessions.end_outdated(user=user)
        return user


def short(instant: datetime) -> str:
    """Write an instant as narrow as it can be read, so that no list is wider than the screen."""
    return f"{timezone.localtime(instant):%Y-%m-%d %H:%M}"


class ReadOnlySessions:
    """Sessions can be looked at, and go with their time; nobody makes or edits them by hand."""

    def has_add_permission(self, *_: Any) -> bool:
        """Let nobody add one."""
        return False

    def has_change_permission(self, *_: Any) -> bool:
        """Let nobody change one."""
        return False

    @admin.display(description="state")
    def state(self, family: TokenFamily) -> str:
        """Tell whether the session goes on, or since when it does not."""
        if family.revoked_at is not None:
            return f"Revoked {short(family.revoked_at)}"
        if family.lives(now=timezone.now()):
            return f"Until {short(family.expires_at)}"
        return f"Expired {short(family.expires_at)}" if family.expires_at <= timezone.now() else "Ended"

    @admin.display(description="signed in", ordering="created_at")
    def signed_in(self, family: TokenFamily) -> str:
        """Tell when the session began."""
        return short(family.created_at)

    @admin.display(description="last refreshed", ordering="refreshed_at")
    def last_refreshed(self, family: TokenFamily) -> str:
        """Tell when the session was last prolonged."""
        return short(family.refreshed_at)


class SessionInline(ReadOnlySessions, admin.TabularInline):
    """Where a person signed in last."""

    model = TokenFamily
    fields = readonly_fields = ("signed_in", "last_refreshed", "state")
    ordering = ("-expires_at", "id")
    extra = 0
    can_delete = False
    verbose_name_plural = f"last {MOST_SESSIONS} sessions"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TokenFamily]:
        """Keep the last ones: a program may sign in thousands of times."""
        person: Any = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        last = TokenFamily.objects.filter(user_id=person).order_by("-expires_at", "id")[:MOST_SESSIONS]
        return super().get_queryset(request).select_related("user").filter(pk__in=last.values("pk"))


@admin.register(TokenFamily)
class SessionAdmin(LongListMixin, ReadOnlySessions, admin.ModelAdmin):
    """Everybody's sessions, those that end last first."""

    list_display = ("user", "signed_in", "last_refreshed", "state")
    list_filter = (OwnerFilter, SinceFilter, UntilFilter)
    day_field = "created_at"
    list_select_related = ("user",)
    search_fields = ("user__email", "user__username")
    search_help_text = "A part of an address or of a username."
    ordering = ("-expires_at", "id")  # an index, and the order in which they were refreshed
    fields = ("id", "user", "created_at", "refreshed_at", "expires_at", "revoked_at", "state")
    readonly_fields = ("state",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected sessions", permissions=["view"])
    def revoke(self, request: HttpRequest, families: QuerySet[TokenFamily]) -> None:
        """End the selected sessions at once."""
        chosen = TokenFamily.objects.filter(pk__in=families.values("pk"))
        self.message_user(request, f"Sessions revoked: {chosen.revoke(now=timezone.now())}.")


class SignedInFilter(admin.SimpleListFilter):
    """By when somebody last signed in."""

    title, parameter_name = "last login", "signed_in"
    spans = {"1": "in the last day", "7": "in the last week", "30": "in the last month"}

    def lookups(self, _request: Any, _model_admin: Any) -> list[tuple[str, str]]:
        """Return what there is to ask for."""
        return [*self.spans.items(), ("never", "never")]

    def queryset(self, _request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the people who did."""
        if self.value() == "never":
            return queryset.filter(last_login=None)
        if self.value() not in self.spans:
            return queryset
        return queryset.filter(last_login__gte=timezone.now() - timedelta(days=int(str(self.value()))))


@admin.register(User)
class UserAdmin(LongListMixin, BaseUserAdmin):
    """People by email."""

    form = UserForm
    add_form = AdminUserCreationForm
    change_password_form = PasswordForm
    list_display = ("email", "username", "active", "superuser", "verified", "last_signed_in")
    list_filter = (SignedInFilter, "is_active", "is_superuser", "email_verified")
    search_fields = ("email", "username")
    search_help_text = "A part of an address or of a username."
    ordering = ("email",)
    filter_horizontal = ()  # groups and permissions are not shown
    readonly_fields = ("id", "email_verified", "last_login", "created_at", "updated_at")
    autocomplete_fields = ("base_currency",)
    inlines = (SessionInline,)
    actions = ("activate", "deactivate", "revoke_sessions")
    fieldsets = (
        (None, {"fields": ("id", "email", "email_verified", "username", "password")}),
        ("Preferences", {"fields": ("base_currency", "timezone")}),
        ("Rights", {"fields": ("is_active", "is_superuser")}),
        ("Times", {"fields": ("last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "username", "password1", "password2")}),)

    @admin.display(description="active", boolean=True, ordering="is_active")
    def active(self, user: User) -> bool:
        """Tell whether the person may sign in, under a heading as narrow as its column."""
        return user.is_active

    @admin.display(description="superuser", boolean=True, ordering="is_superuser")
    def superuser(self, user: User) -> bool:
        """Tell whether the person may do everything."""
        return user.is_superuser

    @admin.display(description="verified", boolean=True, ordering="email_verified")
    def verified(self, user: User) -> bool:
        """Tell whether the person reads mail at the address."""
        return user.email_verified

    @admin.display(description="last login", ordering="last_login", empty_value="Never")
    def last_signed_in(self, user: User) -> str | None:
        """Tell when the person last signed in."""
        return short(user.last_login) if user.last_login else None

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:  # noqa: ARG002
        """Show sessions of people who exist."""
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save, with all that follows from a change."""
        if not change:
            super().save_model(request, obj, form, change)
            services.ask_to_verify(user=obj)
            return
        names = {field.name for field in User._meta.concrete_fields} & set(form.changed_data)
        changes = {name: getattr(obj, name) for name in names - {"password"}}
        services.change_user(user=User.objects.select_for_update().get(pk=obj.pk), **changes)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count the last active superuser among what is protected."""
        deleted, counts, perms_needed, protected = super().get_deleted_objects(objs, request)
        try:
            with transaction.atomic():
                services.require_another_superuser(than=[user.pk for user in objs])
        except ConflictError as exc:
            protected = [*protected, exc.message]
        return deleted, counts, perms_needed, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:  # noqa: ARG002
        """Delete one person with everything they own."""
        services.delete_users(user_ids=[obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:  # noqa: ARG002
        """Delete people with everything they own."""
        services.delete_users(user_ids=list(queryset.values_list("pk", flat=True)))

    @admin.action(description="Activate the selected people", permissions=["change"])
    def activate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Let the selected people sign in."""
        self.set_active(request, people, active=True)

    @admin.action(description="Deactivate the selected people", permissions=["change"])
    def deactivate(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Sign the selected people out and let them in no more."""
        self.set_active(request, people, active=False)

    @admin.action(description="Revoke all sessions of the selected people", permissions=["change"])
    def revoke_sessions(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Sign the selected people out everywhere, the admin included."""
        count = sessions.end_all(user_ids=list(people.values_list("pk", flat=True)))
        self.message_user(request, f"People signed out everywhere: {count}.")

    def set_active(self, request: HttpRequest, people: QuerySet[User], *, active: bool) -> None:
        """Change who may sign in, and say how it went."""
        try:
            count = services.set_active(user_ids=list(people.values_list("pk", flat=True)), active=active)
        except ConflictError as exc:
            self.message_user(request, exc.message, messages.ERROR)
        else:
            self.message_user(request, f"People {'activated' if active else 'deactivated'}: {count}.")
