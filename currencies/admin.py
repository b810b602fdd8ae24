"""Currencies and rates for administrators."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from currencies import sources
from currencies.models import Currency, CurrencyRate
from finances import money
from finances.changelists import CappedPaginator, TextFilter


@admin.register(Currency)
class CurrencyAdmin(admin.ModelAdmin):
    """Currencies by code."""

    list_display = ("code", "name", "symbol", "decimal_places", "is_active")
    list_filter = ("is_active", "decimal_places")
    search_fields = ("code", "name")
    readonly_fields = ("created_at", "updated_at")

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep the code of a currency that exists: it is the key that rates and accounts point at."""
        return (*self.readonly_fields, "code") if obj else self.readonly_fields


class CodeFilter(TextFilter):
    """By a currency, on either side of the rate."""

    title, parameter_name = "currency", "currency"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rates of one currency."""
        rates: Any = queryset
        return rates.involving(str(self.value()).strip().upper()) if self.value() else queryset


class UntilFilter(TextFilter):
    """Up to a day; the newest rates come first, so that it leads to a day."""

    title, parameter_name, input_type = "last day", "until", "date"

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rates of the day and those before; what is no day keeps none."""
        if not self.value():
            return queryset
        try:
            return queryset.filter(date__lte=date.fromisoformat(str(self.value())))
        except ValueError:
            return queryset.none()


@admin.register(CurrencyRate)
class CurrencyRateAdmin(admin.ModelAdmin):
    """Rates by pair and day, the newest first. The table grows by a few hundred rows a day, and is never counted."""

    list_display = ("date", "base_code", "target_code", "plain_rate", "source", "updated_at")
    list_filter = (CodeFilter, UntilFilter)
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    sortable_by = ()
    autocomplete_fields = ("base", "target")
    fields = ("base", "target", "date", "rate", "source", "created_at", "updated_at")
    readonly_fields = ("source", "created_at", "updated_at")

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep the pair and the day of a rate that exists: that of another day is another rate."""
        return ("base", "target", "date", *self.readonly_fields) if obj else self.readonly_fields

    @admin.display(description="base")
    def base_code(self, rate: CurrencyRate) -> str:
        """Show the code, without asking for the currency."""
        return rate.base_id

    @admin.display(description="target")
    def target_code(self, rate: CurrencyRate) -> str:
        """Show the code, without asking for the currency."""
        return rate.target_id

    @admin.display(description="rate")
    def plain_rate(self, rate: CurrencyRate) -> str:
        """Show the digits that were published, without the column's zeros."""
        return money.plain(rate.rate)

    def get_changeform_initial_data(self, request):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Offer today for a new rate."""
        return {"date": timezone.localdate()}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store the rate as one that a person entered, which no sync replaces."""
        if form.has_changed() or not change:
            obj.source = sources.MANUAL
        super().save_model(request, obj, form, change)
