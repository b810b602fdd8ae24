"""What the figures are made from: are rates and prices fresh, and what needs a hand?"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count
from django.utils import timezone

from accounts.market_figures import MAX_PRICE_AGE_DAYS
from accounts.models import Account, Holding
from currencies import services
from currencies.conversion import MAX_RATE_AGE
from currencies.models import Currency, CurrencyRate
from operations.doctor.findings import Finding, error, ok, some, warning
from securities.models import SYNC_TIMEOUT, QuarantinedRecord, Security
from users.models import User

# Nobody publishes from Good Friday to Easter Monday; what is older than that has been forgotten.
USUAL_AGE = timedelta(days=4)


def today() -> date:
    """Return the day that it is in UTC."""
    return timezone.now().date()


def check_rates() -> Iterator[Finding]:
    """Look whether the currencies that people count in have rates that still count."""
    codes = currencies_in_use()
    if len(codes) < 2:  # noqa: PLR2004 - two sides of a conversion
        yield ok("Everybody counts in one currency, so no exchange rates are needed.")
        return
    newest = {code: CurrencyRate.objects.newest_dates(code, today())[0] for code in codes}
    missing = [code for code, on in newest.items() if on is None or today() - on > MAX_RATE_AGE]
    late = {code: on for code, on in newest.items() if on and USUAL_AGE < today() - on <= MAX_RATE_AGE}
    remedy = "Run `manage.py sync_rates`, and see that it runs each day."
    if missing:
        told = some(f"{code} ({newest[code] or 'none at all'})" for code in missing)
        yield error(f"No rate of the last {MAX_RATE_AGE.days} days, so figures are incomplete: {told}.", remedy)
    if late:
        yield warning(f"Rates are old: {some(f'{code} ({on})' for code, on in late.items())}.", remedy)
    if not missing and not late:
        yield ok(f"The {len(codes)} currencies in use have fresh rates.")
    yield from holes_in_rates()


def holes_in_rates() -> Iterator[Finding]:
    """Look for days of the last weeks for which no rate counts, though there are newer ones."""
    holes = services.holes(until=today())
    if holes:
        told = some(f"{hole.first}" if hole.first == hole.last else f"{hole.first} to {hole.last}" for hole in holes)
        yield warning(
            f"No rate counts for days between others, so figures of these are incomplete: {told}.",
            f"Run `manage.py sync_rates --since {holes[0].after}`.",
        )


def currencies_in_use() -> list[str]:
    """Return the codes of the currencies that people, accounts, holdings and what is held count in."""
    codes = set(User.objects.filter(is_active=True).order_by().values_list("base_currency_id", flat=True).distinct())
    codes |= set(Account.objects.order_by().values_list("currency_id", flat=True).distinct())
    codes |= set(Holding.objects.order_by().values_list("currency_id", flat=True).distinct())
    codes |= set(Security.objects.in_use().order_by().values_list("currency_id", flat=True).distinct())
    # The ended ones have rates that are fixed for ever, or none any more.
    return sorted(Currency.objects.active().filter(pk__in=codes - {None}).values_list("pk", flat=True))


def check_prices() -> Iterator[Finding]:
    """Look whether what is held has a close that still counts."""
    held: Any = Security.objects.in_use().with_last_close().order_by("symbol")
    closes: list[tuple[str, datetime | None]] = list(held.values_list("symbol", "last_close_at"))
    remedy = "Run `manage.py sync_prices --all`, or import their prices."
    without = [symbol for symbol, at in closes if at is None]
    oldest = timedelta(days=MAX_PRICE_AGE_DAYS)
    old = [f"{symbol} ({at.date()})" for symbol, at in closes if at is not None and today() - at.date() > oldest]
    late = sum(at is not None and USUAL_AGE < today() - at.date() <= oldest for _, at in closes)
    if without:
        yield warning(f"{len(without)} securities are held and have no price: {some(without)}.", remedy)
    if old:
        yield warning(
            f"{len(old)} securities are held and have no price of the last {MAX_PRICE_AGE_DAYS} days: {some(old)}.",
            remedy,
        )
    if late:
        yield warning(f"The newest price of {late} securities that are held is more than four days old.", remedy)
    if not (without or old or late):
        yield ok(f"The {len(closes)} securities that are held have fresh prices.")


def check_quarantine() -> Iterator[Finding]:
    """Count what was told and not believed."""
    held_back = QuarantinedRecord.objects.values("security__symbol").annotate(count=Count("pk")).order_by("-count")
    rows = [(row["security__symbol"], row["count"]) for row in held_back]
    if rows:
        told = some(f"{symbol} ({count})" for symbol, count in rows)
        yield warning(
            f"{sum(count for _, count in rows)} prices, splits or dividends are held back: {told}.",
            "Look at them in the admin, under Quarantined records; enter the missing split, or delete what is wrong.",
        )
    else:
        yield ok("Nothing is held back.")


def check_syncs() -> Iterator[Finding]:
    """Find syncs that did not come to an end, or to a good one."""
    now = timezone.now()
    dead = _symbols(Security.objects.filter(sync_started_at__lt=now - SYNC_TIMEOUT))
    running = Security.objects.filter(sync_started_at__gte=now - SYNC_TIMEOUT).count()
    troubled = _symbols(Security.objects.in_use().exclude(sync_problem=""))
    unknown = _symbols(Security.objects.in_use().exclude(unknown_since=None))
    if dead:
        yield warning(
            f"{len(dead)} syncs were killed, and hold nothing up: {some(dead)}.",
            "Run `manage.py sync_prices` for them; see the log for what killed them.",
        )
    if troubled:
        yield warning(
            f"The last sync of {len(troubled)} securities that are held left something out: {some(troubled)}.",
            "The admin shows the reason with each of them.",
        )
    if unknown:
        yield warning(
            f"No provider knows these any more, which are held: {some(unknown)}.",
            "Find out under which symbol they are traded now.",
        )
    if not (dead or troubled or unknown):
        yield ok(f"{running} syncs are running." if running else "No sync is unfinished.")


def _symbols(securities: "models.QuerySet[Security]") -> list[str]:
    return list(securities.order_by("symbol").values_list("symbol", flat=True))
