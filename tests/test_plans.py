"""How PostgreSQL answers what requests ask: by indexes, and without looking at more when others have more."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from currencies.models import CurrencyRate
from finances import caching
from finances.models import IdempotentAnswer, OwnerGeneration
from institutions.tests.factories import FinancialInstitutionFactory
from securities.models import SecurityPrice
from securities.tests.factories import SecurityFactory
from tests import crowds
from users import sessions
from users.models import TokenFamily

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are those of PostgreSQL")
FEW, MANY = 100, 1000  # other people, and securities
# Tables of more rows than this are read by their indexes.
LARGE = 2000
TODAY = timezone.now().date()


@pytest.fixture
def household(user, api) -> SimpleNamespace:
    institution = FinancialInstitutionFactory(user=user)
    account = InvestmentAccountFactory(user=user, financial_institution=institution, currency_id="USD")
    security = SecurityFactory(symbol="MINE", name="Mine and Yours", currency_id="USD")
    days = [datetime.combine(TODAY - timedelta(days=n), datetime.min.time(), UTC) for n in range(60)]
    prices = SecurityPrice.objects.bulk_create(SecurityPrice(security=security, timestamp=d, close=100) for d in days)
    values = [AccountValueFactory(account=account, timestamp=day, value=100, cash_balance=1) for day in days[1:10]]
    holding = HoldingFactory(account=account, security=security)
    rates = [
        CurrencyRate(base_id="EUR", target_id=code, date=day.date(), rate=Decimal("1.25"), source="ecb")
        for code in ("CAD", "USD")
        for day in days
    ]
    rate = CurrencyRate.objects.bulk_create(rates)[0]
    api.post("/api/v1/accounts", {"name": "Kept", "account_type": "savings"}, HTTP_IDEMPOTENCY_KEY="one")
    return SimpleNamespace(
        user=user, institution=institution, account=account, security=security, price=prices[0], value=values[0],
        holding=holding, rate=rate, family=TokenFamily.objects.get(user=user),
        answer=IdempotentAnswer.objects.get(user=user), generation=OwnerGeneration.objects.filter(user=user).first(),
    )  # fmt: skip


def requests(household: Any, turn: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what clients ask most: method, address, and what else is sent.

    Searches are not among it: their plans are those of a table that was vacuumed. `benchmarks/search.py` shows them.
    """
    mine = f"/accounts/{household.account.pk}"
    month = f"start={date(2025, 1, 1)}&end={TODAY}"
    at = f"{TODAY - timedelta(days=20 + turn)}T10:00"
    key = {"HTTP_IDEMPOTENCY_KEY": f"turn-{turn}"}
    yield "post", f"{mine}/values", {"data": {"timestamp": at, "value": 1, "cash_balance": 1}, **key}
    yield "post", "/auth/refresh", {"data": {"refresh_token": sessions.start(user=household.user).refresh_token}}
    for address in (
        "/auth/me", "/financial-institutions", "/accounts", mine, f"{mine}/values?{month}", f"{mine}/history",
        f"{mine}/valuation", f"{mine}/holdings", "/holdings", f"/holdings/{household.holding.pk}",
        f"/holdings/{household.holding.pk}/history", "/dashboard", f"/net-worth?{month}", "/allocation?by=currency",
        "/explain?figure=net_worth", "/securities/MINE", f"/securities/MINE/prices?{month}",
        f"/securities/{household.security.pk}/prices",
        "/currencies/EUR/rates", f"/currencies/CAD/rates?rate_date={TODAY - timedelta(days=30)}",
        f"/currencies/EUR/rates?target=CAD&{month}",
        f"/currencies/CAD/rates?target=USD&{month}", "/currencies/convert?from=CAD&to=USD&amount=5",
    ):  # fmt: skip
        yield "get", address, {}


@contextmanager
def kept(asked: list[tuple[str, Any]]) -> Iterator[None]:
    """Keep the queries of the block as they are sent, with their values."""

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH", "(")):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        yield


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def scans(sql: str, params: Any) -> list[dict[str, Any]]:
    """Return the parts of a query's plan that read a table or an index, once it has been run."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        [(plan,)] = cursor.fetchall()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return [node for node in nodes(plan[0]["Plan"]) if "Relation Name" in node]


def looked_at(node: dict[str, Any]) -> float:
    """Return how many rows a scan looked at."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


def large_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [LARGE])
        return {name for (name,) in cursor.fetchall()}


def examine(api: Any, household: Any, turn: int) -> tuple[dict[str, float], list[str]]:
    """Send all requests; return how many rows each looked at, and where a large table was read through."""
    large, looked, wrong = large_tables(), {}, []
    for method, address, sent in requests(household, turn):
        asked: list[tuple[str, Any]] = []
        for alias in ("default", "throttles"):
            forget(caches[alias])
        caching.forget()
        with kept(asked):
            response = getattr(api, method)(f"/api/v1{address}", **sent)
        assert response.status_code < 300, (address, response.content)
        assert asked, address
        read = [(sql, node) for sql, params in asked for node in scans(sql, params)]
        looked[f"{method} {address}"] = sum(looked_at(node) for _, node in read)
        wrong += [
            f"{method} {address} reads all of {node['Relation Name']}: {sql}"
            for sql, node in read
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in large
        ]
    return looked, wrong


def forget(cache: Any) -> None:
    cache.delete_pattern("*") if hasattr(cache, "delete_pattern") else cache.clear()


def test_requests_read_large_tables_by_indexes_and_no_more_of_them_when_there_is_ten_times_as_much(api, household):
    crowds.securities(household, MANY + 1, MANY + LARGE * 4)
    crowds.grow(household, 1, FEW)
    before, _ = examine(api, household, 1)

    crowds.grow(household, FEW + 1, MANY)
    after, wrong = examine(api, household, 2)

    assert not wrong, "\n".join(wrong)
    assert {
        "accounts_account", "accounts_accountvalue", "accounts_holding", "accounts_historicalaccountvalue",
        "currencies_currencyrate", "finances_idempotentanswer", "securities_securityprice", "users_tokenfamily",
    } <= large_tables()  # fmt: skip
    grown = {
        asked: (before.get(asked), count)
        for asked, count in after.items()
        if asked in before and count > before[asked] * 1.5 + 50
    }
    assert grown == {}
