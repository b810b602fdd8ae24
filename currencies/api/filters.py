"""What the list of currencies can be filtered by."""

from typing import Any

import django_filters

from currencies.models import Currency, CurrencyQuerySet
from finances.api.filters import SearchFilter, TruthFilter


class CurrencyFilter(django_filters.FilterSet):
    """By use, and by a part of the code or the name."""

    active_only = TruthFilter(method="keep_active", label="Leave out currencies no longer in use.")
    search = SearchFilter(method="keep_matching", label="A part of the code or the name.")

    class Meta:
        model = Currency
        fields: tuple[str, ...] = ()

    def keep_active(self, queryset: CurrencyQuerySet, _name: str, value: Any) -> CurrencyQuerySet:
        """Keep what is in use when asked to."""
        return queryset.active() if value else queryset

    def keep_matching(self, queryset: CurrencyQuerySet, _name: str, value: str) -> CurrencyQuerySet:
        """Keep what matches."""
        return queryset.matching(value)
