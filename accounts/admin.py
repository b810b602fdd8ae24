"""Accounts, values and holdings for administrators, with their histories."""

import contextlib
from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.safestring import SafeString
from simple_history.admin import SimpleHistoryAdmin

from accounts import admin_figures, admin_records
from accounts.admin_forms import AccountPartForm, HoldingForm
from accounts.admin_lists import (
    AccountFilter,
    CurrencyFilter,
    InstitutionFilter,
    SearchOfParts,
    SecurityFilter,
    WithNames,
)
from accounts.admin_tables import AccountTable, HoldingTable, ValueTable
from accounts.models import Account, AccountPart, AccountValue, Holding
from accounts.naming import shown
from finances import money, owners
from finances.admin import OwnedAdminMixin, SafeFormMixin
from finances.changelists import LongListMixin, SinceFilter, UntilFilter
from finances.local_days import day_of
from finances.tables.admin import TableAdminMixin
from securities.actions import ActionKind
from users.admin_lists import OwnerFilter


def require_key(model: Any, text: str) -> None:
    """Refuse what cannot be a key of ``model``; Django's own pages do so, those of the histories fail.

    Raises:
        Http404: it is none.
    """
    try:
        model._meta.pk.to_python(text)
    except ValidationError as exc:
        raise Http404 from exc


