"""Lists of the admin over tables of millions of rows: bounded counts, and filters that lead to an index."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.safestring import SafeString

from finances.choices import ChoiceField
from finances.local_days import UTC_ZONE, end_of, start_of
from finances.typed_text import MAX_SEARCH_LENGTH

MAX_COUNT = 10_000
MAX_KEYS = 500  # of what a part of a name may mean


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages that never count more than ``MAX_COUNT`` rows; counting a million costs more than showing fifty."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most ``MAX_COUNT``."""
        rows: Any = self.object_list
        found: int = rows.order_by()[:MAX_COUNT].count()
        return found


class BoundedSearchForm(ChangeListSearchForm):
    """What is looked for; one that is longer than any name is passed over, and the page says so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Limit the text."""
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(required=False, strip=False, max_length=MAX_SEARCH_LENGTH)


class BoundedChangeList(ChangeList):
    """A list of which no more is read than a page shows, whatever was written since its rows were counted."""

    search_form_class = BoundedSearchForm

    def get_results(self, request: Any) -> None:
        """Read a page. Only a list of less than all leads to all of them."""
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count
        most = self.list_max_show_all if self.show_all else self.list_per_page
        self.result_list = self.result_list[:most]

    @property
    def counted(self) -> str:
        """Say how many rows there are; of more than are counted, which of them the list shows and how to see others."""
        if self.result_count < MAX_COUNT:
            names = self.opts.verbose_name if self.result_count == 1 else self.opts.verbose_name_plural
            return f"{self.result_count:,} {names}"
        shown: Any = self.model_admin
        by_day = any(isinstance(spec, DayFilter) for spec in self.filter_specs)
        if by_day and self.first_order in {f"-{shown.day_field}", "-id", "-history_id"}:
            return f"the newest {MAX_COUNT:,}; filter by day for older ones"
        return f"the first {MAX_COUNT:,}; search or filter for others"

    @property
    def first_order(self) -> str:
        """Return by what the rows are sorted first."""
        return str(next(iter(self.queryset.query.order_by), ""))


