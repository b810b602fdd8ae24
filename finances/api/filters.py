"""Filters that lists of every resource may have."""

from typing import Any

import django_filters


class StableOrderingFilter(django_filters.OrderingFilter):
    """Orders by what is asked, and rows alike in that by their key, so that no page repeats or loses one."""

    def filter(self, qs: Any, value: Any) -> Any:
        """Order ``qs``."""
        ordered = super().filter(qs, value)
        return ordered.order_by(*ordered.query.order_by, "pk") if value else ordered
