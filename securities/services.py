"""Finding securities: among ours, and at the providers."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.cache import caches
from django.db import IntegrityError, transaction
from django.db.models import CharField, UUIDField
from django.utils import timezone

from finances.exceptions import (
    InvalidValueError,
    NotFoundError,
    ProviderError,
    ProviderNotFoundError,
    ProviderOutOfRangeError,
    TooManyRequestsError,
)
from finances.prepared import Parameter, PreparedRow
from securities import ingest, intake, models, searching, splits, units, windows
from securities.intake import Background, Intake
from securities.intervals import Interval
from securities.models import AssetClass, Security
from securities.providers import registry
from securities.providers.protocol import Capability, History, Listing, PriceProvider, Profile
from securities.symbols import is_symbol, require_symbol

# An unknown symbol costs a provider many requests, so the answer is remembered for this long.
UNKNOWN_FOR = timedelta(hours=1)
BY_ID = PreparedRow(lambda: Security.objects.filter(pk=Parameter("id", UUIDField())))
BY_SYMBOL = PreparedRow(lambda: Security.objects.filter(symbol=Parameter("symbol", CharField())))
# What `described` may set.
DESCRIBED = (
    "name", "asset_class", "exchange", "timezone", "sector", "industry", "market_cap", "currency", "unknown_since",
    "updated_at",
)  # fmt: skip


class SecurityNotFoundError(NotFoundError):
    """Neither we nor a provider knows the security."""

    code = "security_not_found"


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search: ours first, then what only a provider knows; ``warning`` says why there is no more."""

    stored: list[Security]
    listings: list[Listing]
    warning: str = ""


def search(*, text: str, limit: int) -> Found:
    """Find at most ``limit`` securities by the beginning of their symbol or a part of their name.

    Providers are asked only when ours are too few; their failure is a warning, not an error.
    """
    stored = searching.stored(text, limit=limit)
    room = limit - len(stored)
    if room <= 0 or not registry.chosen(Capability.SEARCH):
        return Found(stored, [])
    try:
        _, listings = registry.ask(Capability.SEARCH, lambda provider: provider.search(text, limit=limit))
    except (ProviderError, TooManyRequestsError) as exc:
        return Found(stored, [], f"{exc.message} Only stored securities are shown.")
    ours = set(
        Security.objects.filter(symbol__in=[listing.symbol.upper() for listing in listings]).values_list(
            "symbol", flat=True
        )
    )
    new = {listing.symbol.upper(): listing for listing in reversed(listings)}
    return Found(stored, [new[symbol] for symbol in reversed(new) if symbol not in ours][:room])


def find(name: str) -> Security | None:
    """Return the stored security that ``name`` means: an id, or a symbol in any case."""
    try:
        return BY_ID.get(id=uuid.UUID(name))
    except ValueError:
        symbol = name.strip().upper()  # as `require_symbol` reads it, or what is stored would be fetched again
        return BY_SYMBOL.get(symbol=symbol) if is_symbol(symbol) else None


def get_or_fetch(name: str) -> Security:
    """Return the security called ``name``; one that is not stored is fetched with its daily prices, and stored.

    All is stored or nothing. An unknown symbol is remembered as such for an hour.

    Raises:
        SecurityNotFoundError: no provider knows it, or ``name`` cannot be a symbol.
        ProviderError: a provider that might know it cannot be asked now.
    """
    security = find(name)
    if security is not None:
        return security
    try:
        symbol = require_symbol(name)
    except InvalidValueError as exc:
        raise SecurityNotFoundError(f"There is no security {name[:40]}. {exc.message}") from exc
    cache, key = caches["default"], f"unknown-symbol:{symbol}"
    if cache.get(key) or not registry.chosen(Capability.PROFILE):
        raise SecurityNotFoundError(f"There is no security {symbol}.")
    try:
        # no network call inside a transaction
        provider, profile = registry.ask(Capability.PROFILE, lambda provider: provider.profile(symbol))
        history = first_history(provider, symbol)
    except ProviderNotFoundError as exc:
        cache.set(key, 1, timeout=int(UNKNOWN_FOR.total_seconds()))
        raise SecurityNotFoundError(f"There is no security {symbol}; no provider knows it.") from exc
    return store_new(symbol=symbol, profile=profile, history=history)


