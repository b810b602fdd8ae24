"""The views that all resources share: partial writes under a lock, conditional requests, ownership."""

from http import HTTPStatus
from typing import Any

from django.db import models, transaction
from django.utils.cache import set_response_etag
from rest_framework import viewsets
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from finances import quotas
from finances.api import conditional
from finances.api.idempotency import IdempotentMixin
from finances.models import OwnedQuerySet, require_unused


class TaggedMixin:
    """Answer single rows with their ``ETag``, so that the next write can say which state it means."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Tag the answer of a successful write once it is rendered; reads are tagged by Django's middleware."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        answers_with_row = getattr(self, "action", "update") in {"create", "update", "partial_update"}
        if answers_with_row and request.method in {"POST", "PUT", "PATCH"} and response.status_code in {200, 201}:
            if getattr(response, "is_rendered", True):
                set_response_etag(response)  # an earlier answer, sent again
            else:
                response.add_post_render_callback(set_response_etag)
        return response


class GenericViewSet(IdempotentMixin, viewsets.GenericViewSet[Any]):
    """A viewset without actions of its own."""


class BaseViewSet(TaggedMixin, IdempotentMixin, viewsets.ModelViewSet[Any]):
    """List, create, read, change and delete rows of one table.

    ``PUT`` and ``PATCH`` both change only what is sent. Writes lock the row, honour ``If-Match`` and are all or
    nothing.
    """

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Store a new row and tell where it is."""
        response: Response = self.once(lambda: self.store(self.validated(request)))
        return response

    def validated(self, request: Request) -> Any:
        """Return the serializer of a new row, its input checked."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer

    def store(self, serializer: Any) -> Response:
        """Store a new row and answer with it."""
        self.perform_create(serializer)
        location = self.request.build_absolute_uri(f"{self.request.path.rstrip('/')}/{self.created.pk}")
        return Response(serializer.data, status=HTTPStatus.CREATED, headers={"Location": location})

    def perform_create(self, serializer: Any) -> None:
        """Save the new row and remember it for the ``Location`` header."""
        self.created: models.Model = serializer.save()

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the row: only the fields that are sent."""
        kwargs["partial"] = True
        with transaction.atomic():
            return super().update(request, *args, **kwargs)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the row: only the fields that are sent."""
        return self.update(request, *args, **kwargs)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the rows. They come a page at a time."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one row."""
        return super().retrieve(request, *args, **kwargs)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete the row."""
        with transaction.atomic():
            return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Any) -> None:
        """Delete, unless something that must not lose it points at it."""
        require_unused(instance)
        instance.delete()

    def get_object(self) -> Any:
        """Return the row that the address names; for a write, locked and in the state that ``If-Match`` expects."""
        row = super().get_object()
        if self.request.method in {"PUT", "PATCH", "DELETE"}:
            conditional.require_match(self.request, lambda: self.representation(row))
        return row

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter lists as usual, and lock what is about to be written."""
        if self.action == "list":
            return super().filter_queryset(queryset)
        if self.request.method in {"PUT", "PATCH", "DELETE"}:
            queryset = queryset.select_for_update(of=("self",))
        return queryset

    def representation(self, row: Any) -> bytes:
        """Return the bytes that a read of ``row`` would answer."""
        renderer = self.get_renderers()[0]
        content: Any = renderer.render(self.get_serializer(row).data)
        return bytes(content)


class OwnedViewSet(BaseViewSet):
    """The same over private rows: everybody sees, changes and deletes only their own; others' do not exist.

    ``quota`` names which of ``settings.QUOTAS`` bounds how many of them one may have.
    """

    quota: str | None = None

    def get_queryset(self) -> Any:
        """Return the asking user's rows."""
        queryset = super().get_queryset()
        if not isinstance(queryset, OwnedQuerySet):
            raise TypeError(f"{type(self).__name__} needs a queryset with for_user()")
        return queryset.for_user(self.request.user)

    def store(self, serializer: Any) -> Response:
        """Store a new row where there is room for one more."""
        if self.quota is not None:
            owner: Any = self.request.user
            quotas.require_room(serializer.Meta.model.objects.for_user(owner), quota=self.quota, within=owner)
        return super().store(serializer)

    def perform_create(self, serializer: Any) -> None:
        """Save the new row as the asking user's, and read it again with all that its representation needs."""
        saved = serializer.save(**self.given())
        self.created = serializer.instance = self.get_queryset().get(pk=saved.pk)

    def given(self) -> dict[str, Any]:
        """Return what a new row gets from the request rather than from its input."""
        return {"user": self.request.user}


class NestedViewSet(OwnedViewSet):
    """Private rows that are part of another private row, the parent, whose id the address may name.

    A stranger's parent does not exist, and neither does a row under another parent than its own.
    """

    parents: OwnedQuerySet
    parent_name: str
    parent: Any = None

    @property
    def is_nested(self) -> bool:
        """Whether the address names the parent."""
        return f"{self.parent_name}_id" in self.kwargs

    def find_parent(self, parents: Any) -> None:
        """Take the parent that the address names from ``parents``.

        Raises:
            Http404: the asking user has none with this id.
        """
        if self.is_nested:
            owned = parents.for_user(self.request.user)
            self.parent = get_object_or_404(owned, pk=self.kwargs[f"{self.parent_name}_id"])

    def get_queryset(self) -> Any:
        """Return the asking user's rows, those of the parent if there is one."""
        rows = super().get_queryset()
        within = {name: value for name, value in self.kwargs.items() if name == f"{self.parent_name}_id"}
        return rows.filter(**within)

    def get_serializer_context(self) -> dict[str, Any]:
        """Tell the serializer of the parent."""
        given = {self.parent_name: self.parent} if self.parent is not None else {}
        return {**super().get_serializer_context(), "given": given}

    def given(self) -> dict[str, Any]:
        """Add the parent."""
        return {**super().given(), **self.get_serializer_context()["given"]}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the rows. Below the address of a parent, only those of the parent."""
        self.find_parent(self.parents)
        return super().list(request, *args, **kwargs)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Store a new row; whoever else writes to the parent waits."""
        response: Response = self.once(lambda: self.store(self.validated_within(request)))
        return response

    def validated_within(self, request: Request) -> Any:
        """Lock the parent, and return the serializer of a new row, its input checked."""
        self.find_parent(self.parents.select_for_update(of=("self",)))
        return self.validated(request)
