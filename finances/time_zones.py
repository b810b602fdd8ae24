"""Time zones by their names in the IANA database."""

import functools
import zoneinfo
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError


@functools.cache
def names() -> frozenset[str]:
    """Return all names there are; they are many files, read once."""
    return frozenset(zoneinfo.available_timezones())


def require_timezone(name: str) -> None:
    """Refuse a name that the IANA time zone database does not hold.

    Raises:
        ValidationError: there is no such zone.
    """
    if name not in names():
        raise ValidationError("There is no time zone of this name in the IANA database.", code="invalid_timezone")


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of this name; UTC when there is none, as when a zone has lost its name since it was stored."""
    try:
        return ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
