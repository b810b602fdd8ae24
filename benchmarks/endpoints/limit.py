"""The limit: the same answers, written by PostgreSQL and sent as they come, by nothing but an ASGI callable.

It knows neither who asks nor what else may be asked. ``/accounts/KEY`` is answered by the statement ``accounts`` for
``KEY``.
"""

import os
from functools import cache
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool


def instant(sql: str) -> str:
    """Return the SQL of an instant as JSON has it: with microseconds where it has some."""
    return f"""to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def whole_instant(sql: str) -> str:
    """Return the same of an instant that has only seconds."""
    return f"""to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def written(**fields: str) -> str:
    """Return the SQL of a JSON object; its texts are parts of a string, which is twice as fast as json_build_object."""
    return " || ".join(pieces(fields))


def written_at_once(**fields: str) -> str:
    """Return the same of what is long, which ``||`` would copy for each field that follows."""
    return f"concat({', '.join(pieces(fields))})"


def pieces(fields: dict[str, str]) -> list[str]:
    """Return the SQL of the parts of a JSON object."""
    named = [(f"'{',' if place else '{'}\"{name}\":'", sql) for place, (name, sql) in enumerate(fields.items())]
    return [*(piece for pair in named for piece in pair), "'}'"]


def text(sql: str) -> str:
    """Return the SQL of a text."""
    return f"coalesce(to_json({sql})::text, 'null')"


def plain(sql: str) -> str:
    """Return the SQL of what needs no escapes: an id, a code, an instant."""
    return f"""coalesce('"' || {sql} || '"', 'null')"""


def number(sql: str) -> str:
    """Return the SQL of a number, without the zeros behind its last digit."""
    return f"coalesce(trim_scale({sql})::text, 'null')"


def other(sql: str) -> str:
    """Return the SQL of an integer or a truth."""
    return f"coalesce(({sql})::text, 'null')"


