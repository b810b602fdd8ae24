"""Writes that concern several rows of an account."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Account, AccountValue, Holding
from finances import quotas
from finances.exceptions import DuplicateError, NotFoundError
from securities.models import Security
from users.models import User


class TakenInstantError(DuplicateError):
    """Of rows that come together, one is for an instant that has a value: a stored one, or an ``earlier`` row's."""

    def __init__(self, *, index: int, earlier: int | None) -> None:
        """Keep which rows, counted from zero."""
        super().__init__("There is a value of this account for this instant.", field=f"{index}.timestamp")
        self.index, self.earlier = index, earlier


@transaction.atomic
def record_values(*, account: Account, rows: Sequence[Mapping[str, Any]]) -> list[AccountValue]:
    """Record the values ``rows`` of a locked ``account``: all of them or none, in a fixed number of queries.

    Raises:
        TakenInstantError: the account has a value for the instant of one of them, or two are for the same.
    """
    values = [AccountValue(account=account, user_id=account.user_id, **row) for row in rows]
    instants = [value.timestamp for value in values]
    stored = account.recorded_values.filter(timestamp__in=instants).values_list("timestamp", flat=True)
    taken: dict[Any, int | None] = dict.fromkeys(stored)
    for index, instant in enumerate(instants):
        if instant in taken:
            raise TakenInstantError(index=index, earlier=taken[instant])
        taken[instant] = index
    return AccountValue.objects.bulk_create(values)


@transaction.atomic
def hold(*, user: User, account: Account, security: Security, **figures: Any) -> Holding:
    """Let ``account`` of ``user`` hold ``security``; whoever else writes to the account waits.

    Whether the figures by themselves are right has been checked.

    Raises:
        QuotaExceededError: its owner holds as much as somebody may hold.
        ValidationError: the account is not for investments, or holds the security already.
        NotFoundError: the account has been deleted meanwhile.
    """
    quotas.require_room(Holding, quota="holdings", within=user)
    locked = Account.objects.select_for_update(of=("self",)).filter(pk=account.pk).first()
    if locked is None:
        raise NotFoundError("The account is gone.")
    figures.setdefault("timestamp", timezone.now())
    holding = Holding(user=user, account=locked, security=security, **figures)
    holding.clean()
    holding.validate_constraints(exclude={"quantity", "average_cost"})
    holding.save(force_insert=True)
    return holding
