"""People for administrators."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin

from users.models import User


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    """People by email."""

    list_display = ("email", "username", "is_active", "is_superuser", "last_login", "created_at")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "username")
    ordering = ("email",)
    readonly_fields = ("id", "last_login", "created_at", "updated_at")
    autocomplete_fields = ("base_currency",)
    fieldsets = (
        (None, {"fields": ("id", "email", "username", "password")}),
        ("Preferences", {"fields": ("base_currency", "timezone")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Times", {"fields": ("last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "username", "password1", "password2")}),)
