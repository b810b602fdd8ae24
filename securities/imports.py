"""Prices from files instead of a provider."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone

from finances.exceptions import InvalidValueError
from securities import adjustment, derived, ingest, intake, services, syncs, units
from securities.ingest import Ingested
from securities.intake import Background, Intake
from securities.intervals import Interval
from securities.models import Security
from securities.providers import csv_files
from securities.providers.protocol import History, SkippedRow
from securities.symbols import require_symbol


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file."""

    path: Path
    layout: str
    interval: Interval
    row_count: int
    ingested: Ingested
    problem: str
    skipped: Sequence[SkippedRow]

    @property
    def message(self) -> str:
        """Return the result in a sentence or two."""
        done = self.ingested
        sentence = (
            f"{self.path.name} ({self.layout}, {self.interval}): {self.row_count} rows, {done.inserted} prices new, "
            f"{done.updated} changed, {done.unchanged} as they were."
        )
        if self.skipped:
            sentence += f" {len(self.skipped)} rows skipped, the first in line {self.skipped[0].row}: "
            sentence += f"{self.skipped[0].reason}."
        return f"{sentence} {self.problem}".strip()


def import_prices(
    *, path: Path, symbol: str, currency: str, interval: Interval | None = None, dry_run: bool = False
) -> ImportResult:
    """Store the prices in a file as those of ``symbol``, which is made when there is none; all of it or nothing.

    ``currency`` is as quoted: ``GBp`` are pence. Whether splits were taken out of the prices is told from the prices
    around them. With ``dry_run`` everything is checked and nothing kept.

    Raises:
        InvalidValueError: the file, the symbol or the currency cannot be used.
        SyncRunningError: the security is being synced.
        CurrencyMismatchError: its stored prices are in another currency.
    """
    symbol = require_symbol(symbol)
    require_currency(currency)
    file = csv_files.read(path, symbol=symbol, interval=interval, zone=zone_of(services.find(symbol)))
    history = replace(file.history, currency=currency)
    with transaction.atomic():
        ingested, prepared = take_in(symbol=symbol, interval=file.interval, history=history)
        transaction.set_rollback(dry_run)
    return ImportResult(
        path, file.layout, file.interval, file.row_count, ingested, prepared.problem, tuple(file.history.skipped)
    )


@transaction.atomic
def take_in(*, symbol: str, interval: Interval, history: History) -> tuple[Ingested, Intake]:
    """Store what of ``history`` can be believed as prices of ``symbol``, which is made when there is none.

    Returns what was stored, and what it was made from, with what was held back.

    Raises:
        SyncRunningError: the security is being synced.
        CurrencyMismatchError: its stored prices are in another currency.
    """
    security = services.find(symbol) or Security.objects.create(symbol=symbol, name=symbol)
    claimed_at = syncs.claim(security=security)
    security = Security.objects.select_for_update().get(pk=security.pk)
    done = _store(security, interval, history)
    syncs.release(security=security, claimed_at=claimed_at)
    return done


def require_currency(currency: str) -> None:
    """Refuse a currency, as quoted, that is none of ours.

    Raises:
        InvalidValueError: it is not.
    """
    main = units.main_unit(currency)[0]
    if services.known_currency(main) is None:
        raise InvalidValueError(f"There is no currency {main}.", field="currency")


def zone_of(security: Security | None) -> ZoneInfo:
    """Return the time zone of a security's exchange, UTC when it is not known."""
    try:
        return ZoneInfo(security.timezone or "UTC" if security is not None else "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _store(security: Security, interval: Interval, history: History) -> tuple[Ingested, Intake]:
    known = derived.stored_actions(security)
    splits = adjustment.splits_in(intake.merged(known, history.actions))
    is_adjusted = adjustment.looks_split_adjusted(history.bars, splits=splits)
    history = replace(history, is_split_adjusted=is_adjusted)
    reference, covered = None, []
    if history.bars:
        reference = syncs.known_close(security, interval, before=history.bars[0].at)
        # A file says nothing about splits after its last day.
        covered = [action for action in known if action.on <= history.bars[-1].at.date()]
    background = Background(actions=covered, reference=reference)
    prepared = intake.prepare(history, background=background, now=timezone.now())
    syncs.take_currency(security, prepared.currency)
    security.save(update_fields=["currency", "updated_at"])
    return ingest.store(security=security, interval=interval, intake=prepared), prepared
