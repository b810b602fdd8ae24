"""What the admin's lists of private rows share."""

from django.db.models import QuerySet

from finances.changelists import RelatedFilter
from users.models import User


class OwnerFilter(RelatedFilter):
    """By whom it belongs to."""

    title, parameter_name, field_name = "owner", "owner", "user"

    def named(self, text: str) -> QuerySet[User]:
        """Return the people with this address or name, or a part of it."""
        people: QuerySet[User] = User.objects.matching(text)
        return people
