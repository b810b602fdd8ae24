"""What became of accounts, values and holdings, those that are gone included, for administrators; to read only."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.utils import timezone
from simple_history.template_utils import HistoricalRecordContextHelper

from accounts.admin_lists import SearchOfRecords, WithNames
from accounts.models import Account, AccountValue, Holding
from accounts.naming import known
from finances import money
from finances.changelists import LongListMixin, SinceFilter, UntilFilter
from finances.history import DELETED
from users.admin_lists import OwnerFilter

CHANGE = ("changed_at", "change", "changed_by", "reason", "user")


def add_accounts(rows: Iterable[Any]) -> None:
    """Give rows whose account is gone the account as it was when it went: one query for all of them."""
    without = [row for row in rows if known(row, "account") is None]
    if not without:
        return
    records = Account.history.filter(id__in={row.account_id for row in without}, history_type=DELETED)
    gone = {}
    for record in records.select_related("currency"):
        gone[record.id] = record.instance
        if record.currency is not None:
            gone[record.id].currency = record.currency
    for row in without:
        if row.account_id in gone:
            row.account = gone[row.account_id]


def fetch_names(row: Any) -> None:
    """Fetch for one row, which may be made of a record, the account that it is called by."""
    if known(row, "account") is None:
        account = Account.objects.select_related("user", "currency").filter(pk=row.account_id).first()
        if account is not None:
            row.account = account
    add_accounts([row])


class PlainChanges(HistoricalRecordContextHelper):  # type: ignore[misc]
    """Tells what a change changed, numbers without zeros that say nothing."""

    def prepare_delta_change_value(self, change: Any, value: Any) -> Any:
        """Return what was there before or after."""
        prepared = super().prepare_delta_change_value(change, value)
        return money.plain(prepared) if isinstance(prepared, Decimal) else prepared


class ChangeFilter(admin.ChoicesFieldListFilter):
    """By whether a row was created, changed or deleted."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Call it what the column is called."""
        super().__init__(*args, **options)
        self.title = "change"


class RecordAdmin(SearchOfRecords, WithNames, LongListMixin, admin.ModelAdmin):
    """What became of rows, those that are gone included; to read only."""

    list_display = ("changed_at", "change", "what", "user", "changed_by")
    list_filter = (OwnerFilter, SinceFilter, UntilFilter, ("history_type", ChangeFilter))
    list_select_related: ClassVar[tuple[str, ...]] = ("user", "history_user")
    search_fields = ("=id", "user__email", "history_user__email")
    sortable_by = ()
    day_field = "history_date"

    def get_ordering(self, request: Any) -> tuple[str, ...]:
        """Show the newest first, by the index that leads to them."""
        return ("-history_date", "-history_id") if {"since", "until"} & set(request.GET) else ("-history_id",)

    @admin.display
    def changed_at(self, record: Any) -> str:
        """Return when it was, to the second."""
        return f"{timezone.localtime(record.history_date):%Y-%m-%d %H:%M:%S}"

    @admin.display
    def change(self, record: Any) -> str:
        """Return whether the row was created, changed or deleted."""
        return str(record.get_history_type_display())

    @admin.display
    def what(self, record: Any) -> str:
        """Return what the row is called."""
        return str(record.instance_type.__str__(record))

    @admin.display
    def reason(self, record: Any) -> str:
        """Return why, where somebody said so."""
        return record.history_change_reason or "-"

    @admin.display
    def changed_by(self, record: Any) -> str:
        """Return who did it."""
        return str(record.history_user or "the system, or somebody gone")

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


@admin.register(Account.history.model)
class AccountRecordAdmin(RecordAdmin):
    """What became of accounts."""

    fields = (
        *CHANGE, "name", "account_type", "financial_institution", "currency", "is_investment_account", "interest_rate",
        "description", "id",
    )  # fmt: skip


class PartRecordAdmin(RecordAdmin):
    """What became of parts of accounts, which may be gone themselves."""

    list_select_related: ClassVar[tuple[str, ...]] = (*RecordAdmin.list_select_related, "account__currency")

    def get_changelist_instance(self, request: Any) -> Any:
        """Add the accounts that are gone."""
        changelist = super().get_changelist_instance(request)
        add_accounts(changelist.result_list)
        return changelist

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        """Return the record with its account."""
        record = super().get_object(request, object_id, from_field)
        if record is not None:
            add_accounts([record])
        return record

    @admin.display(description="account")
    def account_name(self, record: Any) -> str:
        """Return the name of the account, its last one when it is gone."""
        account = known(record, "account")
        if account is None:
            return "-"
        return f"{account.name} (deleted)" if account._state.adding else str(account.name)  # noqa: SLF001


@admin.register(AccountValue.history.model)
class ValueRecordAdmin(PartRecordAdmin):
    """What became of values."""

    fields = (*CHANGE, "account_name", "timestamp", "amount", "cash", "id")

    @admin.display(description="value")
    def amount(self, record: Any) -> str:
        """Return the value without zeros that say nothing."""
        return money.plain(record.value)

    @admin.display(description="of it cash")
    def cash(self, record: Any) -> str:
        """Return the cash without zeros that say nothing."""
        return "-" if record.cash_balance is None else money.plain(record.cash_balance)


@admin.register(Holding.history.model)
class HoldingRecordAdmin(PartRecordAdmin):
    """What became of holdings."""

    list_select_related: ClassVar[tuple[str, ...]] = (*PartRecordAdmin.list_select_related, "security")
    fields = (*CHANGE, "account_name", "security", "units", "cost", "currency", "timestamp", "id")

    @admin.display(description="quantity")
    def units(self, record: Any) -> str:
        """Return the quantity without zeros that say nothing."""
        return money.plain(record.quantity)

    @admin.display(description="average cost")
    def cost(self, record: Any) -> str:
        """Return what one unit cost without zeros that say nothing."""
        return money.plain(record.average_cost)
