"""Currencies, rates and conversions as JSON."""

from typing import Any

from rest_framework import serializers

from currencies.models import CODE_PATTERN, Currency
from finances.api.serializers import BaseModelSerializer


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
