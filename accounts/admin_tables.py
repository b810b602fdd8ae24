"""Accounts, their values and their holdings as tables that are imported and exported.

Rows are named as people name them: an account by its owner's address and its name, a security by its symbol. An instant
without an offset is one of the owner's clocks, and a day alone its noon there, as everywhere (docs/adr/0018).
"""

from typing import Any

from django.core.exceptions import ValidationError
from import_export.fields import Field

from accounts import units
from accounts.admin_figures import with_price
from accounts.models import Account, AccountPart, AccountValue, Holding
from currencies.admin_tables import currency_column
from finances.local_days import today_in
from finances.tables.resources import TableResource
from finances.tables.widgets import DecimalWidget, InstantWidget, RelatedWidget, TextWidget, YesNoWidget
from institutions.models import FinancialInstitution
from securities.models import Security
from users.admin_lists import owner_column
from users.models import User


class AccountTable(TableResource):
    """Accounts, found again by their owner and name."""

    required = ("owner", "name")
    owner = owner_column()
    name = Field("name", "name", widget=TextWidget())
    account_type = Field("account_type", "account_type", widget=TextWidget())
    currency = currency_column("currency")
    financial_institution = Field("financial_institution", "financial_institution")
    is_investment_account = Field("is_investment_account", "is_investment_account", widget=YesNoWidget())
    interest_rate = Field("interest_rate", "interest_rate", widget=DecimalWidget())
    description = Field("description", "description", widget=TextWidget())

    class Meta(TableResource.Meta):
        model = Account
        fields = (
            "owner",
            "name",
            "account_type",
            "currency",
            "financial_institution",
            "is_investment_account",
            "interest_rate",
            "description",
        )

    def __init__(self, **options: Any) -> None:
        """Find institutions among those of the row's owner."""
        super().__init__(**options)
        self.fields["financial_institution"].widget = RelatedWidget(self.institution, name="name", within=("owner",))

    def institution(self, name: str, row: Any) -> Any:
        """Return the owner's institution of this name."""
        return FinancialInstitution.objects.filter(user=self.cell(row, "owner"), name__iexact=name).first()

    def find(self, row: Any) -> Any:
        """Find it by its owner and name."""
        rows = Account.objects.filter(user=self.cell(row, "owner"), name__iexact=self.cell(row, "name"))
        return rows.select_related("user", "currency", "financial_institution").first()

    def filter_export(self, queryset: Any, **_options: Any) -> Any:
        """Fetch what is named with each account."""
        return queryset.select_related("user", "currency", "financial_institution")


class PartTable(TableResource):
    """Parts of accounts."""

    owner = Field("account__user__email", "owner", widget=TextWidget())
    account = Field("account", "account")
    timestamp = Field("timestamp", "timestamp")

    class Meta(TableResource.Meta):
        abstract = True
        fields = ("owner", "account", "timestamp")

    def __init__(self, **options: Any) -> None:
        """Find accounts among those of the row's owner, whose clocks count."""
        super().__init__(**options)
        self.people: dict[str, Any] = {}
        self.fields["account"].widget = RelatedWidget(self.account_of, name="name", within=("owner",))
        self.fields["timestamp"].widget = InstantWidget(lambda row: getattr(self.person(row), "zone", None))

    def person(self, row: Any) -> Any:
        """Return whose the row is; None when there is nobody of that address."""
        email = str(TextWidget().clean(row.get("owner")) or "").strip().lower().replace("\0", "")
        if email not in self.people:
            self.people[email] = User.objects.filter(email=email).first()
        return self.people[email]

    def account_of(self, name: str, row: Any) -> Any:
        """Return the owner's account of this name."""
        person = self.person(row)
        if person is None:
            raise ValueError(f"There is nobody with the address {str(row.get('owner'))[:60]!r}.")
        accounts = Account.objects.filter(user=person, name__iexact=name)
        return accounts.select_related("user", "currency").first()

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **options: Any) -> None:
        """Read a cell; the owner is that of the account, and an instant that is left out stays as it is."""
        is_left_out = field.attribute == "timestamp" and row.get("timestamp") in {None, ""}
        if field.column_name != "owner" and not is_left_out:
            super().import_field(field, instance, row, is_m2m, **options)

    def validate_instance(self, instance: AccountPart, *args: Any, **options: Any) -> None:
        """Give the row its account's owner, and hold it against the rules."""
        if instance.account_id is not None:
            instance.user_id = instance.account.user_id
        try:
            super().validate_instance(instance, *args, **options)
        except ValidationError as exc:
            faults = exc.error_dict
            faults.pop("user", None)  # whose account is missing is told at the account
            raise ValidationError(faults) from exc

    def filter_export(self, queryset: Any, **_options: Any) -> Any:
        """Fetch what is named with each row."""
        return queryset.select_related("account__user")


class ValueTable(PartTable):
    """Values, found again by their account and instant."""

    required = ("owner", "account", "timestamp", "value")
    value = Field("value", "value", widget=DecimalWidget())
    cash_balance = Field("cash_balance", "cash_balance", widget=DecimalWidget())

    class Meta(TableResource.Meta):
        model = AccountValue
        fields = ("owner", "account", "timestamp", "value", "cash_balance")

    def find(self, row: Any) -> Any:
        """Find it by its account and instant."""
        account, at = self.cell(row, "account"), self.cell(row, "timestamp")
        return AccountValue.objects.filter(account=account, timestamp=at).select_related("account__user").first()


class HoldingTable(PartTable):
    """Holdings, found again by their account and security."""

    required = ("owner", "account", "security", "quantity", "average_cost")
    security = Field(
        "security",
        "security",
        widget=RelatedWidget(lambda name, _row: Security.objects.filter(symbol=name.upper()).first(), name="symbol"),
    )
    quantity = Field("quantity", "quantity", widget=DecimalWidget())
    average_cost = Field("average_cost", "average_cost", widget=DecimalWidget())
    currency = currency_column("currency")

    class Meta(TableResource.Meta):
        model = Holding
        fields = ("owner", "account", "security", "quantity", "average_cost", "currency", "timestamp")

    def find(self, row: Any) -> Any:
        """Find it by its account and security."""
        rows = Holding.objects.filter(account=self.cell(row, "account"), security=self.cell(row, "security"))
        return rows.select_related("account__user", "security", "currency").first()

    def before_save_instance(self, instance: Holding, row: Any, **_options: Any) -> None:
        """Refuse a quantity that may be of before a split or of after it: without a timestamp nobody knows."""
        if instance._state.adding:  # noqa: SLF001
            return
        stored = with_price(instance)
        told = {name: getattr(instance, name) for name in units.TOLD if row.get(name) not in {None, ""}}
        units.require_told(stored, told=told, today=today_in(instance.user.zone))

    def filter_export(self, queryset: Any, **options: Any) -> Any:
        """Fetch what is named with each row."""
        return super().filter_export(queryset, **options).select_related("security", "currency")
