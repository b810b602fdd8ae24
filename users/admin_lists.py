"""What the admin's lists of private rows share."""

from typing import Any

from django.db.models import QuerySet

from finances.changelists import RelatedFilter
from users.models import User


class OwnerFilter(RelatedFilter):
    """By whom it belongs to."""

    title, parameter_name, field_name = "owner", "owner", "user"

    def named(self, text: str) -> QuerySet[Any]:
        """Return the people with this address or name, or a part of it."""
        return User.objects.matching(text)
