"""The views that all resources share: partial writes under a lock, conditional requests, ownership."""

from typing import Any

from django.db import models, transaction
from django.utils.cache import set_response_etag
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from finances.api import conditional
from finances.models import OwnedQuerySet


class TaggedMixin:
    """Answer single rows with their ``ETag``, so that the next write can say which state it means."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Tag the answer of a successful write once it is rendered; reads are tagged by Django's middleware."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        if request.method in {"POST", "PUT", "PATCH"} and response.status_code in {200, 201}:
            response.add_post_render_callback(set_response_etag)
        return response


class BaseViewSet(TaggedMixin, ModelViewSet[Any]):
    """List, create, read, change and delete rows of one table.

    ``PUT`` and ``PATCH`` both change only what is sent. Writes lock the row, honour ``If-Match`` and are all or
    nothing.
    """

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Store a new row and tell where it is."""
        with transaction.atomic():
            response = super().create(request, *args, **kwargs)
        response["Location"] = request.build_absolute_uri(f"{request.path.rstrip('/')}/{self.created.pk}")
        return response

    def perform_create(self, serializer: Any) -> None:
        """Save the new row and remember it for the ``Location`` header."""
        self.created: models.Model = serializer.save()

    def get_success_headers(self, data: Any) -> dict[str, str]:  # noqa: ARG002
        """Add none: DRF would take a field named ``url`` for the row's own address."""
        return {}

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the fields that are sent."""
        kwargs["partial"] = True
        with transaction.atomic():
            return super().update(request, *args, **kwargs)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete the row."""
        with transaction.atomic():
            return super().destroy(request, *args, **kwargs)

    def get_object(self) -> Any:
        """Return the row that the address names; for a write, locked and in the state that ``If-Match`` expects."""
        row = super().get_object()
        if self.request.method in {"PUT", "PATCH", "DELETE"}:
            conditional.require_match(self.request, lambda: self.representation(row))
        return row

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter as usual, and lock what is about to be written."""
        queryset = super().filter_queryset(queryset)
        if self.request.method in {"PUT", "PATCH", "DELETE"}:
            queryset = queryset.select_for_update(of=("self",))
        return queryset

    def representation(self, row: Any) -> bytes:
        """Return the bytes that a read of ``row`` would answer."""
        renderer = self.get_renderers()[0]
        content: Any = renderer.render(self.get_serializer(row).data)
        return bytes(content)


class OwnedViewSet(BaseViewSet):
    """The same over private rows: everybody sees, changes and deletes only their own; others' do not exist."""

    def get_queryset(self) -> Any:
        """Return the asking user's rows."""
        queryset = super().get_queryset()
        if not isinstance(queryset, OwnedQuerySet):
            raise TypeError(f"{type(self).__name__} needs a queryset with for_user()")
        return queryset.for_user(self.request.user)

    def perform_create(self, serializer: Any) -> None:
        """Save the new row as the asking user's."""
        self.created = serializer.save(user=self.request.user)


__all__ = ["BaseViewSet", "GenericViewSet", "OwnedViewSet", "TaggedMixin"]
