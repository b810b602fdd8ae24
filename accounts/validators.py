"""Rules about single values of accounts, their values and their holdings."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone

# Noon of today may be yet to come, tomorrow has begun elsewhere, and clocks differ.
MAX_AHEAD = timedelta(days=1)
# Nobody's records are older; where the calendar ends, a day has no noon in every time zone.
EARLIEST = datetime(1800, 1, 1, tzinfo=UTC)


def require_positive(value: Decimal) -> None:
    """Refuse zero and less.

    Raises:
        ValidationError: it is.
    """
    if value <= 0:
        raise ValidationError("A quantity is greater than zero.", code="min_value")


def require_not_ahead(at: datetime) -> None:
    """Refuse an instant that lies more than `MAX_AHEAD` in the future, or before `EARLIEST`.

    Raises:
        ValidationError: it does.
    """
    if at < EARLIEST:
        raise ValidationError("This lies before the year 1800.", code="too_early")
    if at > timezone.now() + MAX_AHEAD:
        raise ValidationError("This lies in the future; record it when it has come.", code="in_future")
