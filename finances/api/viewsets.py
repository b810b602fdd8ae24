"""The views that all resources share: partial writes under a lock, conditional requests, ownership."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import Http404
from rest_framework import viewsets
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from finances import caching, marked, owners, quotas
from finances.api import conditional, representation
from finances.api.idempotency import IdempotentMixin
from finances.api.kept_answers import may_be_kept
from finances.api.rendering import ExactJSONRenderer
from finances.exceptions import ConflictError, QuotaExceededError
from finances.history import RecordedQuerySet
from finances.models import OwnedQuerySet, require_unused
from finances.prepared import OwnedQueries


class TaggedMixin:
    """Answer single rows with their ``ETag``, so that the next write can say which state it means."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Tag the answer with a row once it is rendered; all other reads are tagged by Django's middleware."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        answers_with_row = getattr(self, "action", "update") in {"create", "retrieve", "update", "partial_update"}
        begun_or_written = "ETag" in response or request.method in {"POST", "PUT", "PATCH"}
        if answers_with_row and begun_or_written and response.status_code in {200, 201}:
            if getattr(response, "is_rendered", True):
                conditional.complete_tag(response)  # an earlier answer, sent again
            else:
                response.add_post_render_callback(conditional.complete_tag)
        return response


class GenericViewSet(IdempotentMixin, viewsets.GenericViewSet[Any]):
    """A viewset without actions of its own."""


class BaseViewSet(TaggedMixin, IdempotentMixin, viewsets.ModelViewSet[Any]):
    """List, create, read, change and delete rows of one table.

    ``PUT`` and ``PATCH`` both change only what is sent. Writes lock the row, honour ``If-Match`` and are all or
    nothing.

    ``state_serializer_class`` names the serializer that shows the row's state where not all actions have the same.
    """

    state_serializer_class: type[Any] | None = None

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
        response = Response(serializer.data, status=HTTPStatus.CREATED, headers={"Location": location})
        conditional.tag_row(response, self.state_of(self.created))
        return response

    def perform_create(self, serializer: Any) -> None:
        """Save the new row and remember it for the ``Location`` header."""
        self.created: models.Model = serializer.save()

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Change the row: only the fields that are sent."""
        with transaction.atomic():
            row = self.get_object()
            serializer = self.get_serializer(row, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            self.perform_update(serializer)
            response = Response(serializer.data)
            conditional.tag_row(response, self.state_of(serializer.instance))
            return response

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the row: only the fields that are sent."""
        return self.update(request, *args, **kwargs)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the rows. They come a page at a time."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Return one row."""
        row = self.read()
        response = Response(self.get_serializer(row).data)
        conditional.tag_row(response, self.state_of(row))
        return response

    def read(self) -> Any:
        """Return the row that the address names, to be shown."""
        return self.get_object()

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
            conditional.require_match(self.request, lambda: self.state_of(row))
        return row

    def filter_queryset(self, queryset: Any) -> Any:
        """Filter lists as usual, and lock what is about to be written."""
        if self.action == "list":
            return super().filter_queryset(queryset)
        if self.request.method in {"PUT", "PATCH", "DELETE"}:
            queryset = queryset.select_for_update(of=("self",))
        return queryset

    def state_of(self, row: Any) -> str:
        """Return the mark of the row's own state: of its columns that are shown, not of what else is shown with it.

        When it was saved is none of it: a save that changed nothing takes nothing from anybody.
        """
        kind: Any = self.state_serializer_class or self.get_serializer_class()
        columns = representation.columns_of(kind, type(row))
        return conditional.state_of(row, [name for name in columns if name != "updated_at"])


