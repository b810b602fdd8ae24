"""What the list of people can be filtered by."""

from typing import Any

import django_filters

from finances.api.filters import SearchFilter, TruthFilter
from users.models import User, UserQuerySet


class UserFilter(django_filters.FilterSet):
    """By a part of a name, and by whether they may sign in."""

    search = SearchFilter(method="filter_search", label="A part of the email or the username.")
    is_active = TruthFilter()

    class Meta:
        model = User
        fields = ("is_active",)

    def filter_search(self, people: UserQuerySet, _name: str, text: Any) -> UserQuerySet:
        """Keep people who are called like ``text``."""
        return people.matching(text)
