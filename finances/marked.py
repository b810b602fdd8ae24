"""Private rows that are shown with recorded ones: after a change of one, what was kept of its owner is not found."""

from collections.abc import Iterable
from typing import Any

from django.db import models, transaction

from finances import caching, owners
from finances.models import OwnedModel, OwnedQuerySet


class MarkedQuerySet(OwnedQuerySet):
    """Such rows, written in bulk. A deletion is one of recorded rows that point at them, where any do."""

    def update(self, **values: Any) -> int:
        """Change all rows at once."""
        with transaction.atomic(using=self.db):
            whose = set(self.order_by().values_list("user_id", flat=True))
            owners.hold(whose)
            count = super().update(**values)
            caching.renew_of(whose, using=self.db)
        return count

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Store all rows at once."""
        with transaction.atomic(using=self.db):
            stored: list[Any] = super().bulk_create(objs, *args, **options)
            caching.renew_of({row.user_id for row in stored}, using=self.db)
        return stored


class MarkedModel(OwnedModel):
    """A private row that is shown with recorded ones."""

    objects = MarkedQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        abstract = True

    def save(self, *, using: str | None = None, **options: Any) -> None:
        """Store the row while its owner stays."""
        with transaction.atomic(using=using):
            owners.hold([self.user_id])
            super().save(using=using, **options)
            caching.renew_of({self.user_id}, using=using)


class SharedQuerySet(models.QuerySet[Any]):
    """Rows that all users share and that are shown with theirs, written in bulk.

    The generation is renewed first, always: who writes several rows in one transaction has all others wait there, and
    none of them holds a row that is still to be written.
    """

    def update(self, **values: Any) -> int:
        """Change all rows at once."""
        with transaction.atomic(using=self.db):
            caching.renew([caching.SHARED])
            return super().update(**values)


class SharedModel(models.Model):
    """A row that all users share and that is shown with theirs; its queryset is a `SharedQuerySet`.

    What does not exist yet, or no more, none of them show.
    """

    class Meta:
        abstract = True

    def save(self, **options: Any) -> None:
        """Store the row."""
        with transaction.atomic():
            caching.renew([caching.SHARED])
            super().save(**options)
