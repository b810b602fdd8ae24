"""Reads what figures are made from: everything that some days need, in a fixed number of queries."""

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.db.models import DateTimeField, OuterRef, Q, Subquery

from accounts import models as stored
from accounts.models import LIABILITY_TYPES, AccountValue
from currencies.conversion import MAX_RATE_AGE
from finances import sql
from finances.exceptions import NotFoundError
from finances.local_days import day_of, end_of
from finances.prepared import OwnedQueries, Parameter
from portfolio import rates, securities_in_use, windows
from portfolio.inputs import MAX_PRICE_AGE, Account, Position, RecordedValue, Security
from portfolio.positions import HeldPosition, positions_of
from portfolio.valuation import Household
from portfolio.windows import Window
from portfolio.work import MAX_VALUES, Work


@dataclass(frozen=True, slots=True)
class Wanted:
    """The days that figures are wanted of: each of ``days``, or with ``is_range`` all from the first to the last.

    Of a range, so many ``points`` are wanted.
    """

    days: tuple[date, ...]
    is_range: bool = False
    points: int = 0

    @property
    def day_count(self) -> int:
        """Return how many days inputs are read of."""
        return (self.days[-1] - self.days[0]).days + 1 if self.is_range else len(self.days)

    @property
    def anchors(self) -> tuple[date, ...]:
        """Return the days of which only the latest input counts."""
        return self.days[:1] if self.is_range else self.days

    def windows(self, *, reach: timedelta) -> list[Window]:
        """Return the days, first and last, in which inputs lie that count for ``reach`` after their own day."""
        if self.is_range:
            return [(windows.earlier(self.days[0], reach), self.days[-1])]
        return windows.before(self.days, reach=reach)


def household(*, user: Any, wanted: Wanted, currency: str, account_id: Any = None) -> Household:
    """Return the accounts of ``user``, or one of them, with all that ``wanted`` days need.

    Ten queries, which see the same moment: no figure is made of what was before a change and what was after it.

    Raises:
        NotFoundError: the user has no account ``account_id``.
        TooMuchWorkError: the days are too many for all that there is.
    """
    with sql.snapshot():
        return _household(user, wanted, currency, account_id)


def _household(user: Any, wanted: Wanted, currency: str, account_id: Any) -> Household:
    zone = user.zone
    rows = _accounts(user, wanted, zone, account_id)
    recorded = _values(rows, wanted, zone)
    held = positions_of(user=user, account_ids=[row.pk for row in rows], zone=zone)
    require_bounded(wanted, recorded, held)
    compared = _compared(recorded, held)
    prices = windows.joined(wanted.windows(reach=MAX_PRICE_AGE) + windows.before(compared, reach=MAX_PRICE_AGE))
    securities = securities_in_use.load({position.security_id for position in held}, prices)
    by_account: dict[str, list[Position]] = {}
    for position in held:
        security = securities[position.security_id]
        by_account.setdefault(position.account_id, []).append(Position(position.id, security, position.segments))
    accounts = tuple(
        _account(row, recorded.get(str(row.pk), []), tuple(by_account.get(str(row.pk), ())), zone) for row in rows
    )
    published = windows.joined(wanted.windows(reach=MAX_RATE_AGE) + windows.before(compared, reach=MAX_RATE_AGE))
    return Household(accounts, rates.load(_codes(accounts, securities), published, currency))


def require_bounded(wanted: Wanted, recorded: dict[str, list[RecordedValue]], held: Sequence[HeldPosition]) -> None:
    """Refuse a series that is more than is computed at once, before closes are read.

    Raises:
        TooMuchWorkError: it is.
    """
    if wanted.is_range:
        Work(
            points=wanted.points,
            days=wanted.day_count,
            holdings=len(held),
            securities=len({position.security_id for position in held}),
            values=sum(map(len, recorded.values())),
        ).require_bounded()


def _compared(recorded: dict[str, list[RecordedValue]], held: Sequence[HeldPosition]) -> set[date]:
    """Return the days on which recorded values are compared with holdings, which need the prices of these days."""
    return {value.on for account_id in {each.account_id for each in held} for value in recorded.get(account_id, ())}


def _codes(accounts: Sequence[Account], securities: dict[str, Security]) -> set[str]:
    found = {account.currency for account in accounts}
    return found | {security.currency for security in securities.values() if security.currency is not None}


def _accounts(user: Any, wanted: Wanted, zone: zoneinfo.ZoneInfo, account_id: Any) -> list[Any]:
    """Return the accounts, each with the ids of its latest values of the days that are anchors; one query."""
    ends = {f"end_{place}": end_of(day, zone) for place, day in enumerate(wanted.anchors)}
    keys = {} if account_id is None else {"pk": account_id}
    found = list(_accounts_until(tuple(ends)).by(*keys).rows(user_id=user.pk, **keys, **ends))
    if account_id is not None and not found:
        raise NotFoundError("There is no such account.")
    return found


@cache
def _accounts_until(ends: tuple[str, ...]) -> OwnedQueries[stored.Account]:
    """Return the queries for accounts with their latest values before each of ``ends``, which are parameters."""
    within = AccountValue.objects.filter(account=OuterRef("pk"))
    latest, first = within.order_by("-timestamp").values("pk"), within.order_by("timestamp").values("timestamp")
    anchors = {
        f"latest_{place}": Subquery(latest.filter(timestamp__lt=Parameter(end, DateTimeField()))[:1])
        for place, end in enumerate(ends)
    }
    return OwnedQueries(
        lambda: stored.Account.objects.select_related("financial_institution").annotate(
            first_value_at=Subquery(first[:1]), **anchors
        )
    )


def _values(rows: Sequence[Any], wanted: Wanted, zone: zoneinfo.ZoneInfo) -> dict[str, list[RecordedValue]]:
    """Return the recorded values that count on wanted days, by account, oldest first; one query."""
    places = range(len(wanted.anchors))
    latest = {getattr(row, f"latest_{place}") for row in rows for place in places} - {None}
    counting = Q(pk__in=latest)
    if wanted.is_range:
        within = (end_of(wanted.days[0], zone), end_of(wanted.days[-1], zone))
        counting |= Q(account__in=[row.pk for row in rows], timestamp__gte=within[0], timestamp__lt=within[1])
    found = AccountValue.objects.filter(counting).order_by("account_id", "timestamp")
    values: dict[str, list[RecordedValue]] = {}
    read = found.values_list("pk", "account_id", "timestamp", "value", "cash_balance")
    for pk, account_id, at, value, cash in read[: MAX_VALUES + 1] if wanted.is_range else read:
        values.setdefault(str(account_id), []).append(RecordedValue(str(pk), day_of(at, zone), value, cash))
    return values


def _account(
    row: Any, values: list[RecordedValue], positions: tuple[Position, ...], zone: zoneinfo.ZoneInfo
) -> Account:
    institution = row.financial_institution
    return Account(
        id=str(row.pk),
        name=row.name,
        account_type=row.account_type,
        currency=row.currency_id,
        is_liability=row.account_type in LIABILITY_TYPES,
        is_investment=row.is_investment_account,
        institution_id=str(institution.pk) if institution is not None else "",
        institution=institution.name if institution is not None else "",
        days=[value.on for value in values],
        values=values,
        positions=positions,
        first_value_on=None if row.first_value_at is None else day_of(row.first_value_at, zone),
        type_label=row.get_account_type_display(),
    )
