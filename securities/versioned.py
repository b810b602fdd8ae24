"""Parts of a security from which something follows that is kept with it: its version, and its steps of adjustment."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models, transaction


@contextmanager
def followed(model: type[models.Model], keys: Collection[Any]) -> Iterator[None]:
    """Let rows of ``model`` be written within a transaction, and bring what follows from them up to date after it.

    The securities with these ``keys`` are locked first, in one order always.
    """
    from securities import derived  # it reads the models that this module is the base of

    securities: Any = model._meta.get_field("security").related_model
    with transaction.atomic():
        locked = list(securities.objects.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",)))
        yield
        for security in locked:
            derived.refresh(security)


class VersionedQuerySet(models.QuerySet[Any]):
    """Parts that are written in bulk. `ingest`, which does the rest by itself, goes by the base manager."""

    def update(self, **values: Any) -> int:
        """Change all rows at once."""
        keys = self.security_keys()
        for name in {"security", "security_id"} & set(values):
            keys.add(getattr(values[name], "pk", values[name]))
        with followed(self.model, keys):
            return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete all rows at once."""
        with followed(self.model, self.security_keys()):
            return super().delete()

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Store all rows at once."""
        rows = list(objs)
        with followed(self.model, {row.security_id for row in rows}):
            return super().bulk_create(rows, *args, **options)

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
        before = model.objects.filter(pk=self.pk).security_keys() if self.pk is not None else set()
        with followed(model, {*before, self.security_id}):  # type: ignore[attr-defined]
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row."""
        with followed(type(self), {self.security_id}):  # type: ignore[attr-defined]
            return super().delete(*args, **kwargs)
