"""Currencies and rates as tables that are imported and exported."""

from typing import Any

from import_export.fields import Field

from currencies import sources
from currencies.models import Currency, CurrencyRate
from finances.tables.resources import TableResource
from finances.tables.widgets import DayWidget, DecimalWidget, IntegerWidget, RelatedWidget, TextWidget, YesNoWidget


def currency_column(name: str) -> Field:
    """Return a column that names a currency by its code, in any case."""
    widget = RelatedWidget(lambda code, _row: Currency.objects.filter(pk=code.upper()).first(), name="pk")
    return Field(column_name=name, attribute=name, widget=widget)


class CurrencyTable(TableResource):
    """Currencies, found again by their code."""

    required = ("code",)
    code = Field("code", "code", widget=TextWidget())
    name = Field("name", "name", widget=TextWidget())
    symbol = Field("symbol", "symbol", widget=TextWidget())
    decimal_places = Field("decimal_places", "decimal_places", widget=IntegerWidget())
    is_active = Field("is_active", "is_active", widget=YesNoWidget())

    class Meta(TableResource.Meta):
        model = Currency
        fields = ("code", "name", "symbol", "decimal_places", "is_active")

    def find(self, row: Any) -> Any:
        """Find it by its code."""
        return Currency.objects.filter(pk=self.cell(row, "code")).first()


class RateTable(TableResource):
    """Rates, found again by pair and day. What is imported counts as entered by hand: no sync replaces it."""

    required = ("base", "target", "date", "rate")
    written_only = ("source",)
    base = currency_column("base")
    target = currency_column("target")
    date = Field("date", "date", widget=DayWidget())
    rate = Field("rate", "rate", widget=DecimalWidget())
    source = Field("source", "source", widget=TextWidget())

    class Meta(TableResource.Meta):
        model = CurrencyRate
        fields = ("base", "target", "date", "rate", "source")

    def find(self, row: Any) -> Any:
        """Find it by its pair and day."""
        pair = {name: self.cell(row, name) for name in ("base", "target", "date")}
        return CurrencyRate.objects.filter(**pair).select_related("base", "target").first()

    def store(self, instance: Any, *, is_create: bool) -> None:
        """Store the rate as one that a person entered."""
        instance.source = sources.MANUAL
        if is_create:
            instance.save(force_insert=True)
        else:
            instance.save(update_fields=["rate", "source", "updated_at"])
