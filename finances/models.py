"""Abstract models: time stamps and ownership, once for all apps."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models


class TimestampedModel(models.Model):
    """A row that knows when it was made and last changed, in UTC."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows of which each has one owner."""

    def for_user(self, user: Any) -> Self:
        """Keep the rows that ``user`` owns; an anonymous user owns none."""
        return self.filter(user_id=user.pk) if user.pk is not None else self.none()


class OwnedModel(TimestampedModel):
    """A private row: it belongs to one user, is seen by nobody else, and goes when its owner goes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="owner")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True
