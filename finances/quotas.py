"""How many rows of a kind somebody may have: bounds that nobody meets by living, only by filling the disk."""

from django.conf import settings
from django.db import models

from finances.exceptions import QuotaExceededError


def require_room(rows: "models.QuerySet[models.Model]", *, quota: str, adding: int = 1) -> None:
    """Refuse ``adding`` to ``rows`` more than ``settings.QUOTAS[quota]`` allows.

    Whoever holds no lock on what the rows belong to may get past it by as many as write at once; no more is needed.

    Raises:
        QuotaExceededError: there would be too many.
    """
    most = settings.QUOTAS[quota]
    if rows.order_by()[: most + 1].count() + adding > most:
        name = rows.model._meta.verbose_name_plural
        raise QuotaExceededError(f"There may be at most {most} {name} here; delete some that are not needed.")
