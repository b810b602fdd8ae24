"""Fields of input that more than one app has."""

from typing import Any

from rest_framework import serializers


class PlainDigitsMixin:
    """A number in the digits 0 to 9 alone; Python reads ``1_000`` and digits of other scripts, too."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the number."""
        if isinstance(data, str) and ("_" in data or not data.isascii()):
            self.fail("invalid")  # type: ignore[attr-defined]
        return super().to_internal_value(data)  # type: ignore[misc]


class DecimalField(PlainDigitsMixin, serializers.DecimalField):
    """A decimal, digit by digit."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the number; minus zero is zero, as databases have it."""
        number = super().to_internal_value(data)
        return number or abs(number)


class IntegerField(PlainDigitsMixin, serializers.IntegerField):
    """A whole number."""