class LongListMixin:
    """A table that may grow without end: never counted whole, not by its facets either, nor changed whole."""

    list_per_page: ClassVar[int] = 50
    paginator: ClassVar[Any] = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    @property
    def media(self) -> Any:
        """Bring what filters by name need."""
        field = forms.Media(
            css={"screen": ["admin/css/vendor/select2/select2.min.css", "admin/css/autocomplete.css"]},
            js=[
                "admin/js/vendor/jquery/jquery.min.js",
                "admin/js/vendor/select2/select2.full.min.js",
                "admin/js/jquery.init.js",
                "admin/js/autocomplete.js",
            ],
        )
        return super().media + field  # type: ignore[misc]

    def get_changelist(self, request: Any, **_options: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the class of the list."""
        return BoundedChangeList

    def get_search_results(self, request: Any, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find what a text names, also while it is typed; one that is longer than any name names nothing."""
        if len(search_term) > MAX_SEARCH_LENGTH:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)  # type: ignore[misc]

    def response_action(self, request: Any, queryset: QuerySet[Any], *args: Any, **options: Any) -> Any:
        """Run an action, but on no more rows than were counted, and on none that cannot be."""
        chosen_all = request.POST.get("select_across", "0") not in {"", "0"}
        if chosen_all and queryset.order_by()[: MAX_COUNT + 1].count() > MAX_COUNT:
            message = f"These are more than {MAX_COUNT:,} rows. Filter them first, or choose those of one page."
            self.message_user(request, message, messages.ERROR)  # type: ignore[attr-defined]
            return None
        if not all(can_be(queryset.model._meta.pk, each) for each in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            message = "What was chosen is no row of this list. Nothing was done."
            self.message_user(request, message, messages.ERROR)  # type: ignore[attr-defined]
            return None
        return super().response_action(request, queryset, *args, **options)  # type: ignore[misc]


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


class DayFilter(TextFilter):
    """By one end of a range of days, UTC's where the column holds instants; the admin names the ``day_field``."""

    input_type = "date"

    def __init__(self, request: Any, params: Any, model: type[models.Model], model_admin: Any) -> None:
        """Look at the field."""
        super().__init__(request, params, model, model_admin)
        self.day_field = model_admin.day_field
        self.holds_instants = isinstance(model._meta.get_field(self.day_field), models.DateTimeField)

    def queryset(self, _request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows on one side of the day; what is no day keeps none."""
        if not self.value():
            return queryset
        try:
            day = date.fromisoformat(str(self.value()))
        except ValueError:
            return queryset.none()
        return queryset.filter(**self.condition(day))

    def condition(self, day: date) -> dict[str, Any]:
        """Return which rows to keep."""
        raise NotImplementedError


class SinceFilter(DayFilter):
    """From a day on."""

    title, parameter_name = "first day", "since"

    def condition(self, day: date) -> dict[str, Any]:
        """Return which rows to keep."""
        return {f"{self.day_field}__gte": start_of(day, UTC_ZONE) if self.holds_instants else day}


class UntilFilter(DayFilter):
    """Up to a day."""

    title, parameter_name = "last day", "until"

    def condition(self, day: date) -> dict[str, Any]:
        """Return which rows to keep."""
        if self.holds_instants:
            return {f"{self.day_field}__lt": end_of(day, UTC_ZONE)}
        return {f"{self.day_field}__lt": day + timedelta(days=1)} if day < date.max else {}


class RelatedFilter(TextFilter):
    """By what a foreign key points at: chosen by a part of its name, or named in the address by key or name.

    What was named is found first, so that the rows come straight out of the index of their foreign key.
    """

    template = "admin/related_filter.html"
    field_name: str

    def __init__(self, request: Any, params: Any, model: type[models.Model], model_admin: Any) -> None:
        """Look at the foreign key."""
        super().__init__(request, params, model, model_admin)
        self.field: Any = model._meta.get_field(self.field_name)
        self.site = model_admin.admin_site

    def named(self, text: str) -> QuerySet[Any]:
        """Return what may be meant by ``text``, which is no key."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """Return what names it; PostgreSQL does not even take every text to look for."""
        return str(self.value()).strip().replace("\0", "")

    @cached_property
    def keys(self) -> Sequence[Any]:
        """Return the keys of what is meant; none when there is no such thing."""
        model, text = self.field.related_model, self.text
        if len(text) > MAX_SEARCH_LENGTH:
            return []
        found: Any = QuerySet[Any](model).filter(pk=text) if is_key(model, text) else self.named(text)
        return list(found.order_by().values_list("pk", flat=True)[:MAX_KEYS])

    def queryset(self, _request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that point at it."""
        if not self.value():
            return queryset
        if not self.keys:
            return queryset.none()
        if len(self.keys) == 1:
            return queryset.filter(**{f"{self.field_name}_id": self.keys[0]})
        return queryset.filter(**{f"{self.field_name}_id__in": self.keys})

    def control(self) -> SafeString:
        """Return the control that asks for it."""
        widget = AutocompleteSelect(self.field, self.site, attrs={"aria-label": self.title})
        asked = ChoiceField(QuerySet[Any](self.field.related_model), widget=widget, required=False)
        chosen = self.keys[0] if self.value() and len(self.keys) == 1 else None
        written: SafeString = asked.widget.render(str(self.parameter_name), chosen)
        return written


def is_key(model: Any, text: str) -> bool:
    """Tell whether ``text`` can be a primary key of ``model``."""
    if not isinstance(model._meta.pk, models.UUIDField):
        return text.isdecimal() and isinstance(model._meta.pk, models.IntegerField)
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def can_be(key: Any, text: str) -> bool:
    """Tell whether ``text`` can be a value of the field ``key``."""
    try:
        key.run_validators(key.to_python(text))
    except ValidationError:
        return False
    return "\0" not in text