class OwnedViewSet(BaseViewSet):
    """The same over private rows: everybody sees, changes and deletes only their own; others' do not exist.

    ``quota`` names which of ``settings.QUOTAS`` bounds how many of them one may have. ``prepared`` reads a single row,
    and the first page of a list that is asked for without a query, as `get_queryset` does; it is given the `moments`
    that it needs. ``shown_with`` are the tables that all share and of which rows are shown with these.
    """

    quota: str | None = None
    prepared: OwnedQueries[Any] | None = None
    shown_with: tuple[type[models.Model], ...] = ()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the rows. They come a page at a time."""
        if self.prepared is None or request.query_params:
            return super().list(request, *args, **kwargs)
        if self.is_recorded():
            return self.kept_page(request, self.prepared)
        return self.get_paginated_response(self.get_serializer(self.first_page(request, self.prepared), many=True).data)

    def kept_page(self, request: Request, prepared: OwnedQueries[Any]) -> Response:
        """Answer with the page as it was last written, if nothing that it shows has changed. See docs/adr/0033."""
        paginator: Any = self.paginator
        state = self.state_shown(request.user)  # before anything is read that it tells of

        def write() -> bytes:
            rows = self.first_page(request, prepared)
            is_passing = any(map(self.is_passing, rows))  # before it is shown, or its end may come in between
            items = ExactJSONRenderer().render(self.get_serializer(rows, many=True).data)
            page = b"%d\n%b" % (paginator.count, items)
            return caching.Passing(page) if is_passing else page

        kept = caching.remember_last(f"page:{self.place()}", state=state, compute=write)
        if not isinstance(kept, caching.Passing):
            may_be_kept(self, state=state, state_of=self.state_shown)
        count, _, items = kept.partition(b"\n")
        paginator.describe(request, count=int(count), limit=paginator.default_limit, offset=0)
        return self.get_paginated_response(orjson.Fragment(items))

    @classmethod
    def is_recorded(cls) -> bool:
        """Tell whether changes of the rows are recorded, which `state_shown` tells of."""
        kind: Any = cls
        return isinstance(kind.queryset, RecordedQuerySet)

    def place(self) -> str:
        """Return what names an answer of this view to the asking user, but for when it is given."""
        return f"{self.request.user.pk}:{self.request.path_info}"

    @classmethod
    def state_shown(cls, owner: Any) -> Sequence[Any]:
        """Return all that an answer of this view to ``owner``, to a request without a query, depends on."""
        return [*marked.state_of(owner, shown_with=cls.shown_with), owner.timezone, *cls.moments(owner).values()]

    def is_passing(self, row: Any) -> bool:  # noqa: ARG002
        """Tell whether time alone changes what is shown of ``row``, though nothing in it changes."""
        return False

    def first_page(self, request: Request, prepared: OwnedQueries[Any]) -> Any:
        """Return the rows that a list begins with."""
        paginator: Any = self.paginator
        limit = paginator.default_limit
        rows = list(self.asked(prepared, most=limit + 1, **self.kwargs))
        return paginator.page_of(rows, request, limit=limit, offset=0, count_all=lambda: self.get_queryset().count())

    def read(self) -> Any:
        """Return the row that the address names, to be shown.

        Raises:
            Http404: the asking user has no such row.
        """
        if self.prepared is None or set(self.kwargs) != {"pk"}:
            return super().read()
        state = self.state_shown(self.request.user)
        row = self.one_of(self.prepared, pk=self.kwargs["pk"])
        self.check_object_permissions(self.request, row)
        if self.is_recorded() and not self.is_passing(row):
            may_be_kept(self, state=state, state_of=self.state_shown)
        return row

    def one_of(self, prepared: OwnedQueries[Any], *, pk: str) -> Any:
        """Return the asking user's row with the key ``pk``, by a query compiled once.

        Raises:
            Http404: there is none.
        """
        rows = list(self.asked(prepared, pk=pk))
        if not rows:
            raise Http404
        return rows[0]

    def asked(self, prepared: OwnedQueries[Any], *, most: int | None = None, **keys: Any) -> Any:
        """Return the asking user's rows with these ``keys``, ``most`` of them at most, by a query compiled once.

        Raises:
            Http404: one of the keys is no id.
        """
        try:
            query = prepared.by(*keys, most=most)
            return query.rows(user_id=self.request.user.pk, **keys, **self.moments(self.request.user))
        except ValidationError as exc:
            raise Http404 from exc

    @classmethod
    def moments(cls, owner: Any) -> dict[str, Any]:  # noqa: ARG003
        """Return the instants that decide what is shown with a row of ``owner`` now."""
        return {}

    def get_queryset(self) -> Any:
        """Return the asking user's rows."""
        queryset = super().get_queryset()
        if not isinstance(queryset, OwnedQuerySet):
            raise TypeError(f"{type(self).__name__} needs a queryset with for_user()")
        return queryset.for_user(self.request.user)

    def once(self, write: Callable[[], Any]) -> Any:
        """Call ``write`` in a transaction, as ever, while the asking user stays."""
        with transaction.atomic():
            self.hold_owner()
            return self.claimed(write)

    def get_object(self) -> Any:
        """Return the row as ever; for a write, in its transaction, while the asking user stays."""
        if self.request.method in {"PUT", "PATCH", "DELETE"}:
            self.hold_owner()
        return super().get_object()

    def hold_owner(self) -> None:
        """Let a deletion of the asking user wait, before anything of theirs is locked.

        Raises:
            AuthenticationFailed: it was faster.
            ConflictError: days of the request were read in a time zone that is another one by now.
        """
        user: Any = self.request.user
        left = owners.hold([user.pk])
        if not left:
            raise AuthenticationFailed("The access token is not valid, or no longer.", "invalid_token")
        if left[user.pk] != user.timezone:
            raise ConflictError("Your time zone has just been changed; send this again.", code="time_zone_changed")

    def store(self, serializer: Any) -> Response:
        """Store a new row where there is room for one more."""
        try:
            self.require_room(serializer.Meta.model)
        except QuotaExceededError:
            serializer.require_unique()
            raise
        return super().store(serializer)

    def require_room(self, model: type[models.Model]) -> None:
        """Refuse one more row of ``model`` than the asking user may have.

        Raises:
            QuotaExceededError: there are as many already.
        """
        if self.quota is not None:
            owner: Any = self.request.user
            quotas.require_room(model, quota=self.quota, within=owner)

    def perform_create(self, serializer: Any) -> None:
        """Save the new row as the asking user's, and read it again with all that its representation needs."""
        stored = saved = serializer.save(**self.given())
        if self.prepared is None:
            stored = self.get_queryset().get(pk=saved.pk)
        elif not self.prepared.adds_nothing:
            (stored,) = self.asked(self.prepared, pk=saved.pk)
        self.created = serializer.instance = stored

    def given(self) -> dict[str, Any]:
        """Return what a new row gets from the request rather than from its input."""
        return {"user": self.request.user}


class NestedViewSet(OwnedViewSet):
    """Private rows that are part of another private row, the parent, whose id the address may name.

    A stranger's parent does not exist, and neither does a row under another parent than its own.
    """

    parents: OwnedQueries[Any]
    locked_parents: OwnedQueries[Any]
    parent_name: str
    parent: Any = None

    @property
    def is_nested(self) -> bool:
        """Whether the address names the parent."""
        return f"{self.parent_name}_id" in self.kwargs

    def find_parent(self, parents: OwnedQueries[Any]) -> None:
        """Take the parent that the address names from ``parents``.

        Raises:
            Http404: the asking user has none with this id.
        """
        if self.is_nested:
            self.parent = self.one_of(parents, pk=self.kwargs[f"{self.parent_name}_id"])

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
        self.find_parent(self.locked_parents)
        return self.validated(request)
