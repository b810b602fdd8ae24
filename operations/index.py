"""What an operator asks each morning, as numbers and bars for the admin's first page; each leads to the rows behind it.

Every question reads to a bound, whatever the tables hold. ``PANELS`` lists what is shown.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from currencies.models import CurrencyRate
from finances import http
from finances.exceptions import ProviderUnavailableError
from operations import work_panels
from operations.panels import DAYS, MOST, Bar, Panel, by_day, counted, listed, written
from securities.models import STALE_AFTER, STATES, QuarantinedRecord, Security, SecurityPrice
from users.models import TokenFamily, User

RATES_LATE_AFTER = timedelta(days=4)  # a weekend and a holiday
MEGABYTE = 1024 * 1024


# ---- The questions ----


def people(now: datetime) -> Panel:
    """Who is there, and who signed in."""
    sessions = TokenFamily.objects.filter(expires_at__gt=now - timedelta(days=DAYS)).order_by("-expires_at")
    days = [at.date() for at in sessions.values_list("created_at", flat=True)[:MOST]]
    users, unverified = listed("users_user"), counted(User.objects.filter(email_verified=False))
    return Panel(
        "People and sign-ins",
        figures=[
            ("people", written(counted(User.objects.all())), users),
            ("sessions", written(counted(TokenFamily.objects.living(now=now))), listed("users_tokenfamily")),
            ("unverified", written(unverified), f"{users}?email_verified__exact=0"),
        ],
        columns=by_day(
            days,
            today=now.date(),
            address=lambda day: listed("users_tokenfamily", f"since={day}&until={day}"),
        ),
        note="Sign-ins by day, as far as their sessions are kept.",
    )


def prices(now: datetime) -> Panel:
    """How old the last daily price of each security is."""
    priced: Any = Security.objects.order_by("symbol").with_last_close()
    ends = priced.values_list("last_close_at", flat=True)[:MOST]
    ages = Counter(age_of(at, now) for at in ends)
    stale, none = listed("securities_security", "state=stale"), listed("securities_security", "state=priceless")
    return Panel(
        "Prices by freshness",
        figures=[
            ("securities", written(ages.total()), listed("securities_security")),
            ("prices, about", f"{about(SecurityPrice):,}", listed("securities_securityprice")),
        ],
        bars=[
            Bar("up to a day", ages["day"], listed("securities_security")),
            Bar(f"up to {STALE_AFTER.days} days", ages["fresh"], listed("securities_security")),
            Bar("stale", ages["stale"], stale, "bad"),
            Bar("without prices", ages["none"], none, "bad"),
        ],
        note="Age of each security's last daily close.",
    )


def age_of(at: datetime | None, now: datetime) -> str:
    """Say how fresh a last close is."""
    if at is None:
        return "none"
    if now - at >= STALE_AFTER:
        return "stale"
    return "day" if now - at < timedelta(days=2) else "fresh"  # a day's price is stamped with its midnight


def rates(now: datetime) -> Panel:
    """How many rates there are of each of the last days."""
    since = now.date() - timedelta(days=DAYS)
    days = list(CurrencyRate.objects.filter(date__gt=since).order_by("-date").values_list("date", "source")[:MOST])
    newest = newest_rate()
    figures = [("newest", str(newest or "none"), listed("currencies_currencyrate"))]
    for source, count in sorted(Counter(source for _, source in days).items()):
        figures.append((source, f"{count:,}", listed("currencies_currencyrate", f"source={source}")))
    return Panel(
        "Exchange rates",
        figures=figures,
        columns=by_day(
            (day for day, _ in days),
            today=now.date(),
            address=lambda day: listed("currencies_currencyrate", f"since={day}&until={day}"),
        ),
        note=f"Rates by the day that they are of; sources of the last {DAYS} days.",
    )


def newest_rate() -> date | None:
    """Return the newest day that has a rate."""
    return CurrencyRate.objects.order_by("-date").values_list("date", flat=True).first()


def syncs(now: datetime) -> Panel:
    """When the prices of securities were last fetched."""
    rows = Security.objects.order_by("symbol").values_list("last_synced_at", "sync_problem")[:MOST]
    ages: Counter[str] = Counter()
    for at, problem in rows:
        ages["never" if at is None else "day" if now - at < timedelta(days=1) else "older"] += 1
        ages["problem"] += bool(problem)
    securities = listed("securities_security")
    return Panel(
        "Syncs of securities",
        bars=[
            Bar("in the last day", ages["day"], securities),
            Bar("longer ago", ages["older"], securities),
            Bar("never", ages["never"], listed("securities_security", "state=never")),
            Bar("held something back", ages["problem"], listed("securities_security", "state=held-back"), "bad"),
        ],
        note="The last sync of each security.",
    )


def providers(_now: datetime) -> Panel:
    """How the providers of prices and rates do, and how often the cache spares a question."""
    title, address = "Providers and their cache", reverse("health-cache")
    try:
        stats = http.stats()
    except ProviderUnavailableError as exc:
        return Panel(title, note=exc.message)
    asked = ", ".join([*settings.PRICE_PROVIDERS, *settings.RATE_PROVIDERS]) or "none"
    resting = [f"{name} rests for {rest['seconds']} s: {rest['reason']}" for name, rest in stats["cooldowns"].items()]
    return Panel(
        title,
        figures=[
            ("from the cache", f"{stats['hit_rate']:.0%}" if stats["total_requests"] else "-", address),
            ("answers kept", f"{stats['size']:,}", address),
        ],
        bars=[
            Bar("from the cache", stats["hits"], address),
            Bar("old, provider away", stats["stale_hits"], address),
            Bar("asked", stats["misses"], address),
            Bar("without an answer", stats["errors"], address, "bad"),
        ],
        note=" ".join(resting) or f"None rests. Asked are {asked}.",
    )


def storage(_now: datetime) -> Panel:
    """How large the database is, and how much room is left beside it."""
    room = shutil.disk_usage(settings.VAR_DIR)
    tables = largest_tables()
    return Panel(
        "Database",
        figures=[
            (connection.vendor, f"{database_size() / MEGABYTE:,.1f} MB", ""),
            ("free where files are", f"{room.free / MEGABYTE / 1024:,.1f} GB", ""),
        ],
        bars=[Bar(name, size // MEGABYTE) for name, size in tables],
        note="The largest tables with their indexes, in MB." if tables else "",
    )


def database_size() -> int:
    """Return the bytes of the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])


