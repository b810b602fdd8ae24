"""Accounts, values and holdings for administrators, with their histories."""

import contextlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from simple_history.admin import SimpleHistoryAdmin

from accounts.models import Account, AccountPart, AccountValue, Holding
from accounts.validators import MAX_AHEAD
from currencies.models import Currency
from finances import money
from finances.admin import SafeRelationsMixin
from finances.changelists import TextFilter
from finances.local_days import day_of


def shown(amount: Decimal | None, currency: Currency | None) -> str:
    """Write ``amount`` for people, rounded to the currency's minor unit and with its code; a dash when unknown."""
    if amount is None:
        return "-"
    if currency is None:
        return f"{money.plain(amount)} (currency unknown)"
    return f"{money.rounded(amount, decimal_places=currency.decimal_places):,f} {currency.pk}"


class OwnerFilter(TextFilter):
    """Keeps what somebody owns."""

    title = "owner"
    parameter_name = "owner"

    def queryset(self, _request: Any, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the person with this address, or a part of it."""
        return rows.filter(user__email__icontains=str(self.value()).strip()) if self.value() else rows


class RecordedAdmin(SafeRelationsMixin, SimpleHistoryAdmin):  # type: ignore[misc]
    """A table whose changes are recorded; each page of a row leads to its history."""

    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ("id", "created_at", "updated_at")
    fixed_fields: tuple[str, ...] = ()
    path_from_account = "pk"

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep what never changes once the row is there."""
        return (*self.readonly_fields, *self.fixed_fields) if obj else self.readonly_fields

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):  # type: ignore[no-untyped-def]
        """Let whoever else writes to the account wait, from before it is checked until it is saved, as the API does."""
        with transaction.atomic():
            if request.method == "POST":
                self.lock(request.POST, None if object_id is None else unquote(object_id))
            return super().changeform_view(request, object_id, form_url, extra_context)

    def lock(self, entered: Mapping[str, Any], pk: str | None) -> None:
        """Lock the account that a form is about; one that is not there is found out by the form."""
        which = {self.path_from_account: pk} if pk is not None else {"pk": entered.get("account")}
        with contextlib.suppress(ValidationError):
            list(Account.objects.select_for_update(of=("self",)).filter(**which).values_list("pk"))


class AccountPartAdmin(RecordedAdmin):
    """A part of an account: it has the account's owner, and stays in its account."""

    exclude = ("user",)
    fixed_fields: tuple[str, ...] = ("account",)
    list_filter: tuple[Any, ...] = (OwnerFilter,)
    list_select_related: tuple[str, ...] = ("account__currency", "user")

    @admin.display(ordering="user__email")
    def owner(self, row: AccountPart) -> str:
        """Return whose it is."""
        return str(row.user)


@admin.register(Account)
class AccountAdmin(RecordedAdmin):
    """Everybody's accounts, with what is in them."""

    list_display = ("name", "account_type", "financial_institution", "balance", "balance_on", "user")
    list_filter = (OwnerFilter, "account_type", "is_investment_account")
    list_select_related = ("currency", "financial_institution", "user")
    search_fields = ("name", "user__email")
    autocomplete_fields = ("user", "financial_institution", "currency")
    fixed_fields = ("user",)
    date_hierarchy = "created_at"

    def get_queryset(self, request: Any) -> Any:
        """Add the balances: the latest of today, wherever the owner is."""
        accounts: Any = super().get_queryset(request)
        return accounts.with_current_balance(before=timezone.now() + MAX_AHEAD)

    @admin.display
    def balance(self, account: Any) -> str:
        """Return what is in it."""
        return shown(account.current_balance, account.currency)

    @admin.display(description="as of")
    def balance_on(self, account: Any) -> Any:
        """Return the day of the balance where the owner is."""
        at = account.current_balance_at
        return None if at is None else day_of(at, account.user.zone)


@admin.register(AccountValue)
class AccountValueAdmin(AccountPartAdmin):
    """Everybody's balances."""

    list_display = ("day", "account", "amount", "cash", "owner")
    path_from_account = "recorded_values"
    search_fields = ("account__name", "account__user__email")
    autocomplete_fields = ("account",)
    date_hierarchy = "timestamp"

    @admin.display(ordering="timestamp")
    def day(self, row: AccountValue) -> Any:
        """Return its day where the owner is."""
        return day_of(row.timestamp, row.user.zone)

    @admin.display(description="value", ordering="value")
    def amount(self, row: AccountValue) -> str:
        """Return the value."""
        return shown(row.value, row.account.currency)

    @admin.display(description="of it cash")
    def cash(self, row: AccountValue) -> str:
        """Return the cash."""
        return shown(row.cash_balance, row.account.currency)


@admin.register(Holding)
class HoldingAdmin(AccountPartAdmin):
    """Everybody's holdings."""

    list_display = ("security", "units", "cost", "day", "account", "owner")
    path_from_account = "holdings"
    list_select_related = ("security__currency", "currency", "account", "user")
    search_fields = ("security__symbol", "account__name", "account__user__email")
    autocomplete_fields = ("account", "security", "currency")
    fixed_fields = ("account", "security")
    date_hierarchy = "timestamp"

    @admin.display(description="quantity", ordering="quantity")
    def units(self, row: Holding) -> str:
        """Return the quantity without zeros that say nothing."""
        return money.plain(row.quantity)

    @admin.display(description="cost of all")
    def cost(self, row: Holding) -> str:
        """Return what all of it cost."""
        return shown(money.product(row.quantity, row.average_cost), row.currency or row.security.currency)

    @admin.display(description="as of", ordering="timestamp")
    def day(self, row: Holding) -> Any:
        """Return the day of the quantity where the owner is."""
        return row.as_of


class RecordAdmin(admin.ModelAdmin):
    """What became of rows, those that are gone included; to read only."""

    list_display = ("changed_at", "history_type", "row", "user", "changed_by")
    list_filter = (OwnerFilter, "history_type")
    list_select_related = ("user", "history_user")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("=id", "user__email", "history_user__email")
    search_help_text = "The id of a row, or the address of its owner or of whoever changed it."
    date_hierarchy = "history_date"

    @admin.display(ordering="history_date")
    def changed_at(self, record: Any) -> Any:
        """Return when it was."""
        return record.history_date

    @admin.display(description="id of the row")
    def row(self, record: Any) -> str:
        """Return which row it was."""
        return str(record.id)

    @admin.display(ordering="history_user__email", empty_value="the system, or somebody gone")
    def changed_by(self, record: Any) -> Any:
        """Return who did it."""
        return record.history_user

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
