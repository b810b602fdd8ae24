"""What the admin's lists of securities and their parts share."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from finances import money
from finances.admin import SafeFormMixin
from finances.changelists import (
    MAX_COUNT,
    MAX_KEYS,
    BoundedChangeList,
    LongListMixin,
    RelatedFilter,
    SinceFilter,
    UntilFilter,
)
from securities.models import STATES, Security


class SymbolFilter(RelatedFilter):
    """By the security."""

    title, parameter_name, field_name = "security", "symbol", "security"

    def named(self, text: str) -> QuerySet[Any]:
        """Return the security of this symbol."""
        return Security.objects.filter(symbol=text.upper())


class StateFilter(admin.SimpleListFilter):
    """By how its prices are."""

    title, parameter_name = "state", "state"

    def lookups(self, _request: Any, _model_admin: Any) -> list[tuple[str, str]]:
        """Return what there is to ask for."""
        return list(STATES.items())

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the securities in one state."""
        securities: Any = queryset
        return securities.in_state(self.value(), now=timezone.now()) if self.value() else queryset


class PartChangeList(BoundedChangeList):
    """A list of parts of securities that finds first which securities have such parts, where none was named.

    By a look at each security's place in the unique index, which is as quick among millions of parts as among a few.
    """

    def get_queryset(self, request: HttpRequest, *args: Any, **options: Any) -> QuerySet[Any]:
        """Return the rows that were asked for."""
        rows: QuerySet[Any] = super().get_queryset(request, *args, **options)
        parts: Any = self.model_admin
        if {"symbol", "q"} & set(request.GET) or not parts.kinds or not set(self.params) - {"p"}:
            return rows
        kinds = {f"{parts.index[0].lstrip('-')}__in": parts.kinds}
        # Not by EXISTS: PostgreSQL would make a join of it, which reads all rows for those of a day.
        one = rows.order_by().filter(security_id=OuterRef("pk"), **kinds).values("security_id")[:1]
        having: Any = Security.objects.alias(has=Subquery(one)).filter(has__isnull=False).order_by("-pk")
        keys = list(having.values_list("pk", flat=True)[:MAX_COUNT])
        return rows.filter(security_id__in=keys, **kinds)  # no more rows than those are counted


class PartOfSecurityAdmin(LongListMixin, SafeFormMixin, admin.ModelAdmin):
    """Parts of securities, of which there are millions: sorted by the index that they are stored under."""

    autocomplete_fields: ClassVar[Any] = ("security",)
    list_select_related = ("security",)
    list_filter: ClassVar[Any] = (SymbolFilter, SinceFilter, UntilFilter)
    search_fields = ("security__symbol", "security__name")
    search_help_text = "The beginning of a symbol, or a part of a security's name."
    sortable_by = ()
    day_field: ClassVar[str] = "timestamp"
    index: ClassVar[tuple[str, ...]] = ()  # of the model's unique constraint, without the security
    kinds: ClassVar[tuple[str, ...]] = ()  # that the first column of it knows, where these are few

    def get_changelist(self, request: Any, **_options: Any) -> type[BoundedChangeList]:  # noqa: ARG002
        """Return the class of the list."""
        return PartChangeList

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Show the newest stored first; of what was looked for, by security, each one's newest first."""
        if set(request.GET) - {"p"}:
            return ("-security_id", *self.index)
        return ("-id",)

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> Any:
        """Find the securities first."""
        if not search_term.strip():
            return super().get_search_results(request, queryset, "")
        found = Security.objects.matching(search_term.strip()).order_by().values_list("pk", flat=True)[:MAX_KEYS]
        return queryset.filter(security_id__in=list(found)), False


class CurrencyColumn:
    """Shows a row's currency by its code, without a query for it."""

    @admin.display(description="currency", ordering="currency")
    def currency_code(self, row: Any) -> str | None:
        """Return the code."""
        code: str | None = row.currency_id
        return code


def digits(value: Any) -> str | None:
    """Return a decimal without the zeros of its column."""
    return None if value is None else money.plain(value)
