"""Abstract models: time stamps and ownership, once for all apps."""

import uuid
from collections.abc import Collection
from typing import Any, Self

from django.conf import settings
from django.db import models

from finances.exceptions import InUseError
from finances.prepared import OftenStored


class TimestampedModel(models.Model):
    """A row that knows when it was made and last changed, in UTC."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


def require_unused(row: models.Model) -> None:
    """Refuse to delete what protected rows point at; one short question for each relation.

    Django would find out, too, but only after it has read every one of those rows. A model with
    ``is_kept_for_history`` is in use as well where a recorded past names it: past figures are computed from that.

    Raises:
        InUseError: something uses it.
    """
    binding = {models.PROTECT, models.DO_NOTHING} if getattr(row, "is_kept_for_history", False) else {models.PROTECT}
    relations: Any = row._meta.get_fields(include_hidden=True)
    for relation in relations:
        if getattr(relation, "on_delete", None) not in binding or not relation.auto_created:
            continue
        using: Any = relation.related_model._base_manager.filter(**{relation.field.name: row})  # noqa: SLF001
        if using.exists():
            raise InUseError(f"{row} is in use by {relation.related_model._meta.verbose_name_plural}.")


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows of which each has one owner."""

    def for_user(self, user: Any) -> Self:
        """Keep the rows that ``user`` owns; an anonymous user owns none."""
        return self.filter(user_id=user.pk) if user.pk is not None else self.none()


def owner_field(**options: Any) -> models.ForeignKey[Any, Any]:
    """Return the field that names a row's owner, with other ``options`` where a model repeats it.

    A model of which a unique constraint begins with the owner needs no second index: ``db_index=False``.
    """
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="owner", **options
    )


class OwnedModel(OftenStored, TimestampedModel):
    """A private row: it belongs to one user, is seen by nobody else, and goes when its owner goes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = owner_field()
    # Of a changed row: what the database has, where it was read under a lock, so that nobody need ask again.
    stored: Self | None = None
    # What is said once for all: no form asks for it again, and constraints still are about it.
    lasting_fields: tuple[str, ...] = ("user",)
    # The instant that stands for a day where no time was told, which `finances.kept_days` keeps; of parts of accounts.
    day_field: str | None = None

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Hold the row against its constraints, those about lasting fields too, which forms only show.

        Raises:
            ValidationError: it breaks one.
        """
        lasting = (field for field in self._meta.concrete_fields if field.name in self.lasting_fields)
        known = {field.name for field in lasting if getattr(self, field.attname) is not None}
        super().validate_constraints(exclude=set(exclude or ()) - known)


class Generation(models.Model):
    """How often something that others compute from has changed; counted by `finances.caching`. See docs/adr/0013."""

    name = models.CharField(max_length=100, primary_key=True)
    number = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class OwnerGeneration(models.Model):
    """A mark that is another one after each change of what is recorded of an owner. See docs/adr/0013.

    An owner has as many as there were transactions at once that changed something: each renews one of its own, so that
    none waits for another.
    """

    user = owner_field()
    mark = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.mark)


class SharedGeneration(models.Model):
    """A mark that is another one after each change of what all share, of the table ``name``; like `OwnerGeneration`."""

    name = models.CharField(max_length=63, db_index=True)
    mark = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.mark)


class IdempotentAnswer(OwnedModel):
    """The first answer to a request that its sender gave a key, kept for when it is sent again. See docs/adr/0010.

    ``fingerprint`` tells another request with the same key from the same one, without keeping what was sent.
    """

    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")

    class Meta:
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="idempotent_answer_unique"),)
        indexes = (models.Index(fields=("user", "created_at"), name="idempotent_answer_age"),)

    def __str__(self) -> str:
        return self.key
