"""Pages of bare arrays: the total and the neighbours travel in headers."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from finances.api.serializers import QuerySerializer, validated

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_OFFSET = 2**31 - 1


class PageQuery(QuerySerializer):
    """Which page: ``limit`` rows after the first ``offset``; ``skip`` is the older client's word for it."""

    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="How many rows at most."
    )
    offset = serializers.IntegerField(
        min_value=0, max_value=MAX_OFFSET, default=0, help_text="How many rows to leave out before the first."
    )

    class Meta:
        aliases = {"skip": "offset"}


class HeaderPagination(BasePagination):
    """Answer a bare array with ``X-Total-Count`` and RFC 8288 ``Link`` headers (first, prev, next, last)."""

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:  # noqa: ARG002
        """Return the rows of the page that the query asks for.

        Raises:
            ValidationError: ``limit`` or ``offset`` is not a number in its range.
        """
        query = validated(PageQuery, request)
        self.request, self.limit, self.offset = request, query["limit"], query["offset"]
        self.count = queryset.count()
        return list(queryset[self.offset : self.offset + self.limit]) if self.offset < self.count else []

    def get_paginated_response(self, data: Any) -> Response:
        """Answer ``data`` with the headers of its page."""
        links = ", ".join(f'<{self.address(offset)}>; rel="{rel}"' for rel, offset in self.neighbours())
        return Response(data, headers={"X-Total-Count": str(self.count), "Link": links})

    def neighbours(self) -> list[tuple[str, int]]:
        """Return the relation and the offset of each page that there is around this one."""
        last = max(self.count - 1, 0) // self.limit * self.limit
        pages = [("first", 0)]
        if self.offset > 0:
            pages.append(("prev", max(self.offset - self.limit, 0)))
        if self.offset + self.limit < self.count:
            pages.append(("next", self.offset + self.limit))
        return [*pages, ("last", last)]

    def address(self, offset: int) -> str:
        """Return the address of the page that begins at ``offset``, with the rest of the query kept."""
        url = replace_query_param(self.request.build_absolute_uri(), "limit", str(self.limit))
        return replace_query_param(url, "offset", str(offset))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        """Describe ``limit``, ``offset`` and its deprecated alias for the OpenAPI document."""
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        offset = {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}
        fields = PageQuery().fields
        return [
            {"name": "limit", "in": "query", "description": fields["limit"].help_text, "schema": limit},
            {"name": "offset", "in": "query", "description": fields["offset"].help_text, "schema": offset},
            {"name": "skip", "in": "query", "description": "Alias of offset.", "deprecated": True, "schema": offset},
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page: the bare array itself."""
        return schema
