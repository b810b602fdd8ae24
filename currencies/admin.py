"""Currencies and rates for administrators."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from currencies import sources
from currencies.admin_tables import CurrencyTable, RateTable
from currencies.models import Currency, CurrencyRate
from finances import money
from finances.admin import ReferenceAdmin, SafeFormMixin
from finances.changelists import LongListMixin, RelatedFilter, SinceFilter, UntilFilter
from finances.tables.admin import TableAdminMixin


@admin.register(Currency)
class CurrencyAdmin(TableAdminMixin, LongListMixin, ReferenceAdmin):
    """Currencies by code, with the day of their newest rate."""

    resource_classes = (CurrencyTable,)
    list_display = ("code", "name", "symbol", "decimal_places", "is_active", "newest_rate")
    list_filter = ("is_active", "decimal_places")
    list_per_page = 100
    search_fields = ("code", "name")
    search_help_text = "A code, or a part of a name."
    readonly_fields = ("newest_rate", "rates", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Currency]:
        """Add the day of the newest rate, by a look at the end of each index."""
        sides = ("base", "target")
        newest = [
            Subquery(CurrencyRate.objects.filter(**{side: OuterRef("pk")}).order_by("-date").values("date")[:1])
            for side in sides
        ]
        currencies: QuerySet[Currency] = super().get_queryset(request)
        return currencies.annotate(as_base=newest[0], as_target=newest[1])

    @admin.display(description="newest rate", empty_value="None")
    def newest_rate(self, currency: Any) -> date | None:
        """Return the day of the newest rate on either side."""
        return max(filter(None, (currency.as_base, currency.as_target)), default=None)

    @admin.display(description="rates")
    def rates(self, currency: Currency) -> SafeString:
        """Lead to its rates, once it is stored."""
        if not currency.pk:
            return format_html("{}", "-")
        address = reverse("admin:currencies_currencyrate_changelist")
        return format_html('<a href="{}?currency={}">All rates of {}</a>', address, currency.pk, currency.pk)

    def get_readonly_fields(self, request, obj=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Keep the code of a currency that exists: it is the key that rates and accounts point at."""
        return (*self.readonly_fields, "code") if obj else self.readonly_fields


class CodeFilter(RelatedFilter):
    """By a currency, on either side of the rate."""

    title, parameter_name, field_name = "currency", "currency", "base"

    def named(self, text: str) -> QuerySet[Any]:
        """Return the currency of this code."""
        return Currency.objects.filter(pk=text.upper())

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rates of one currency."""
        rates: Any = queryset
        return rates.involving(*self.keys) if self.value() else queryset


class SourceFilter(admin.SimpleListFilter):
    """By who published it; without reading the table for who did."""

    title, parameter_name = "source", "source"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the sources that are known."""
        return [(source, source) for source in sources.PRECEDENCE]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rates of one source."""
        return queryset.filter(source=self.value()) if self.value() else queryset


@admin.register(CurrencyRate)
class CurrencyRateAdmin(TableAdminMixin, LongListMixin, SafeFormMixin, admin.ModelAdmin):
    """Rates by pair and day, the newest first. The table grows by a few hundred rows a day, and is never counted."""

    resource_classes = (RateTable,)
    list_display = ("date", "base_code", "target_code", "plain_rate", "source", "updated_at")
    list_filter = (CodeFilter, SinceFilter, UntilFilter, SourceFilter)
    sortable_by = ()
    search_fields = ("base__code", "target__code")
    search_help_text = "The code of a currency, or of both: USD, or USD/CAD."
    autocomplete_fields = ("base", "target")
    day_field = "date"
    fields = ("base", "target", "date", "rate", "inverse", "source", "created_at", "updated_at")
    readonly_fields = ("inverse", "source", "created_at", "updated_at")

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:  # noqa: ARG002
        """Find a currency's rates, or those of a pair."""
        codes = search_term.upper().replace("/", " ").split()
        return (queryset.involving(*codes[:1]).involving(*codes[-1:]) if codes else queryset), False

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

    @admin.display(description="the other way round")
    def inverse(self, rate: CurrencyRate) -> str | None:
        """Show what one of the target costs, to ten digits."""
        return f"1 {rate.target_id} = {1 / rate.rate:.10g} {rate.base_id}" if rate.rate else None

    def get_changeform_initial_data(self, request):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Offer today for a new rate."""
        return {"date": timezone.localdate()}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store the rate as one that a person entered, which no sync replaces."""
        if form.has_changed() or not change:
            obj.source = sources.MANUAL
        super().save_model(request, obj, form, change)
