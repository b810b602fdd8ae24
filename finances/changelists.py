"""Lists of the admin over tables of millions of rows."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.utils.functional import cached_property

MAX_COUNT = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages that never count more than ``MAX_COUNT`` rows; counting a million costs more than showing fifty."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most ``MAX_COUNT``."""
        rows: Any = self.object_list
        found: int = rows.order_by()[:MAX_COUNT].count()
        return found


class TextFilter(admin.SimpleListFilter):
    """A filter that is typed, for columns with more values than a list can show. Subclasses say what it means."""

    template = "admin/text_filter.html"
    input_type = "text"

    def lookups(self, _request: Any, _model_admin: Any) -> list[tuple[str, str]]:
        """Return something, or Django leaves the filter out."""
        return [("", "")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield what the form needs: the other filters, to be kept, and the address without this one."""
        others = changelist.get_filters_params()
        yield {
            "others": [
                (name, each) for name, values in others.items() if name != self.parameter_name for each in values
            ],
            "clear": changelist.get_query_string(remove=[str(self.parameter_name)]),
        }
