"""Parts of a security whose every change is counted in the security's ``prices_version``."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import models, transaction
from django.db.models import F


def count_up(model: type[models.Model], keys: Collection[Any]) -> None:
    """Count up the version of the securities with these ``keys``, that ``model`` points at, in one order always."""
    securities: Any = model._meta.get_field("security").related_model
    with transaction.atomic():
        locked = securities.objects.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",))
        securities.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).update(
            prices_version=F("prices_version") + 1
        )


class VersionedQuerySet(models.QuerySet[Any]):
    """Parts of securities that are written in bulk. `ingest`, which counts by itself, goes by the base manager."""

    def update(self, **values: Any) -> int:
        """Change all rows at once."""
        with transaction.atomic(using=self.db):
            rows = VersionedQuerySet(self.model, using=self.db).filter(pk__in=list(self.values_list("pk", flat=True)))
            before = rows.all().security_keys()
            count = super(VersionedQuerySet, rows).update(**values)
            count_up(self.model, before | rows.all().security_keys())
        return count

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete all rows at once."""
        with transaction.atomic(using=self.db):
            count_up(self.model, self.security_keys())
            return super().delete()

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Store all rows at once."""
        rows = list(objs)
        with transaction.atomic(using=self.db):
            stored = super().bulk_create(rows, *args, **options)
            count_up(self.model, {row.security_id for row in rows})
        return stored

    def security_keys(self) -> set[Any]:
        """Return the keys of the securities that the rows are parts of; one query."""
        return set(self.order_by().values_list("security_id", flat=True).distinct())


class VersionedModel(models.Model):
    """A part of a security that is written by itself."""

    objects = VersionedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row, counting for the security it was a part of before, too."""
        model = type(self)
        with transaction.atomic():
            before = model.objects.filter(pk=self.pk).security_keys() if self.pk is not None else set()
            super().save(*args, **kwargs)
            count_up(model, {*before, self.security_id})  # type: ignore[attr-defined]

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row."""
        with transaction.atomic():
            count_up(type(self), {self.security_id})  # type: ignore[attr-defined]
            return super().delete(*args, **kwargs)
