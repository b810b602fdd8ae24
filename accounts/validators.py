"""Rules about single values of accounts, their values and their holdings."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone

# Noon of today may be yet to come, tomorrow has begun elsewhere, and clocks differ.
MAX_AHEAD = timedelta(days=1)


def require_positive(value: Decimal) -> None:
    """Refuse zero and less.

    Raises:
        ValidationError: it is.
    """
    if value <= 0:
        raise ValidationError("A quantity is greater than zero.", code="min_value")


def require_not_ahead(at: datetime) -> None:
    """Refuse an instant that lies more than `MAX_AHEAD` in the future.

    Raises:
        ValidationError: it does.
    """
    if at > timezone.now() + MAX_AHEAD:
        raise ValidationError("This lies in the future; record it when it has come.", code="in_future")
