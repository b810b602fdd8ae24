"""Currencies, rates and conversions as JSON."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from currencies.conversion import Derivation
from currencies.models import CODE_PATTERN, Currency
from finances.api.fields import DecimalField, IntegerField
from finances.api.pagination import MAX_OFFSET
from finances.api.serializers import BaseModelSerializer, QuerySerializer

MAX_POINTS = 10_000
SMALLEST_RATE = Decimal("0.000000000001")
DERIVATIONS = [derivation.value for derivation in Derivation]


class CodeField(serializers.RegexField):
    """A currency's code, whatever its case."""

    def __init__(self, **kwargs: Any) -> None:
        """Fix the form of the code."""
        message = "A currency code has three to five letters from A to Z."
        super().__init__(CODE_PATTERN, max_length=5, error_messages={"invalid": message}, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the code in upper case."""
        return str(super().to_internal_value(data)).upper()

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Check the upper-case form."""
        return super().run_validation(data.upper() if isinstance(data, str) else data)


class CurrencySerializer(BaseModelSerializer):
    """A currency."""

    code = CodeField()

    class Meta:
        model = Currency
        fields = ("code", "name", "symbol", "decimal_places", "is_active")
        fixed_fields = ("code",)


class RateField(DecimalField):
    """A positive rate with all the digits that its column holds."""

    def __init__(self, **kwargs: Any) -> None:
        """Take the size of the column."""
        super().__init__(max_digits=24, decimal_places=12, min_value=SMALLEST_RATE, **kwargs)


class ShownNumberField(serializers.DecimalField):
    """A decimal in an answer, with the digits that it has."""

    def __init__(self, **kwargs: Any) -> None:
        """Set no limit."""
        super().__init__(max_digits=None, decimal_places=None, **kwargs)


class RatesQuery(QuerySerializer):
    """Which rates: the table of a day, or with ``target`` the series of a pair."""

    rate_date = serializers.DateField(required=False, help_text="The table of this day; today unless given.")
    target = CodeField(required=False, help_text="The series to this currency instead of a table.")
    start = serializers.DateField(required=False, help_text="The first day of the series.")
    end = serializers.DateField(required=False, help_text="The last day of the series.")
    limit = IntegerField(min_value=1, max_value=MAX_POINTS, default=MAX_POINTS, help_text="Of the series.")
    offset = IntegerField(min_value=0, max_value=MAX_OFFSET, default=0, help_text="Of the series.")

    class Meta:
        aliases = {"skip": "offset"}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a range that ends before it starts."""
        if "start" in attrs and "end" in attrs and attrs["end"] < attrs["start"]:
            raise serializers.ValidationError({"end": "The range ends before it starts."}, code="invalid_range")
        return attrs


class RateTableSerializer(serializers.Serializer[Any]):
    """The latest rates of a currency on or before a day, from a `rates.RateTable`."""

    base_currency = serializers.CharField(source="base")
    date = serializers.DateField(source="on", help_text="The newest day among the rates.")
    requested_date = serializers.DateField(source="requested_on")
    rates = serializers.DictField(child=ShownNumberField(), help_text="Units of each currency for one of the base.")
    rate_dates = serializers.DictField(
        child=serializers.DateField(), help_text="The day of each rate that is older than `date`."
    )
    count = serializers.IntegerField()
    source = serializers.CharField(help_text="Who published them; several are separated by commas.")  # type: ignore[assignment]


class RatePointSerializer(serializers.Serializer[Any]):
    """The rate of a day."""

    date = serializers.DateField()
    rate = ShownNumberField()


class EnteredRatesSerializer(serializers.Serializer[Any]):
    """Rates that a superuser enters by hand. Without ``rates`` the providers are asked for those of ``date``."""

    date = serializers.DateField(
        required=False, help_text="Their day; today unless given. Past days are for superusers."
    )
    rates = serializers.DictField(
        child=RateField(), required=False, allow_empty=False, help_text="Units of each currency for one of the base."
    )

    def to_internal_value(self, data: Any) -> Any:
        """Read the body; a misspelt ``rates`` must not pass for none.

        Raises:
            ValidationError: it has a field that there is none of.
        """
        if isinstance(data, QueryDict):
            data = data.dict()  # a form can say the date only
        if isinstance(data, Mapping) and (unknown := sorted(set(data) - set(self.fields))):
            message = "There is no such field; there are date and rates."
            raise serializers.ValidationError({name: [message] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)

    def validate_rates(self, rates: dict[str, Any]) -> dict[str, Any]:
        """Take codes in any case.

        Raises:
            ValidationError: a code comes twice, in different cases.
        """
        twice = [code for code, times in Counter(code.upper() for code in rates).items() if times > 1]
        if twice:
            message = "This currency comes twice, in different cases."
            raise serializers.ValidationError({code: [message] for code in twice}, code="duplicate")
        return {code.upper(): rate for code, rate in rates.items()}


class SyncQuery(QuerySerializer):
    """What to ask the providers for."""

    base_currency = CodeField(default="USD", help_text="Rates for one unit of this currency.")
    sync_date = serializers.DateField(
        required=False, help_text="The day; today unless given. Past days are for superusers."
    )


class SyncResultSerializer(serializers.Serializer[Any]):
    """What became of a sync."""

    base_currency = serializers.CharField()
    synced_count = serializers.IntegerField(help_text="Rates that are stored now as the source gives them.")
    failed_count = serializers.IntegerField(help_text="Rates that could not be stored.")
    date = serializers.DateField(help_text="The day that the source gives for the rates.")
    message = serializers.CharField()


class ConvertQuery(QuerySerializer):
    """What to convert."""

    amount = DecimalField(max_digits=30, decimal_places=12, default=Decimal(1))
    date = serializers.DateField(required=False, help_text="The day whose rate counts; today unless given.")

    def get_fields(self) -> dict[str, Any]:
        """Add ``from``, which Python does not allow as an attribute, and ``to``."""
        codes = {
            "from": CodeField(help_text="The currency of the amount."),
            "to": CodeField(help_text="The currency to convert into."),
        }
        return {**codes, **super().get_fields()}


class LegSerializer(serializers.Serializer[Any]):
    """One step of a conversion."""

    base = serializers.CharField()
    quote = serializers.CharField()
    rate = ShownNumberField()
    date = serializers.DateField(source="on")
    source = serializers.CharField()  # type: ignore[assignment]
    derivation = serializers.ChoiceField(DERIVATIONS)


class ConversionSerializer(serializers.Serializer[Any]):
    """An amount in another currency, and how it came about."""

    amount = ShownNumberField()
    base_currency = serializers.CharField(source="base")
    target_currency = serializers.CharField(source="quote")
    converted_amount = ShownNumberField(help_text="Rounded half to even to the target's minor unit.")
    rate = ShownNumberField(help_text="Units of the target for one of the base: as published, or derived to 15 digits.")
    requested_date = serializers.DateField(source="on")
    date = serializers.DateField(source="rate_on", help_text="The day of the oldest rate used.")
    derivation = serializers.ChoiceField(DERIVATIONS)
    via = serializers.CharField(allow_null=True, help_text="The currency that a cross rate goes through.")
    legs = LegSerializer(many=True)
    detail = serializers.CharField(help_text="The same in a sentence.")
