"""Rows that are shown with others: after a change of one, what was kept with it is not found. See docs/adr/0033."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import OuterRef, StringAgg, Subquery, TextField, Value
from django.db.models.functions import Cast

from finances import caching, owners
from finances.models import OwnedModel, OwnedQuerySet, OwnerGeneration, SharedGeneration

OWN = "recorded_marks"


def require_new(options: Mapping[str, Any]) -> None:
    """Refuse to store rows over those that are there.

    Raises:
        TypeError: ``options`` of a ``bulk_create`` ask for it.
    """
    if options.get("update_conflicts"):
        raise TypeError("A marked row is stored or refused; one that is there is changed by itself.")


class MarkedQuerySet(OwnedQuerySet):
    """Such rows of one owner, written in bulk: what changes renews the owner's marks.

    What is new needs not, since no recorded row points at it yet, nor what goes, of which those that do are changed.
    """

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Store new rows.

        Raises:
            TypeError: those that are there are to be changed, of which nobody would be told.
        """
        require_new(options)
        return super().bulk_create(objs, *args, **options)

    def update(self, **values: Any) -> int:
        """Change all rows at once."""
        with transaction.atomic(using=self.db):
            whose = self.held()
            count = super().update(**values)
            caching.renew_of(whose, using=self.db)
        return count

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete all rows at once."""
        with transaction.atomic(using=self.db):
            self.held()
            locked(self)
            return super().delete()

    def held(self) -> set[Any]:
        """Let the owners of the rows stay, before any of these is locked, and return who they are."""
        whose = set(self.order_by().values_list("user_id", flat=True))
        owners.hold(whose)
        return whose


def locked(rows: models.QuerySet[Any]) -> None:
    """Lock rows that are to go before those that point at them are changed, as whoever deletes one in the API does."""
    list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk"))


class MarkedModel(OwnedModel):
    """A private row that is shown with recorded ones: a change of it renews the marks of its owner."""

    objects = MarkedQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True

    def save(self, *, using: str | None = None, **options: Any) -> None:
        """Store the row while its owner stays."""
        with transaction.atomic(using=using):
            owners.hold([self.user_id])
            super().save(using=using, **options)
            if not options.get("force_insert"):
                caching.renew_of({self.user_id}, using=using)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete the row while its owner stays."""
        with transaction.atomic():
            owners.hold([self.user_id])
            locked(type(self).objects.filter(pk=self.pk))
            return super().delete(*args, **options)


class SharedQuerySet(models.QuerySet[Any]):
    """Rows that all users share and that are shown with theirs, written in bulk."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Store new rows.

        Raises:
            TypeError: those that are there are to be changed, of which nobody would be told.
        """
        require_new(options)
        return super().bulk_create(objs, *args, **options)

    def update(self, **values: Any) -> int:
        """Change all rows at once."""
        with transaction.atomic(using=self.db):
            count = super().update(**values)
            if count:
                renew(self.model, using=self.db)
        return count

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete all rows at once."""
        with transaction.atomic(using=self.db):
            gone = super().delete()
            renew(self.model, using=self.db)
        return gone


class SharedModel(models.Model):
    """A row that all users share and that is shown with theirs: it renews the marks of its table.

    Its queryset is a `SharedQuerySet`. What does not exist yet is shown nowhere.
    """

    class Meta:
        abstract = True

    def save(self, *, using: str | None = None, **options: Any) -> None:
        """Store the row."""
        with transaction.atomic(using=using):
            super().save(using=using, **options)
            if not options.get("force_insert"):
                renew(type(self), using=using)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete the row."""
        with transaction.atomic():
            gone = super().delete(*args, **options)
            renew(type(self))
        return gone


@cache
def shared_models() -> dict[type[models.Model], str]:
    """Return all such models, and what `with_marks` calls the marks of each."""
    return {model: f"{model._meta.db_table}_marks" for model in apps.get_models() if issubclass(model, SharedModel)}


def renew(model: type[models.Model], *, using: str | None = None) -> None:
    """End the generation of a table that all share, to be seen when the transaction under way is committed."""
    caching.renew_marks(SharedGeneration._meta.get_field("name"), [model._meta.db_table], using=using)


def with_marks[Owners: models.QuerySet[Any]](people: Owners) -> Owners:
    """Read with each of ``people`` what `state_of` tells of them, so that nobody has to ask for it."""
    marks = {OWN: _listed(OwnerGeneration, "user_id", OuterRef("pk"))}
    for model, name in shared_models().items():
        marks[name] = _listed(SharedGeneration, "name", Value(model._meta.db_table))
    return people.annotate(**marks)


def _listed(model: Any, column: str, key: Any) -> Subquery:
    """Return the marks of a key in one text."""
    rows: Any = model.objects.filter(**{column: key}).order_by().values(column)
    return Subquery(rows.annotate(marks=StringAgg(Cast("mark", TextField()), Value(","))).values("marks"))


def state_of(owner: Any, *, shown_with: Collection[type[models.Model]] = ()) -> list[list[str]]:
    """Return what is something else after each change of what is recorded of ``owner``, and of their institutions.

    And of each of the tables that all share in ``shown_with``. It is as it was when ``owner`` was read by `with_marks`,
    or is read now by one query.
    """
    return _marks(owner, OWN, *map(shared_models().__getitem__, shown_with))


def shared_state_of(asking: Any, *models: type[models.Model]) -> list[list[str]]:
    """Return what is something else after each change of these tables that all share; ``asking`` is as for `state_of`.

    New rows change nothing.
    """
    return _marks(asking, *map(shared_models().__getitem__, models))


def _marks(people: Any, *names: str) -> list[list[str]]:
    """Return the marks of these names that were read with somebody, or are read now."""
    if not hasattr(people, OWN):
        people = with_marks(type(people).objects.filter(pk=people.pk)).get()
    return [sorted((getattr(people, name) or "").split(",")) for name in names]
