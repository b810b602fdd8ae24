"""Storing the demo household. What is there already stays as it is, so that it can be done again any day."""

import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from accounts.demo import household, prices
from accounts.demo.household import DemoAccount
from accounts.models import INVESTMENT_TYPES, Account, AccountValue, Holding
from finances import money
from finances.history import CREATED
from finances.local_days import day_of, noon_of
from institutions.models import FinancialInstitution
from securities import ingest
from securities.bars import Bar
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security
from users.models import User

MONTHS = 24
MADE_UP = "Made up, to try things out."


@dataclass(frozen=True, slots=True)
class Seeded:
    """What is new; ``password`` only when the user is."""

    email: str
    password: str | None
    account_count: int
    value_count: int
    holding_count: int
    price_count: int


@transaction.atomic
def seed(*, email: str, on: date, dry_run: bool = False) -> Seeded:
    """Give the user with this ``email`` the demo household, as of the day ``on``: all of it or nothing.

    The user is made when there is none, with a random password.
    """
    user, password = demo_user(email)
    ends = month_ends(on)
    since = ends[0] - timedelta(days=31)
    price_count, series = store_securities(since=since, until=on)
    counts = [store_account(user, demo, ends=ends, series=series) for demo in household.ACCOUNTS]
    accounts, values, holdings = (sum(column) for column in zip(*counts, strict=True))
    transaction.set_rollback(dry_run)
    return Seeded(user.email, password, accounts, values, holdings, price_count)


def zone_of(email: str) -> ZoneInfo:
    """Return where the user with this ``email`` is, or where a new one will be."""
    return (known_user(email) or User()).zone


def known_user(email: str) -> User | None:
    """Return the user with this ``email``, in any case."""
    user: User | None = User.objects.filter(email__iexact=email).first()
    return user


def demo_user(email: str) -> tuple[User, str | None]:
    """Return the user, and the password of a new one."""
    user = known_user(email)
    if user is not None:
        return user, None
    password = secrets.token_urlsafe(12)
    return User.objects.create_user(email, password, email_verified=True), password


def month_ends(on: date) -> list[date]:
    """Return the last days of the months before that of ``on``, oldest first."""
    month = on.year * 12 + on.month - 1
    firsts = [date(number // 12, number % 12 + 1, 1) for number in range(month - MONTHS + 1, month + 1)]
    return [first - timedelta(days=1) for first in firsts]


def store_securities(*, since: date, until: date) -> tuple[int, dict[str, list[Bar]]]:
    """Store the made-up securities with their prices; return how many are new, and all by symbol."""
    count, series = 0, {}
    for demo in household.SECURITIES:
        security, _ = Security.objects.get_or_create(
            symbol=demo.symbol,
            defaults={
                "name": demo.name,
                "asset_class": demo.asset_class,
                "exchange": "DEMO",
                "currency_id": demo.currency,
                "sector": demo.sector,
                "timezone": "UTC",
                "is_fetched": False,
            },
        )
        locked = Security.objects.select_for_update(of=("self",)).get(pk=security.pk)
        series[demo.symbol] = prices.walk(demo, since=since, until=until)
        ingested = ingest.store(security=locked, interval=Interval.DAY, intake=Intake(series[demo.symbol]))
        count += ingested.written
    return count, series


def store_account(
    user: User, demo: DemoAccount, *, ends: Sequence[date], series: Mapping[str, list[Bar]]
) -> tuple[int, int, int]:
    """Store an account beside the user's own, with values and holdings; return how many of each are new."""
    account = made_before(user, demo)
    is_new = account is None
    if account is None:
        account = Account.objects.create(
            user=user,
            name=free_name(user, demo.name),
            account_type=demo.account_type,
            financial_institution=institution_of(user, demo.institution),
            currency_id=demo.currency,
            is_investment_account=demo.account_type in INVESTMENT_TYPES,
            interest_rate=None if demo.rate is None else Decimal(demo.rate),
            description=MADE_UP,
        )
    values = missing_values(account, demo, ends=ends, series=series)
    AccountValue.objects.bulk_create(values)
    return int(is_new), len(values), store_holdings(account, demo, as_of=ends[0]) if is_new else 0


def made_before(user: User, demo: DemoAccount) -> Account | None:
    """Return the account that was made of ``demo`` before, whatever its owner calls it now; None when there is none.

    The record of its creation tells it from an account of its owner's own that has the same name.
    """
    own = Q(name=demo.name) | Q(name__startswith=f"{demo.name} (made up")
    records: Any = Account.history
    made = records.filter(own, user=user, history_type=CREATED, description=MADE_UP).values("id")
    account: Account | None = Account.objects.for_user(user).filter(pk__in=made).order_by("created_at").first()
    return account


def free_name(user: User, name: str) -> str:
    """Return ``name``, or one like it where an account of the user's own is called so."""
    others = (f"{name} (made up)" if number == 1 else f"{name} (made up {number})" for number in itertools.count(1))
    taken = {each.casefold() for each in Account.objects.for_user(user).values_list("name", flat=True)}
    return next(each for each in itertools.chain([name], others) if each.casefold() not in taken)


def institution_of(user: User, name: str | None) -> FinancialInstitution | None:
    """Return the user's institution of this name, made when there is none."""
    if name is None:
        return None
    known: FinancialInstitution | None = FinancialInstitution.objects.filter(user=user, name__iexact=name).first()
    return known or FinancialInstitution.objects.create(
        user=user, name=name, institution_type=household.INSTITUTIONS[name]
    )


def missing_values(
    account: Account, demo: DemoAccount, *, ends: Sequence[date], series: Mapping[str, list[Bar]]
) -> list[AccountValue]:
    """Return the values at the ends of months that the account does not have yet."""
    zone = account.user.zone
    recorded = {day_of(at, zone) for at in account.recorded_values.values_list("timestamp", flat=True)}
    values = []
    for end in ends:
        if end in recorded:
            continue
        balance = demo.balance(end.year * 12 + end.month - 1)
        invested = sum((worth(held.symbol, held.quantity, series, end) for held in demo.holdings), Decimal(0))
        values.append(
            AccountValue(
                account=account,
                user_id=account.user_id,
                timestamp=noon_of(end, zone),
                value=money.rounded(balance + invested, decimal_places=2),
                cash_balance=balance if account.is_investment_account else None,
            )
        )
    return values


def worth(symbol: str, quantity: str, series: Mapping[str, list[Bar]], on: date) -> Decimal:
    """Return what ``quantity`` was worth at the last close on or before ``on``."""
    close = next(bar.close for bar in reversed(series[symbol]) if bar.at.date() <= on)
    return money.product(Decimal(quantity), close)


def store_holdings(account: Account, demo: DemoAccount, *, as_of: date) -> int:
    """Store the holdings of a new account; return how many."""
    securities = {security.symbol: security for security in Security.objects.filter(exchange="DEMO")}
    holdings = [
        Holding(
            account=account,
            user_id=account.user_id,
            security=securities[held.symbol],
            quantity=Decimal(held.quantity),
            average_cost=Decimal(held.average_cost),
            timestamp=noon_of(as_of, account.user.zone),
        )
        for held in demo.holdings
    ]
    return len(Holding.objects.bulk_create(holdings))
