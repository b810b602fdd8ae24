"""The parameters of the endpoints."""

from datetime import date
from typing import Any

from rest_framework import serializers

from accounts.api.fields import CurrencyCodeField
from accounts.models import Account
from finances.api.pagination import MAX_POINTS
from finances.api.serializers import QuerySerializer
from finances.local_days import today_in
from portfolio import days
from portfolio.days import ONE_DAY, Period, Spacing
from portfolio.valuation import Dimension, Name

MAX_NAME_LENGTH = 150
# Of net worth and of each account, taken together: some megabytes, and some seconds.
MAX_NUMBERS = 100_000
SIDES = [Name.ASSETS.value, Name.LIABILITIES.value]


class FigureQuery(QuerySerializer):
    """In which currency."""

    currency = CurrencyCodeField(required=False, help_text="Of all amounts; your base currency unless given.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the user's currency."""
        if "currency" not in attrs:
            attrs["currency"] = self.context["request"].user.base_currency
        return attrs

    def today(self) -> date:
        """Return the day that it is where the user is."""
        return today_in(self.context["request"].user.zone)

    def require_not_ahead(self, name: str, day: date) -> None:
        """Refuse a day after tomorrow: nothing can be recorded of it, and today's prices are not its own.

        Raises:
            ValidationError: it is one; names the parameter.
        """
        today = self.today()
        last = today + min(ONE_DAY, date.max - today)
        if day > last:
            message = f"This day is yet to come; figures are of days until tomorrow, {last}."
            raise serializers.ValidationError({name: message}, code="in_future")


class DayQuery(FigureQuery):
    """Of which day, in which currency."""

    on = serializers.DateField(required=False, help_text="A day of your time zone, until tomorrow; today unless given.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in today, and refuse a day that is yet to come."""
        self.require_not_ahead("on", attrs.setdefault("on", self.today()))
        return super().validate(attrs)


class AllocationQuery(DayQuery):
    """What is divided by what."""

    by = serializers.ChoiceField([by.value for by in Dimension])
    of = serializers.ChoiceField(SIDES, default=Name.ASSETS.value, help_text="What is divided.")


class ExplainQuery(DayQuery):
    """Which figure."""

    figure = serializers.CharField(
        max_length=MAX_NAME_LENGTH,
        default=Name.NET_WORTH.value,
        help_text="The `figure` that comes with every figure: "
        f"{', '.join(Name)}, change:{'|'.join(Period)}, account:ID, or a part such as currency:USD.",
    )


class NetWorthQuery(FigureQuery):
    """Which days, how close to each other."""

    start = serializers.DateField(required=False, help_text="The first day; a year before the last unless given.")
    end = serializers.DateField(required=False, help_text="The last day, until tomorrow; today unless given.")
    interval = serializers.ChoiceField([spacing.value for spacing in Spacing], default=Spacing.DAY.value)
    by = serializers.ChoiceField(["account"], required=False, help_text="Also the value of each account.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the range, and refuse one that ends before it starts, has too many points, or is yet to come."""
        end = attrs.setdefault("end", max(self.today(), attrs.get("start", date.min)))
        start = attrs.setdefault("start", Period.YEAR.start(end) or date.min)
        if end < start:
            raise serializers.ValidationError({"end": "The range ends before it starts."}, code="invalid_range")
        count = days.count(start=start, end=end, spacing=Spacing(attrs["interval"]))
        if count > MAX_POINTS:
            raise serializers.ValidationError(
                {"interval": f"These are {count} points; at most {MAX_POINTS} are given at once."}, code="too_many"
            )
        if "start" in self.initial_data:  # or it follows from the end, which is at fault
            self.require_not_ahead("start", start)
        self.require_not_ahead("end", end)
        if "by" in attrs:
            self.require_few(count)
        return super().validate(attrs)

    def require_few(self, count: int) -> None:
        """Refuse ``count`` points that each have a number for so many accounts.

        Raises:
            ValidationError: they are too many.
        """
        numbers = count * (1 + Account.objects.for_user(self.context["request"].user).count())
        if numbers > MAX_NUMBERS:
            message = (
                f"These are {numbers} numbers by account; at most {MAX_NUMBERS} are given at once. Ask for fewer days, "
                "or for an interval of a week or a month."
            )
            raise serializers.ValidationError({"interval": message}, code="too_many")