SECURITY = written(
    id=plain("s.id"), symbol=plain("s.symbol"), name=text("s.name"), asset_class=plain("s.asset_class"),
    security_type=plain("s.asset_class"), exchange=text("nullif(s.exchange, '')"), currency=plain("s.currency_id"),
    sector=text("nullif(s.sector, '')"), industry=text("nullif(s.industry, '')"), market_cap=other("s.market_cap"),
    last_synced_at=plain(instant("s.last_synced_at")),
    is_syncing=other("coalesce(s.sync_started_at > now() - interval '10 minutes', false)"), in_database="'true'",
    created_at=plain(instant("s.created_at")), updated_at=plain(instant("s.updated_at")),
)  # fmt: skip
ACCOUNT = written(
    id=plain("a.id"), user_id=plain("a.user_id"), name=text("a.name"), account_type=plain("a.account_type"),
    description=text("a.description"), financial_institution_id=plain("a.financial_institution_id"),
    currency_code=plain("a.currency_id"), is_investment_account=other("a.is_investment_account"),
    is_asset=other("a.account_type NOT IN ('credit_card', 'line_of_credit', 'payment_plan', 'mortgage')"),
    interest_rate=number("a.interest_rate"), current_balance=number("v.value"),
    current_cash_balance=number("v.cash_balance"), current_balance_at=plain(instant("v.timestamp")),
    financial_institution="CASE WHEN i.id IS NULL THEN 'null' ELSE " + written(
        id=plain("i.id"), user_id=plain("i.user_id"), name=text("i.name"), institution_type=plain("i.institution_type"),
        website=text("i.website"), url=text("i.website"), created_at=plain(instant("i.created_at")),
        updated_at=plain(instant("i.updated_at")),
    ) + " END",
    currency=written(
        code=plain("c.code"), name=text("c.name"), symbol=text("c.symbol"), decimal_places=other("c.decimal_places"),
        is_active=other("c.is_active"),
    ),
    created_at=plain(instant("a.created_at")), updated_at=plain(instant("a.updated_at")),
)  # fmt: skip
ACCOUNTS = """
    FROM accounts_account AS a
    JOIN currencies_currency AS c ON c.code = a.currency_id
    LEFT JOIN institutions_financialinstitution AS i ON i.id = a.financial_institution_id
    LEFT JOIN LATERAL (
        SELECT value, cash_balance, timestamp FROM accounts_accountvalue AS v
        WHERE v.account_id = a.id AND v.timestamp < current_date + 1 ORDER BY timestamp DESC LIMIT 1
    ) AS v ON true
"""
HOLDING = written(
    id=plain("h.id"), account_id=plain("h.account_id"), security_id=plain("h.security_id"), security=SECURITY,
    quantity=number("h.quantity"), average_cost=number("h.average_cost"), shares=number("h.quantity"),
    average_price_per_share=number("h.average_cost"), currency_code=plain("coalesce(h.currency_id, s.currency_id)"),
    timestamp=plain(instant("h.timestamp")), quantity_today=number("h.quantity"), quantity_unconfirmed="'null'",
    current_price=number("p.close"), current_price_at=plain(whole_instant("p.timestamp")),
    current_price_currency=plain("s.currency_id"), cost_basis=number("h.quantity * h.average_cost"),
    market_value=number("h.quantity * p.close"), gain_loss=number("h.quantity * p.close - h.quantity * h.average_cost"),
    gain_loss_percent=number("round((p.close - h.average_cost) / h.average_cost * 100, 4)"),
    created_at=plain(instant("h.created_at")), updated_at=plain(instant("h.updated_at")),
)  # fmt: skip
HOLDINGS = """
    FROM accounts_holding AS h
    JOIN securities_security AS s ON s.id = h.security_id
    LEFT JOIN LATERAL (
        SELECT close, timestamp FROM securities_securityprice AS p
        WHERE p.security_id = h.security_id AND p.interval = '1d' AND p.timestamp > current_date - 10
        ORDER BY timestamp DESC LIMIT 1
    ) AS p ON true
"""
POINT = written(
    timestamp=plain(whole_instant("p.timestamp")), open=number("p.open"), high=number("p.high"), low=number("p.low"),
    close=number("p.close"), volume=other("p.volume"), adj_close=number("p.close"),
)  # fmt: skip
SERIES = written_at_once(
    security=SECURITY, prices="'[', p.items, ']'", interval_type="'\"1d\"'", adjusted="'\"splits\"'",
    count=other("p.count"), requested_start="'\"2000-01-01T00:00:00Z\"'",
    requested_end="'\"2040-01-01T23:59:59Z\"'", actual_start=plain(whole_instant("p.first")),
    actual_end=plain(whole_instant("p.last")), data_completeness="'\"sparse\"'",
)  # fmt: skip
STATEMENTS = {
    "prices": f"""
        SELECT {SERIES} FROM securities_security AS s, LATERAL (
            SELECT count(*) AS count, min(place) AS first, max(place) AS last, string_agg(item, ',') AS items FROM (
                SELECT p.timestamp AS place, {POINT} AS item FROM securities_securityprice AS p
                WHERE p.security_id = s.id AND p.interval = '1d' AND p.timestamp BETWEEN '2000-01-01' AND '2040-01-01'
                ORDER BY p.timestamp
            ) AS points
        ) AS p WHERE s.symbol = %s""",
    "accounts": f"""
        SELECT '[' || string_agg(item, ',') || ']'
        FROM (SELECT {ACCOUNT} AS item {ACCOUNTS} WHERE a.user_id = %s::uuid ORDER BY a.name, a.id) AS items""",
    "holdings": f"""
        SELECT '[' || string_agg(item, ',') || ']'
        FROM (SELECT {HOLDING} AS item {HOLDINGS} WHERE h.user_id = %s::uuid ORDER BY h.created_at, h.id) AS items""",
    "account": f"SELECT {ACCOUNT} {ACCOUNTS} WHERE a.id = %s::uuid",
    "holding": f"SELECT {HOLDING} {HOLDINGS} WHERE h.id = %s::uuid",
}  # fmt: skip


async def prepare(connection: AsyncConnection[Any]) -> None:
    """Let statements be prepared at their first use."""
    connection.prepare_threshold = 0
    await connection.set_autocommit(True)


@cache
def pool() -> AsyncConnectionPool[Any]:
    """Return the connections."""
    options = {"options": "-c jit=off"}
    return AsyncConnectionPool(
        os.environ["DATABASE_URL"], kwargs=options, min_size=4, max_size=8, configure=prepare, open=False
    )


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer with what PostgreSQL says."""
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    _, name, key = scope["path"].split("/")
    async with pool().connection() as connection:
        cursor = await connection.execute(STATEMENTS[name], [key])
        row: Any = await cursor.fetchone()
    body = row[0].encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(receive: Any, send: Any) -> None:
    """Open the connections at the start, and close them at the end."""
    while True:
        kind = (await receive())["type"].removeprefix("lifespan.")
        await (pool().open(wait=True) if kind == "startup" else pool().close())
        await send({"type": f"lifespan.{kind}.complete"})
        if kind == "shutdown":
            return
