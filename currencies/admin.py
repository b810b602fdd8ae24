"""Currencies and rates for administrators."""

from datetime import date

from django.contrib import admin

from currencies.models import Currency, CurrencyRate
from finances import money


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


@admin.register(CurrencyRate)
class CurrencyRateAdmin(admin.ModelAdmin):
    """Rates by pair and day. A page never counts the whole table, which grows by a few hundred rows a day."""

    list_display = ("date", "base_id", "target_id", "plain_rate", "source", "updated_at")
    list_per_page = 50
    date_hierarchy = "date"
    search_fields = ("=base__code", "=target__code")
    search_help_text = "A currency's code."
    autocomplete_fields = ("base", "target")
    readonly_fields = ("created_at", "updated_at")
    show_full_result_count = False

    @admin.display(description="rate", ordering="rate")
    def plain_rate(self, rate: CurrencyRate) -> str:
        """Show the digits that were published, without the column's zeros."""
        return money.plain(rate.rate)

    def get_changeform_initial_data(self, request):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Offer today and the source "manual" for a new rate."""
        return {"source": "manual", "date": date.today()}  # noqa: DTZ011
