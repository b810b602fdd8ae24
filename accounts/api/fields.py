"""Fields of accounts, values and holdings that take more than one form on input."""

import re
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from currencies.models import CODE_PATTERN, Currency
from finances.local_days import day_of, named_day, noon_of


class CurrencyCodeField(serializers.PrimaryKeyRelatedField[Any]):
    """The code of a currency that is known here, in any case."""

    default_error_messages = {"does_not_exist": "There is no currency {pk_value}."}

    def __init__(self, **kwargs: Any) -> None:
        """Look among all currencies."""
        if not kwargs.get("read_only"):
            kwargs.setdefault("queryset", Currency.objects.all())
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the currency."""
        if not isinstance(data, str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        code = data.strip().upper()
        if not re.fullmatch(CODE_PATTERN, code):  # PostgreSQL does not even take every text to look for
            self.fail("does_not_exist", pk_value=code[:20])
        return super().to_internal_value(code)


class InstantField(serializers.DateTimeField):
    """An instant, in UTC unless it says otherwise; a day means its noon where the asking user is."""

    default_error_messages = {
        "invalid": "This is no instant of the form YYYY-MM-DDThh:mm, in UTC unless it ends in an offset, and no day of "
        "the form YYYY-MM-DD.",
    }

    def __init__(self, *, help_text: str = "", **kwargs: Any) -> None:
        """Fix the time zone of what has none, and say it."""
        told = "A time without an offset is UTC."
        super().__init__(default_timezone=UTC, help_text=f"{help_text} {told}".strip(), **kwargs)

    def to_internal_value(self, data: Any) -> datetime:
        """Return the instant."""
        day = named_day(data) if isinstance(data, str) else None
        return super().to_internal_value(data) if day is None else noon_of(day, self.context["request"].user.zone)


@extend_schema_field(OpenApiTypes.DATE)
class DayField(InstantField):
    """The day that an instant is on where the asking user is; on input an instant, or a day for its noon."""

    default_error_messages = {"invalid": "This is no day of the form YYYY-MM-DD."}

    def show(self, serializer: Any, row: Any) -> Any:
        """Return the day."""
        return day_of(getattr(row, str(self.source)), serializer.context["request"].user.zone)


class SecurityNameField(serializers.CharField):
    """A security: on input its id or its symbol, known here or not yet; in the output its id."""

    def __init__(self, **kwargs: Any) -> None:
        """Allow what an id or a symbol may be."""
        super().__init__(max_length=36, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """Return the id."""
        return value