def first_history(provider: PriceProvider, symbol: str) -> History | None:
    """Return all daily bars that the provider has, or None when it has none of this symbol or gives none at all.

    Raises:
        ProviderError: it cannot be asked now.
    """
    limit = provider.limits.get(Interval.DAY)
    if Capability.HISTORY not in provider.capabilities or limit is None:
        return None
    today = timezone.localdate(timezone=UTC)  # prices are shared: not the day of whoever asks
    wanted = windows.plan(Interval.DAY, since=windows.EARLIEST, today=today, limit=limit)
    try:
        return intake.joined(
            [
                provider.history(symbol, interval=Interval.DAY, since=window.since, until=window.until)
                for window in wanted
            ]
        )
    except (ProviderNotFoundError, ProviderOutOfRangeError):
        return None


def store_new(*, symbol: str, profile: Profile, history: History | None) -> Security:
    """Store a security with its daily prices; when somebody else was faster, return theirs."""
    now = timezone.now()
    prepared = intake.prepare(history, background=Background(), now=now) if history is not None else Intake()
    security = described(Security(symbol=symbol), profile, now=now)
    security.sync_problem = prepared.problem
    security.last_synced_at = now if history is not None else None
    if history is not None:
        security.split_readings = {Interval.DAY.value: splits.kept_form(splits.readings_of(prepared.actions))}
    security.timezone = security.timezone or (history.timezone if history is not None else "")
    if security.currency_id is None and prepared.currency:
        security.currency_id = known_currency(prepared.currency)
    try:
        with transaction.atomic():
            security.save(force_insert=True)
            ingest.store(security=security, interval=Interval.DAY, intake=prepared)
    except IntegrityError:
        faster = find(symbol)
        if faster is None:
            raise
        return faster
    return security


def described(security: Security, profile: Profile, *, now: datetime) -> Security:
    """Take over what ``profile`` tells; what it does not tell stays. Does not save."""
    security.name = profile.name[:200] or security.name
    if profile.asset_class in AssetClass.values and profile.asset_class != AssetClass.OTHER:
        security.asset_class = profile.asset_class
    security.exchange = profile.exchange[:50] or security.exchange
    security.timezone = profile.timezone[:64] or security.timezone
    security.sector = profile.sector[:100] or security.sector
    security.industry = profile.industry[:100] or security.industry
    if profile.market_cap is not None and 0 <= profile.market_cap <= models.LARGEST_MARKET_CAP:
        security.market_cap = profile.market_cap
    if security.currency_id is None and profile.currency:
        security.currency_id = known_currency(units.main_unit(profile.currency)[0])
    security.unknown_since = None
    security.updated_at = now
    return security


def known_currency(code: str) -> str | None:
    """Return ``code`` when it is a currency of ours; a price in another is missing its currency."""
    return code if ingest.currencies_of([code]) else None


def fetch_profile(symbol: str) -> Profile:
    """Ask the providers what is known of a security.

    Raises:
        ProviderError: nobody can tell.
    """
    return registry.ask(Capability.PROFILE, lambda provider: provider.profile(symbol))[1]


def refresh_profile(*, security: Security) -> Security:
    """Ask the providers what is known of a security, and store it.

    Raises:
        ProviderError: nobody can tell now; when all are sure that there is no such thing, that is kept.
        SecurityNotFoundError: it was deleted meanwhile.
    """
    try:
        profile = fetch_profile(security.symbol)
    except ProviderNotFoundError:
        mark_unknown(security=security)
        raise
    with transaction.atomic():
        # Read again under its lock: while the provider was asked, somebody may have changed what it does not tell.
        stored: Security | None = Security.objects.select_for_update(of=("self",)).filter(pk=security.pk).first()
        if stored is None:
            raise SecurityNotFoundError(f"{security.symbol} was deleted meanwhile.")
        described(stored, profile, now=timezone.now()).save(update_fields=DESCRIBED)
    return stored


def mark_unknown(*, security: Security) -> None:
    """Keep since when no provider knows the security; what is stored of it stays."""
    Security.objects.filter(pk=security.pk, unknown_since=None).update(unknown_since=timezone.now())