def largest_tables() -> list[tuple[str, int]]:
    """Return the largest tables and their bytes; SQLite does not keep them."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY size DESC LIMIT 5"
        )
        return [(str(name), int(size)) for name, size in cursor.fetchall()]


def about(model: Any) -> int:
    """Return about how many rows a table has, without counting them: by the database's own estimate, or its keys."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
            estimate = int(cursor.fetchone()[0])
        if estimate > 0:
            return estimate
    newest = model.objects.order_by("-pk").values_list("pk", flat=True).first()
    return int(newest or 0)


# ---- What needs a hand ----


def needs(now: datetime) -> list[Bar]:
    """Return what somebody should look at, with where to look; nothing when all is well."""
    found = [
        Bar(
            f"Securities {STATES[state]}",
            counted(Security.objects.in_state(state, now=now)),
            listed("securities_security", f"state={state}"),
        )
        for state in ("held-back", "unknown", "stale")
    ]
    found.append(
        Bar("Records in quarantine", counted(QuarantinedRecord.objects.all()), listed("securities_quarantinedrecord"))
    )
    found += work_panels.needs(now)
    found.append(Bar("Providers at rest", resting(), reverse("health-cache")))
    newest = newest_rate()
    if newest is None or now.date() - newest > RATES_LATE_AFTER:
        label = f"Days since the newest exchange rate, of {newest}" if newest else "No exchange rates at all"
        found.append(Bar(label, (now.date() - newest).days if newest else 1, listed("currencies_currencyrate")))
    return [bar for bar in found if bar.count]


def resting() -> int:
    """Return how many providers are not asked for now."""
    try:
        return len(http.stats()["cooldowns"])
    except ProviderUnavailableError:
        return 0


PANELS: tuple[Callable[[datetime], Panel], ...] = (
    people, prices, rates, syncs, work_panels.runs, work_panels.waiting, providers, work_panels.slowest, storage,
)  # fmt: skip


def panels() -> dict[str, Any]:
    """Return what the first page shows."""
    now = timezone.now()
    return {"needs": needs(now), "panels": [panel(now) for panel in PANELS], "now": now}
