"""Accounts, values and holdings for administrators, with their histories."""

from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from accounts.models import Account, AccountPart, AccountValue, Holding
from finances.admin import SafeRelationsMixin


class RecordedAdmin(SafeRelationsMixin, SimpleHistoryAdmin):  # type: ignore[misc]
    """A table whose changes are recorded; each page of a row leads to its history."""

    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ("id", "created_at", "updated_at")
    fixed_fields: tuple[str, ...] = ()

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep what never changes once the row is there."""
        return (*self.readonly_fields, *self.fixed_fields) if obj else self.readonly_fields


class AccountPartAdmin(RecordedAdmin):
    """A part of an account: it has the account's owner, and stays in its account."""

    exclude = ("user",)
    fixed_fields: tuple[str, ...] = ("account",)
    list_select_related: tuple[str, ...] = ("account", "account__user")

    @admin.display(ordering="user__email")
    def owner(self, row: AccountPart) -> str:
        """Return whose it is."""
        return str(row.account.user)


@admin.register(Account)
class AccountAdmin(RecordedAdmin):
    """Everybody's accounts."""

    list_display = ("name", "account_type", "currency", "financial_institution", "user", "created_at")
    list_filter = ("account_type", "is_investment_account")
    list_select_related = ("currency", "financial_institution", "user")
    search_fields = ("name", "user__email")
    autocomplete_fields = ("user", "financial_institution", "currency")
    fixed_fields = ("user",)
    date_hierarchy = "created_at"


@admin.register(AccountValue)
class AccountValueAdmin(AccountPartAdmin):
    """Everybody's balances."""

    list_display = ("timestamp", "account", "value", "cash_balance", "owner")
    search_fields = ("account__name", "account__user__email")
    autocomplete_fields = ("account",)
    date_hierarchy = "timestamp"


@admin.register(Holding)
class HoldingAdmin(AccountPartAdmin):
    """Everybody's holdings."""

    list_display = ("security", "quantity", "average_cost", "account", "owner", "timestamp")
    list_select_related = ("security", "account", "account__user")
    search_fields = ("security__symbol", "account__name", "account__user__email")
    autocomplete_fields = ("account", "security", "currency")
    fixed_fields = ("account", "security")
    date_hierarchy = "timestamp"


class RecordAdmin(admin.ModelAdmin):
    """What became of rows, those that are gone included; to read only."""

    list_display = ("history_date", "history_type", "id", "user", "history_user")
    list_filter = ("history_type",)
    list_select_related = ("user", "history_user")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("=id", "user__email", "history_user__email")
    search_help_text = "The id of a row, or the address of its owner or of whoever changed it."
    date_hierarchy = "history_date"

    def has_add_permission(self, request):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """History is not written by hand."""
        return False

    def has_change_permission(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """History is not rewritten."""
        return False

    def has_delete_permission(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """History goes with its owner, on the owner's page, and never by itself."""
        page = request.resolver_match
        return page is not None and getattr(page.func, "model_admin", self) is not self


admin.site.register([Account.history.model, AccountValue.history.model, Holding.history.model], RecordAdmin)
