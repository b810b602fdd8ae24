"""Pages of bare arrays: the total and the neighbours travel in headers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from finances.api.fields import IntegerField
from finances.api.serializers import QuerySerializer, aliases_of, validated

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_POINTS = 10_000  # of a series
MAX_OFFSET = 2**31 - 1


class PageQuery(QuerySerializer):
    """Which page: ``limit`` rows after the first ``offset``; ``skip`` is the older client's word for it."""

    limit = IntegerField(min_value=1, max_value=MAX_LIMIT, required=False, help_text="Rows at most.")
    offset = IntegerField(min_value=0, max_value=MAX_OFFSET, default=0, help_text="Rows to leave out first.")

    class Meta:
        aliases = {"skip": "offset"}


class SeriesPageQuery(PageQuery):
    """The same for points of a series, of which a page holds more."""

    limit = IntegerField(min_value=1, max_value=MAX_POINTS, required=False, help_text="Points at most.")


class HeaderPagination(BasePagination):
    """Answer a bare array with ``X-Total-Count`` and RFC 8288 ``Link`` headers (first, prev, next, last)."""

    query_class: type[PageQuery] = PageQuery
    default_limit = DEFAULT_LIMIT
    max_limit = MAX_LIMIT

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:  # noqa: ARG002
        """Return the rows of the page that the query asks for.

        Raises:
            ValidationError: ``limit`` or ``offset`` is not a number in its range.
        """
        query = validated(self.query_class, request)
        limit, offset = query.get("limit", self.default_limit), query["offset"]
        rows = list(queryset[offset : offset + limit + 1])
        return self.page_of(rows, request, limit=limit, offset=offset, count_all=queryset.count)

    def page_of(
        self, rows: list[Any], request: Request, *, limit: int, offset: int, count_all: Callable[[], int]
    ) -> list[Any]:
        """Return the page of which ``rows`` were read, and one row of the next if there is a next.

        The page that ends with the last row tells how many there are; nobody need count them.
        """
        is_last = len(rows) <= limit and (rows or not offset)
        self.describe(request, count=offset + len(rows) if is_last else count_all(), limit=limit, offset=offset)
        return rows[:limit]

    def describe(self, request: Request, *, count: int, limit: int, offset: int) -> None:
        """Keep how many rows there are, and the headers that say so."""
        self.count, self.headers = count, page_headers(request, count=count, limit=limit, offset=offset)

    def get_paginated_response(self, data: Any) -> Response:
        """Answer ``data`` with the headers of its page."""
        return Response(data, headers=self.headers)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        """Describe ``limit``, ``offset`` and its deprecated alias for the OpenAPI document."""
        limit = {"type": "integer", "minimum": 1, "maximum": self.max_limit, "default": self.default_limit}
        offset = {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}
        fields = self.query_class().fields
        return [
            {"name": "limit", "in": "query", "description": fields["limit"].help_text, "schema": limit},
            {"name": "offset", "in": "query", "description": fields["offset"].help_text, "schema": offset},
            {"name": "skip", "in": "query", "description": "Alias of offset.", "deprecated": True, "schema": offset},
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page: the bare array itself."""
        return schema


class SeriesPagination(HeaderPagination):
    """The same for a series: all of it unless asked for less, up to 10 000 points."""

    query_class = SeriesPageQuery
    default_limit = max_limit = MAX_POINTS


def page_headers(request: Request, *, count: int, limit: int, offset: int) -> dict[str, str]:
    """Return the total and the links to the pages around the one that begins at ``offset``."""
    pages = [("first", 0)]
    if offset > 0:
        pages.append(("prev", max(offset - limit, 0)))
    if offset + limit < count:
        pages.append(("next", offset + limit))
    pages.append(("last", max(count - 1, 0) // limit * limit))
    base = base_address(request, limit=limit)
    links = [f'<{base}offset={start}>; rel="{rel}"' for rel, start in pages]
    return {"X-Total-Count": str(count), "Link": ", ".join(links)}


def base_address(request: Request, *, limit: int) -> str:
    """Return the address of every page up to its offset, with the rest of the query kept."""
    left_out = {"offset", "limit", *aliases_of(PageQuery)}
    kept = [(name, value) for name, values in request.query_params.lists() if name not in left_out for value in values]
    return f"{request.build_absolute_uri(request.path)}?{urlencode([*kept, ('limit', limit)])}&"
