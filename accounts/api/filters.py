"""What the lists of accounts, values and holdings can be filtered and ordered by."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django import forms

from accounts.models import Account, AccountQuerySet, AccountType, AccountValue, Holding
from finances.api.filters import AnyCaseChoiceFilter, SearchFilter, StableOrderingFilter, TruthFilter
from finances.local_days import end_of, named_day, start_of


class UpperCaseFilter(django_filters.CharFilter):
    """Keeps the rows with a code or symbol, in any case."""

    def filter(self, qs: Any, value: Any) -> Any:
        """Compare in upper case."""
        return super().filter(qs, value.upper() if value else value)


class MomentField(forms.Field):
    """An instant, in UTC unless it says otherwise, or a day of ``zone``, all of which is meant."""

    zone = ZoneInfo("UTC")

    def __init__(self, *args: Any, is_end: bool = False, **kwargs: Any) -> None:
        """Keep which end of a range this is."""
        self.is_end = is_end
        super().__init__(*args, **kwargs)

    def clean(self, value: Any) -> datetime | None:
        """Return the first instant of the range, or the first one after it.

        Raises:
            ValidationError: this is neither an instant nor a day.
        """
        text = (super().clean(value) or "").strip()
        if not text:
            return None
        day = named_day(text)
        if day is not None:
            return end_of(day, self.zone) if self.is_end else start_of(day, self.zone)
        try:
            moment = datetime.fromisoformat(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
            return moment + timedelta.resolution if self.is_end else moment
        except (ValueError, OverflowError) as exc:
            raise forms.ValidationError("This is no date or instant of ISO 8601.", code="invalid") from exc


class MomentFilter(django_filters.Filter):
    """Keeps the rows on one side of an instant, or of an end of a day where the asking user is."""

    field_class = MomentField

    @property
    def field(self) -> Any:
        """Return the form's field, which knows where the user is."""
        field: Any = super().field
        request = getattr(getattr(self, "parent", None), "request", None)
        if request is not None:
            field.zone = request.user.zone
        return field


class RangeForm(forms.Form):
    """The query of a series."""

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it starts."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start is not None and end is not None and end <= start:
            self.add_error("end", forms.ValidationError("The range ends before it starts.", code="invalid_range"))
        return cleaned


class AccountFilter(django_filters.FilterSet):
    """By type, institution, currency and side of the balance sheet."""

    account_type = AnyCaseChoiceFilter(choices=AccountType.choices)
    financial_institution = django_filters.UUIDFilter(field_name="financial_institution_id")
    currency_code = UpperCaseFilter(field_name="currency_id")
    is_investment_account = TruthFilter()
    is_asset = TruthFilter(method="keep_side", label="What is owned, or what is owed.")
    search = SearchFilter(field_name="name", lookup_expr="icontains", label="A part of the name.")
    ordering = StableOrderingFilter(fields=("name", "account_type", "created_at", "updated_at"))

    class Meta:
        model = Account
        fields = ("account_type", "is_investment_account")

    def keep_side(self, queryset: AccountQuerySet, _name: str, value: bool) -> AccountQuerySet:
        """Keep one side of the balance sheet."""
        return queryset.assets() if value else queryset.liabilities()


class AccountValueFilter(django_filters.FilterSet):
    """From an instant or day to another, both included."""

    start = MomentFilter(
        field_name="timestamp",
        lookup_expr="gte",
        label="The first instant, in UTC unless it ends in an offset, or day.",
    )
    end = MomentFilter(
        field_name="timestamp",
        lookup_expr="lt",
        is_end=True,
        label="The last instant, in UTC unless it ends in an offset, or day, included.",
    )

    class Meta:
        model = AccountValue
        fields: tuple[str, ...] = ()
        form = RangeForm


class HoldingFilter(django_filters.FilterSet):
    """By account and by symbol."""

    account = django_filters.UUIDFilter(field_name="account_id")
    symbol = UpperCaseFilter(field_name="security__symbol")
    ordering = StableOrderingFilter(
        fields=(("created_at", "created_at"), ("timestamp", "timestamp"), ("security__symbol", "symbol"))
    )

    class Meta:
        model = Holding
        fields: tuple[str, ...] = ()
