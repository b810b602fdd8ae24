"""One answer for one key: what a request that was sent twice is answered with. Knows no HTTP."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from finances.exceptions import ConflictError
from finances.models import IdempotentAnswer

LIFETIME = timedelta(hours=24)


class KeyReusedError(ConflictError):
    """The key was used for another request."""

    code = "idempotency_key_reused"


def find(*, user: Any, key: str, fingerprint: str) -> IdempotentAnswer | None:
    """Return the answer that ``user`` got to this request under ``key``, if it is not too old.

    Raises:
        KeyReusedError: it was another request.
    """
    recent = IdempotentAnswer.objects.for_user(user).filter(created_at__gt=timezone.now() - LIFETIME)
    answer: IdempotentAnswer | None = recent.filter(key=key).first()
    if answer is not None and not constant_time_compare(answer.fingerprint, fingerprint):
        raise KeyReusedError("This Idempotency-Key was used for another request; take a new one.")
    return answer


def claim(*, user: Any, key: str, fingerprint: str) -> tuple[IdempotentAnswer, bool]:
    """Take ``key`` in the transaction under way; whoever else takes it waits until that has ended.

    Returns:
        The answer, and whether it is the caller's to `keep`; otherwise somebody was faster, and it is theirs.

    Raises:
        KeyReusedError: somebody was faster with another request.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A key is claimed in the transaction of what it stands for.")
    own = IdempotentAnswer.objects.for_user(user)
    own.filter(created_at__lte=timezone.now() - LIFETIME).delete()
    mine = IdempotentAnswer(user=user, key=key, fingerprint=fingerprint)
    # Waits for a transaction that has inserted the same key, and then knows whether it was committed.
    IdempotentAnswer.objects.bulk_create([mine], ignore_conflicts=True)
    if own.filter(pk=mine.pk).exists():
        return mine, True
    theirs = find(user=user, key=key, fingerprint=fingerprint)
    if theirs is None:
        raise KeyReusedError("This Idempotency-Key has just ended; take a new one.")
    return theirs, False


def keep(answer: IdempotentAnswer, *, status: int, headers: dict[str, str], body: bytes) -> None:
    """Store what the request was answered with, in the transaction of `claim`."""
    answer.status, answer.headers, answer.body = status, headers, body
    answer.save(update_fields=["status", "headers", "body", "updated_at"])
