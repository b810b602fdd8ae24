"""Bringing the prices of one security up to date: claimed, fetched, looked through, stored whole or not at all."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from finances.exceptions import ConflictError, ProviderNotFoundError
from securities import fetches, ingest, services
from securities.fetches import Fetched
from securities.ingest import Ingested
from securities.intervals import Interval
from securities.models import Security, SecurityPrice


class SyncRunningError(ConflictError):
    """Somebody fetches the security's prices already."""

    code = "sync_running"


class CurrencyMismatchError(ConflictError):
    """Prices come in another currency than the stored ones."""

    code = "currency_mismatch"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of a sync; ``problem`` says what was held back, ``unreached`` what nobody keeps any more, if any."""

    security: Security
    interval: Interval
    ingested: Ingested = field(default_factory=Ingested)
    held_back: int = 0
    problem: str = ""
    is_stale: bool = False
    unreached: str = ""

    @property
    def message(self) -> str:
        """Return the result in a sentence or two."""
        count = self.ingested.total
        sentence = f"{count} prices of {self.security.symbol} synced" if count else "There are no new prices"
        sentence += f", {self.ingested.inserted} of them new." if self.ingested.inserted else "."
        if self.is_stale:
            sentence += " The provider is away; this is an older answer of its own."
        return " ".join(filter(None, [sentence, self.unreached, self.problem]))


def sync_security(
    *, security: Security, interval: Interval = Interval.DAY, since: date | None = None, dry_run: bool = False
) -> SyncResult:
    """Fetch what is missing of a security's prices, and store it in one transaction.

    From the last stored bar minus an overlap to today, and back to ``since`` when that lies before the first; without
    ``since`` and without prices, all that the provider has. With ``dry_run`` everything is fetched, nothing kept.

    Raises:
        SyncRunningError: another sync of it is running; one that died frees it after ten minutes.
        ProviderError: the providers cannot give the prices; what is stored stays as it is.
        CurrencyMismatchError: they come in another currency than the stored ones.
    """
    claimed_at = claim(security=security)
    try:
        # no network call inside a transaction
        fetched = fetches.fetch(security, interval, since)
        ingested = _store(security, interval, fetched, claimed_at=claimed_at, keep=not dry_run)
    except ProviderNotFoundError:
        services.mark_unknown(security=security)
        raise
    finally:
        release(security=security, claimed_at=claimed_at)
    security.refresh_from_db()
    is_stale = fetched.history is not None and fetched.history.is_stale
    return SyncResult(security, interval, ingested, fetched.held_back, fetched.problem, is_stale, fetched.unreached)


def claim(*, security: Security) -> datetime:
    """Claim the security for a sync by one conditional update; return the time stamp that proves the claim.

    Raises:
        SyncRunningError: somebody alive has it.
    """
    now = timezone.now()
    if not Security.objects.filter(pk=security.pk).claimable(now).update(sync_started_at=now):
        raise SyncRunningError(f"{security.symbol} is being synced already; try again when that is done.")
    return now


def release(*, security: Security, claimed_at: datetime) -> None:
    """Give up a claim; one that somebody took over stays theirs."""
    Security.objects.filter(pk=security.pk, sync_started_at=claimed_at).update(sync_started_at=None)


@transaction.atomic
def _store(security: Security, interval: Interval, fetched: Fetched, *, claimed_at: datetime, keep: bool) -> Ingested:
    """Write everything under the security's lock, provided the claim is still ours; without ``keep``, take it back."""
    symbol = security.symbol
    locked = Security.objects.select_for_update().filter(pk=security.pk, sync_started_at=claimed_at).first()
    if locked is None:
        raise SyncRunningError(f"The sync of {symbol} took too long, and another took over.")
    take_currency(locked, fetched.intake.currency)
    ingested = ingest.store(security=locked, interval=interval, intake=fetched.intake)
    changes: dict[str, Any] = {"sync_problem": fetched.problem, "last_synced_at": timezone.now(), "unknown_since": None}
    changes["is_fetched"] = True  # whoever asked for it by name has found that it can be had
    if fetched.history is not None and not locked.timezone:
        changes["timezone"] = fetched.history.timezone[:64]
    if fetched.readings is not None:
        changes["split_readings"] = locked.split_readings | {interval.value: fetched.readings}
    Security.objects.filter(pk=locked.pk).update(currency=locked.currency_id, **changes)
    transaction.set_rollback(not keep)
    return ingested


def take_currency(security: Security, currency: str) -> None:
    """Set the security's currency when it has none; does not save.

    Raises:
        CurrencyMismatchError: it has another one.
    """
    if not currency or currency == security.currency_id:
        return
    if security.currency_id is not None:
        raise CurrencyMismatchError(
            f"Prices of {security.symbol} come in {currency}; the stored ones are in {security.currency_id}."
        )
    security.currency_id = services.known_currency(currency)


def sync_named(
    *, name: str, interval: Interval = Interval.DAY, since: date | None = None, dry_run: bool = False
) -> SyncResult:
    """Sync the security called ``name``; one that is not stored yet is fetched and stored with its daily prices.

    Raises:
        SecurityNotFoundError: nobody knows it; in a dry run, when it is not stored.
        SyncRunningError, CurrencyMismatchError, ProviderError: as `sync_security` does.
    """
    security = services.find(name)
    if security is not None:
        return sync_security(security=security, interval=interval, since=since, dry_run=dry_run)
    if dry_run:
        raise services.SecurityNotFoundError(f"{name} is not stored; a dry run adds nothing.")
    security = services.get_or_fetch(name)
    if interval is not Interval.DAY or security.last_synced_at is None:
        return sync_security(security=security, interval=interval, since=since)
    count = SecurityPrice.objects.filter(security=security, interval=interval).count()
    return SyncResult(security, interval, ingested=Ingested(inserted=count), problem=security.sync_problem)
