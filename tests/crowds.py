"""Rows of many other people, and of many other securities, made by the database itself from one household."""

from typing import Any

from django.db import connection

from accounts.models import Account, AccountValue, Holding
from currencies.models import CurrencyRate
from finances.models import IdempotentAnswer, OwnerGeneration
from institutions.models import FinancialInstitution
from securities.models import Security, SecurityPrice
from users.models import TokenFamily, User

ACCOUNTS, VALUES, HOLDINGS, PRICES, NIGHTS = 3, 10, 2, 30, 5  # of each person, account, account, security; of all


def multiply(model: Any, row: Any, source: str, **columns: str) -> None:
    """Store copies of ``row``, one for each of the ``source``'s; ``columns`` are SQL of what is another in each."""
    serial = model._meta.auto_field
    names = [f.column for f in model._meta.concrete_fields if not f.generated and f is not serial]
    values = [columns.get(name, f'original."{name}"') for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    table, key = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({quoted}) SELECT {", ".join(values)} '  # noqa: S608 - all SQL of tests
            f'FROM (SELECT * FROM "{table}" WHERE "{key}" = %s) AS original, {source}',
            [row.pk],
        )


def made(kind: str, number: str) -> str:
    """Return SQL of the id of the ``number``-th of a ``kind``."""
    return f"md5('{kind}' || ({number}))::uuid"


def securities(household: Any, first: int, last: int) -> None:
    """Store securities with the numbers from ``first`` to ``last``."""
    multiply(
        Security,
        household.security,
        f"generate_series({first}, {last}) AS n",
        id=made("security", "n"),
        symbol="upper(substr(md5(n::text), 1, 3)) || n",
        name="md5(n::text) || ' copper ' || n",
    )


def grow(household: Any, first: int, last: int) -> None:
    """Store people and securities with the numbers from ``first`` to ``last``, each with as much as the household."""
    source = f"generate_series({first}, {last}) AS n"
    parts = f"{source}, generate_series(1, {{}}) AS m"
    owner, account, security = made("user", "n"), made("account", f"n * {ACCOUNTS} + m"), made("security", "n")
    name = "'Other' || n"
    multiply(User, household.user, source, id=owner, email="'other' || n || '@example.org'", username=name)
    multiply(OwnerGeneration, household.generation, source, user_id=owner, mark="gen_random_uuid()")
    multiply(TokenFamily, household.family, parts.format(3), id="gen_random_uuid()", user_id=owner)
    multiply(IdempotentAnswer, household.answer, parts.format(5), id="gen_random_uuid()", user_id=owner, key="'k' || m")
    institution = made("institution", "n")
    multiply(FinancialInstitution, household.institution, source, id=institution, user_id=owner)
    multiply(
        Account, household.account, parts.format(ACCOUNTS), id=account, user_id=owner, name="'Other' || m",
        financial_institution_id=institution,
    )  # fmt: skip
    securities(household, first, last)
    day = "timestamptz '2024-01-01 UTC' + m * interval '1 day'"
    multiply(SecurityPrice, household.price, parts.format(PRICES), security_id=security, timestamp=day)
    both = f"{parts.format(ACCOUNTS)}, generate_series(1, {{}}) AS k"
    mine = {"account_id": account, "user_id": owner}
    multiply(
        AccountValue, household.value, both.format(VALUES), id="gen_random_uuid()",
        timestamp="timestamptz '2024-01-01 UTC' + k * interval '1 day'", **mine,
    )  # fmt: skip
    other = made("security", f"{first} + mod(n + k, {last} - {first} + 1)")
    multiply(Holding, household.holding, both.format(HOLDINGS), id="gen_random_uuid()", security_id=other, **mine)
    records: Any = (Account.history.model, AccountValue.history.model, Holding.history.model)
    for record in records:
        row = record.objects.filter(user_id=household.user.pk).first()
        of = {"account_id": account} if record is not records[0] else {}
        multiply(record, row, parts.format(ACCOUNTS), id="gen_random_uuid()" if of else account, user_id=owner, **of)
    multiply(
        CurrencyRate, household.rate, f"generate_series({first}, {last}) AS n, currencies_currency AS c "
        "WHERE c.code NOT IN ('EUR', 'CAD', 'USD')",
        target_id="c.code", date="current_date - n",
    )  # fmt: skip
    with connection.cursor() as cursor:
        # Of all rows: plans that rest on a sample would not always be the same ones.
        cursor.execute("SET LOCAL default_statistics_target = 10000; ANALYZE")
