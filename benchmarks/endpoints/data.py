"""The rows that are asked for, made by PostgreSQL itself.

At scale 1: 50 000 securities, of which 500 have 2 500 daily prices; 1 000 users with 5 accounts of 10 holdings and 250
values each; and 20 users with 50 such accounts, but without holdings. The same rows each time, up to yesterday.
"""

from dataclasses import dataclass
from typing import Any

DAYS, VALUES, HOLDINGS = 2500, 250, 10
PRICED, LISTED, USERS, WIDE_USERS = 500, 50_000, 1000, 20
ACCOUNTS, WIDE_ACCOUNTS = 5, 50
ASKING = 20  # users of each kind for whom tokens are made
ADJECTIVES = "Northern,Pacific,Granite,Silver,Maple,Harbour,Summit,Prairie,Coastal,Royal"
NOUNS = "Copper,Energy,Foods,Software,Timber,Railway,Biotech,Insurance,Water,Textiles,Robotics,Shipping"
ENDINGS = "Corp,Holdings,Group,Trust,Industries,Partners,Limited"

# {listed} and the like are counts. Keys are made from names, so that rows need not be looked up to be pointed at. Costs
# are such that no percentage ends in a 5 that two ways might round in two ways.
STATEMENTS = (
    """
    INSERT INTO currencies_currencyrate (base_id, target_id, date, rate, source, created_at, updated_at)
    SELECT 'EUR', target, day, round((1.3 + 0.1 * sin(extract(epoch FROM day) / 9e6))::numeric, 4), 'ecb', now(), now()
    FROM unnest(ARRAY['CAD', 'USD']) AS target, generate_series(current_date - 4000, current_date, '1 day') AS day
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO securities_security (id, symbol, name, asset_class, exchange, timezone, sector, industry, market_cap,
        last_synced_at, sync_problem, prices_version, adjustments, split_readings, currency_id, is_fetched, created_at,
        updated_at)
    SELECT md5('security' || n)::uuid,
        (SELECT string_agg(chr(65 + (n::bigint * 17683 % 456976 / power(26, place)::int)::int % 26), '') || '.' || n % 7
         FROM generate_series(0, 3) AS place),
        format('%s %s %s %s', (string_to_array('{adjectives}', ','))[1 + n % 10],
            (string_to_array('{nouns}', ','))[1 + n / 10 % 12],
            (string_to_array('{endings}', ','))[1 + n / 120 % 7], n),
        'equity', 'XNYS', 'America/New_York', 'Industrials', 'Machinery', 1000000::bigint * n, now(), '', 1, '[]',
        '{{}}',
        CASE WHEN n % 2 = 0 THEN 'CAD' ELSE 'USD' END, true, now(), now()
    FROM generate_series(0, {listed} - 1) AS n
    """,
    """
    INSERT INTO securities_securityprice (security_id, interval, timestamp, open, high, low, close, volume)
    SELECT md5('security' || n)::uuid, '1d', (current_date - day)::timestamp AT TIME ZONE 'UTC',
        round(close * 0.997, 4), round(close * 1.01, 4), round(close * 0.99, 4), close,
        (n * 7919 + day * 104729) % 1000000000
    FROM generate_series(0, {priced} - 1) AS n, generate_series({days}, 1, -1) AS day, LATERAL (
        SELECT round((60 + n % 50 + 40 * sin(day / 97.0 + n) + 5 * sin(day * 1.7 + n * 3))::numeric, 4) AS close
    ) AS walk
    """,
    """
    INSERT INTO users_user (id, password, is_superuser, created_at, updated_at, email, username, timezone, is_active,
        email_verified, security_stamp, base_currency_id, pending_email)
    SELECT md5('user' || n)::uuid, '!', false, now(), now(), 'user' || n || '@example.org', 'user' || n, 'UTC', true,
        true, substr(md5('stamp' || n), 1, 16), 'CAD', ''
    FROM generate_series(0, {users} + {wide_users} - 1) AS n
    """,
    """
    INSERT INTO institutions_financialinstitution (id, user_id, name, institution_type, website, created_at, updated_at)
    SELECT md5('institution' || n || '/' || i)::uuid, md5('user' || n)::uuid, 'Institution ' || i, 'brokerage',
        'https://institution.example/', now(), now()
    FROM generate_series(0, {users} + {wide_users} - 1) AS n, generate_series(0, 4) AS i
    """,
    """
    INSERT INTO accounts_account (id, user_id, name, account_type, description, is_investment_account, interest_rate,
        currency_id, financial_institution_id, created_at, updated_at)
    SELECT md5('account' || n || '/' || i)::uuid, md5('user' || n)::uuid, 'Account ' || lpad(i::text, 2, '0'), 'margin',
        'Kept for later', true, 1.25, CASE WHEN i % 2 = 0 THEN 'CAD' ELSE 'USD' END,
        md5('institution' || n || '/' || i % 5)::uuid, now() - interval '1 day', now() - interval '1 day'
    FROM generate_series(0, {users} + {wide_users} - 1) AS n, LATERAL (
        SELECT generate_series(0, CASE WHEN n < {users} THEN {accounts} ELSE {wide_accounts} END - 1) AS i
    ) AS numbers
    """,
    """
    INSERT INTO accounts_accountvalue (id, user_id, account_id, timestamp, value, cash_balance, created_at, updated_at)
    SELECT gen_random_uuid(), user_id, id, date_trunc('day', now()) - i * interval '7 days' - interval '12 hours',
        round(20000 + 100 * i + 37.25 * (i % 9), 2), round(900 + 10.5 * (i % 7), 2), now(), now()
    FROM accounts_account, generate_series({values} - 1, 0, -1) AS i
    """,
    """
    INSERT INTO accounts_holding (id, user_id, account_id, security_id, quantity, average_cost, currency_id, timestamp,
        created_at, updated_at, in_investment_account)
    SELECT md5('holding' || n || '/' || a || '/' || i)::uuid, md5('user' || n)::uuid,
        md5('account' || n || '/' || a)::uuid, md5('security' || (n * 31 + a * 7 + i) % {priced})::uuid,
        round(10 + i * 1.5 + n % 7, 4), 1.001 * (40 + i * 2 + n % 11), NULL, now() - interval '400 days',
        now() - interval '1 day', now() - interval '1 day', true
    FROM generate_series(0, {users} - 1) AS n, generate_series(0, {accounts} - 1) AS a,
        generate_series(0, {holdings} - 1) AS i
    """,
    """
    INSERT INTO accounts_historicalaccount (id, user_id, name, account_type, description, is_investment_account,
        interest_rate, currency_id, financial_institution_id, created_at, updated_at, history_date, history_type)
    SELECT id, user_id, name, account_type, description, is_investment_account, interest_rate, currency_id,
        financial_institution_id, created_at, updated_at, updated_at, '+' FROM accounts_account
    """,
    """
    INSERT INTO accounts_historicalaccountvalue (id, user_id, account_id, timestamp, value, cash_balance, created_at,
        updated_at, history_date, history_type)
    SELECT id, user_id, account_id, timestamp, value, cash_balance, created_at, updated_at, updated_at, '+'
    FROM accounts_accountvalue
    """,
    """
    INSERT INTO accounts_historicalholding (id, user_id, account_id, security_id, quantity, average_cost, currency_id,
        timestamp, created_at, updated_at, history_date, history_type)
    SELECT id, user_id, account_id, security_id, quantity, average_cost, currency_id, timestamp, created_at,
        updated_at, updated_at, '+' FROM accounts_holding
    """,
)
# All that no constraint needs: built once at the end, they take half as long.
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks: the ids of a user and of the accounts and holdings, and an access token."""

    user: str
    token: str
    accounts: list[str]
    holdings: list[str]


def fill(connection: Any, scale: float) -> None:
    """Store all rows in the empty, migrated database of ``connection``, which may switch off its triggers."""
    counts = {
        "listed": max(int(LISTED * scale), 1000), "priced": max(int(PRICED * scale), ASKING), "days": DAYS,
        "users": max(int(USERS * scale), ASKING), "wide_users": WIDE_USERS, "accounts": ACCOUNTS, "values": VALUES,
        "wide_accounts": WIDE_ACCOUNTS, "holdings": HOLDINGS,
    }  # fmt: skip
    words = {"adjectives": ADJECTIVES, "nouns": NOUNS, "endings": ENDINGS}
    with connection.cursor() as cursor:
        # What each row points at is known to be there; to look for it takes as long as to store the row.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for statement in [*STATEMENTS, *(definition for _, definition in indexes)]:
            cursor.execute(statement.format(**counts, **words))
        cursor.execute("RESET ALL")
        cursor.execute("VACUUM ANALYZE")


def is_filled(connection: Any) -> bool:
    """Tell whether somebody filled the database before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM accounts_holding)")
        return bool(cursor.fetchone()[0])


def askers(*, are_wide: bool) -> list[Asker]:
    """Return users who ask: those with 5 accounts and 50 holdings, or the wide ones, with 50 accounts."""
    from accounts.models import Account, Holding
    from users import sessions
    from users.models import User

    people = User.objects.order_by("-username" if are_wide else "username")
    size = WIDE_ACCOUNTS if are_wide else ACCOUNTS
    found = []
    for user in people.filter(username__startswith="user"):
        accounts = [str(key) for key in Account.objects.for_user(user).values_list("pk", flat=True)]
        if len(accounts) == size:
            holdings = [str(key) for key in Holding.objects.for_user(user).values_list("pk", flat=True)]
            found.append(Asker(str(user.pk), str(sessions.start(user=user).access_token), accounts, holdings))
        if len(found) == ASKING:
            break
    return found


def symbols() -> list[str]:
    """Return the symbols of some securities that have prices."""
    from securities.models import Security

    return list(Security.objects.with_prices().order_by("symbol").values_list("symbol", flat=True)[:ASKING])