class RecordedAdmin(OwnedAdminMixin, TableAdminMixin, LongListMixin, SafeFormMixin, SimpleHistoryAdmin):  # type: ignore[misc]
    """A table whose changes are recorded; each page of a row leads to its history."""

    readonly_fields: tuple[str, ...] = ("id", "created_at", "updated_at")
    fixed_fields: tuple[str, ...] = ()
    computed_fields: tuple[str, ...] = ()
    path_from_account = "pk"

    def get_fields(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Show what is entered first, then what follows from it and what never changes."""
        if obj is None:
            return self.fields
        computed = self.get_readonly_fields(request, obj)  # type: ignore[no-untyped-call]
        return (*self.fields, *(name for name in computed if name not in self.fields))

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep what never changes once the row is there, and show what follows from it."""
        return (*self.computed_fields, *self.readonly_fields, *self.fixed_fields) if obj else self.readonly_fields

    def get_historical_record_context_helper(self, request, historical_record):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Tell changes of numbers without zeros that say nothing."""
        return admin_records.PlainChanges(self.model, historical_record)

    def history_view(self, request, object_id, extra_context=None):  # type: ignore[no-untyped-def]
        """Show what became of a row; what is no key names none."""
        require_key(self.model, unquote(object_id))
        return super().history_view(request, object_id, extra_context)

    def history_form_view(self, request, object_id, version_id, extra_context=None):  # type: ignore[no-untyped-def]
        """Show the row as it was. What is no key names no record, and nothing is stored from here: the way is closed.

        The library saves what is posted here whether or not it offers to.
        """
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        require_key(self.model, object_id)
        require_key(self.model.history.model, version_id)
        return super().history_form_view(request, object_id, version_id, extra_context)

    def lock(self, entered: Mapping[str, Any], pk: str | None) -> None:
        """Lock the account that a form is about, after its owner; one that is not there is found out by the form."""
        which = {self.path_from_account: pk} if pk is not None else {"pk": entered.get("account")}
        with contextlib.suppress(ValidationError):
            accounts = Account.objects.filter(**which)
            owners.hold(accounts.values_list("user_id", flat=True))
            list(accounts.select_for_update(of=("self",)).values_list("pk"))


class AccountPartAdmin(SearchOfParts, WithNames, RecordedAdmin):
    """A part of an account: it has the account's owner, and stays in its account."""

    form = AccountPartForm
    exclude = ("user",)
    fixed_fields: tuple[str, ...] = ("account",)
    list_select_related: ClassVar[tuple[str, ...]] = ("account__currency", "account__user", "user")
    search_fields: tuple[str, ...] = ("account__name", "account__user__email")
    day_field = "timestamp"

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Fetch with the account that is chosen what the row will be called by."""
        if db_field.name == "account":
            kwargs["queryset"] = Account.objects.select_related("currency")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def history_view_title(self, request: Any, obj: Any) -> str:
        """Name the row, which comes from its records when it is gone."""
        admin_records.fetch_names(obj)
        return str(super().history_view_title(request, obj))

    def history_form_view_title(self, request: Any, obj: Any) -> str:
        """Name the row as it was."""
        admin_records.fetch_names(obj)
        return str(super().history_form_view_title(request, obj))

    @admin.display
    def owner(self, row: AccountPart) -> str:
        """Return whose it is."""
        return str(row.user)


@admin.register(Account)
class AccountAdmin(RecordedAdmin):
    """Everybody's accounts, with what is in them."""

    resource_classes = (AccountTable,)
    fields = (
        "user", "name", "account_type", "financial_institution", "currency", "is_investment_account", "interest_rate",
        "description",
    )  # fmt: skip
    list_display = ("name", "account_type", "financial_institution", "balance", "balance_on", "user")
    list_filter = (OwnerFilter, InstitutionFilter, CurrencyFilter, "account_type", "is_investment_account")
    list_select_related = ("currency", "financial_institution", "user")
    search_fields = ("name", "user__email")
    search_help_text = "A part of an account's name, or of its owner's address."
    autocomplete_fields = ("user", "financial_institution", "currency")
    fixed_fields = ("user",)
    computed_fields = ("balance", "balance_on", "latest_values", "holdings")

    def get_changelist_instance(self, request: Any) -> Any:
        """Add the balances of the accounts on this page: the latest of today, wherever the owner is."""
        changelist = super().get_changelist_instance(request)
        admin_figures.add_balances(changelist.result_list)
        return changelist

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        """Return the account with its balance."""
        account = super().get_object(request, object_id, from_field)
        if account is not None:
            admin_figures.add_balances([account])
        return account

    @admin.display
    def balance(self, account: Any) -> str:
        """Return what is in it."""
        return shown(account.current_balance, account.currency)

    @admin.display(description="as of")
    def balance_on(self, account: Any) -> Any:
        """Return the day of the balance where the owner is."""
        at = account.current_balance_at
        return None if at is None else day_of(at, account.user.zone)

    @admin.display(description="last values")
    def latest_values(self, account: Account) -> SafeString:
        """Return the last values, with links."""
        return admin_figures.latest_values(account)

    @admin.display(description="holdings")
    def holdings(self, account: Account) -> SafeString:
        """Return what it holds, with links."""
        return admin_figures.holdings(account)


@admin.register(AccountValue)
class AccountValueAdmin(AccountPartAdmin):
    """Everybody's balances, the latest first."""

    resource_classes = (ValueTable,)
    fields = ("account", "timestamp", "value", "cash_balance")
    list_display = ("day", "account", "amount", "cash", "owner")
    path_from_account = "recorded_values"
    list_filter = (OwnerFilter, AccountFilter, SinceFilter, UntilFilter)
    autocomplete_fields = ("account",)
    sortable_by = ("day",)

    @admin.display(ordering="timestamp")
    def day(self, row: AccountValue) -> Any:
        """Return its day where the owner is."""
        return day_of(row.timestamp, row.user.zone)

    @admin.display(description="value")
    def amount(self, row: AccountValue) -> str:
        """Return the value."""
        return shown(row.value, row.account.currency)

    @admin.display(description="of it cash")
    def cash(self, row: AccountValue) -> str:
        """Return the cash."""
        return shown(row.cash_balance, row.account.currency)


@admin.register(Holding)
class HoldingAdmin(AccountPartAdmin):
    """Everybody's holdings, by account."""

    form = HoldingForm
    resource_classes = (HoldingTable,)
    fields = ("account", "security", "quantity", "average_cost", "currency", "timestamp")
    list_display = ("security", "units", "cost", "day", "account", "owner")
    path_from_account = "holdings"
    list_filter = (OwnerFilter, AccountFilter, SecurityFilter)
    list_select_related = (*AccountPartAdmin.list_select_related, "security__currency", "currency")
    autocomplete_fields = ("account", "security", "currency")
    fixed_fields = ("account", "security")
    computed_fields = ("cost", "quantity_today", "worth")
    sortable_by = ()
    ordering = ("account_id", "security_id")

    def get_fields(self, request, obj=None):  # type: ignore[no-untyped-def]
        """Ask whether all of a stored holding is told anew where a split may lie in between."""
        fields = super().get_fields(request, obj)  # type: ignore[no-untyped-call]
        if obj is None or not obj.security.actions.filter(kind=ActionKind.SPLIT).exists():
            return fields
        place = fields.index("timestamp") + 1
        return (*fields[:place], "told_anew", *fields[place:])

    @admin.display(description="quantity")
    def units(self, row: Holding) -> str:
        """Return the quantity without zeros that say nothing."""
        return money.plain(row.quantity)

    @admin.display(description="cost of all")
    def cost(self, row: Holding) -> str:
        """Return what all of it cost."""
        return shown(money.product(row.quantity, row.average_cost), row.currency or row.security.currency)

    @admin.display(description="as of")
    def day(self, row: Holding) -> Any:
        """Return the day of the quantity where the owner is."""
        return row.as_of

    @admin.display(description="units today, after splits")
    def quantity_today(self, row: Holding) -> str:
        """Return the quantity of today."""
        return admin_figures.quantity_today(row)

    @admin.display(description="worth now")
    def worth(self, row: Holding) -> str:
        """Return what it is worth, and why."""
        return admin_figures.worth(row)
