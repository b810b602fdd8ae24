"""What the admin's lists of private rows share."""

from django.db.models import QuerySet
from import_export.fields import Field

from finances.changelists import RelatedFilter
from finances.tables.widgets import RelatedWidget
from users.models import User


class OwnerFilter(RelatedFilter):
    """By whom it belongs to."""

    title, parameter_name, field_name = "owner", "owner", "user"

    def named(self, text: str) -> QuerySet[User]:
        """Return the people with this address or name, or a part of it."""
        people: QuerySet[User] = User.objects.matching(text)
        return people


def owner_column() -> Field:
    """Return a table's column that names the owner of a row by their address."""
    widget = RelatedWidget(lambda email, _row: User.objects.filter(email=email.lower()).first(), name="email")
    return Field("user", "owner", widget=widget)
