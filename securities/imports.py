"""Prices from files instead of a provider."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from finances.exceptions import ConflictError, InvalidValueError
from finances.time_zones import zone_of
from securities import adjustment, derived, ingest, intake, quality, services, splits, stored, syncs, units
from securities.actions import Action
from securities.bars import Bar
from securities.ingest import Ingested
from securities.intake import Background, Intake
from securities.intervals import Interval, instant_of
from securities.models import Security
from securities.providers import csv_files
from securities.providers.protocol import History, SkippedRow
from securities.quality import Jump
from securities.symbols import require_symbol

MOST_JUMPS_TOLD = 5


class PricesDifferError(ConflictError):
    """A file and what is stored cannot both be right."""

    code = "prices_differ"


class SplitsUnclearError(ConflictError):
    """The prices of a file do not plainly show whether splits were taken out of them."""

    code = "splits_unclear"


class Word(NamedTuple):
    """What whoever imports a file says of it.

    ``replaces``: it counts although most stored prices disagree. ``is_split_adjusted``: whether all splits were taken
    out of its prices; None leaves it to the prices to show.
    """

    replaces: bool = False
    is_split_adjusted: bool | None = None


NOTHING_SAID = Word()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file; ``problem`` says what was held back, ``hint`` what was stored but looks like a split."""

    path: Path
    layout: str
    interval: Interval
    row_count: int
    ingested: Ingested
    problem: str
    hint: str
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
        return " ".join(part for part in (sentence, self.problem, self.hint) if part)


def import_prices(
    *,
    path: Path,
    symbol: str,
    currency: str,
    interval: Interval | None = None,
    word: Word = NOTHING_SAID,
    dry_run: bool = False,
) -> ImportResult:
    """Store the prices in a file as those of ``symbol``, which is made when there is none; in one transaction.

    ``currency`` is as quoted: ``GBp`` are pence. Whether splits were taken out of the prices is what the ``word`` says,
    else what the prices around each plainly show. Unless the word is to replace them, a file that most stored prices of
    its days disagree with is refused. With ``dry_run`` everything is checked and nothing kept.

    Raises:
        InvalidValueError: the file, the symbol or the currency cannot be used.
        SyncRunningError: the security is being synced.
        CurrencyMismatchError: its stored prices are in another currency.
        PricesDifferError: its stored prices are others.
        SplitsUnclearError: the prices do not show what was done about a split, and the word does not say so.
    """
    symbol = require_symbol(symbol)
    require_currency(currency)
    present = services.find(symbol)
    zone = zone_of(present.timezone if present is not None else "")
    file = csv_files.read(path, symbol=symbol, interval=interval, zone=zone)
    history = replace(file.history, currency=currency, is_split_adjusted=word.is_split_adjusted)
    with transaction.atomic():
        taken = take_in(symbol=symbol, interval=file.interval, history=history, replaces=word.replaces)
        transaction.set_rollback(dry_run)
    return ImportResult(
        path, file.layout, file.interval, file.row_count, taken.ingested, taken.intake.problem, told(taken.jumps),
        tuple(file.history.skipped),
    )  # fmt: skip


class TakenIn(NamedTuple):
    """What was stored, what it was made from and what was held back, and the jumps in it that may be splits."""

    ingested: Ingested
    intake: Intake
    jumps: Sequence[Jump]


@transaction.atomic
def take_in(*, symbol: str, interval: Interval, history: History, replaces: bool = False) -> TakenIn:
    """Store what of ``history`` can be believed as prices of ``symbol``, which is made when there is none.

    Raises:
        SyncRunningError: the security is being synced.
        CurrencyMismatchError: its stored prices are in another currency.
        PricesDifferError: its stored prices are others, and are not to be replaced.
        SplitsUnclearError: ``history`` does not tell what was done about a split, and its prices do not show it.
    """
    security = services.find(symbol) or Security.objects.create(symbol=symbol, name=symbol, is_fetched=False)
    claimed_at = syncs.claim(security=security)
    security = Security.objects.select_for_update().get(pk=security.pk)
    taken = _store(security, interval, history, replaces=replaces)
    syncs.release(security=security, claimed_at=claimed_at)
    return taken


def require_currency(currency: str) -> None:
    """Refuse a currency, as quoted, that is none of ours.

    Raises:
        InvalidValueError: it is not.
    """
    main = units.main_unit(currency)[0]
    if services.known_currency(main) is None:
        raise InvalidValueError(f"There is no currency {main}.", field="currency")


def _store(security: Security, interval: Interval, history: History, *, replaces: bool) -> TakenIn:
    known = derived.stored_actions(security)
    history = replace(history, bars=at_their_first_days(history.bars, interval))
    reference, covered = None, []
    if history.bars:
        reference = stored.known_close(security, interval, before=history.bars[0].at)
        # A file says nothing about splits after its last day.
        covered = [action for action in known if action.on <= history.bars[-1].at.date()]
    if history.is_split_adjusted is None:
        is_adjusted = shows_adjusted(history.bars, interval, actions=intake.merged(covered, history.actions))
        history = replace(history, is_split_adjusted=is_adjusted)
    background = Background(actions=covered, reference=reference)
    prepared = intake.prepare(history, background=background, now=timezone.now())
    syncs.take_currency(security, prepared.currency)
    if not replaces:
        require_agreement(security, interval, prepared)
    security.save(update_fields=["currency", "updated_at"])
    ingested = ingest.store(security=security, interval=interval, intake=prepared)
    every = adjustment.splits_in(intake.merged(known, history.actions))
    jumps = quality.jumps(prepared.bars, splits=every, before=reference)
    return TakenIn(ingested, prepared, jumps)


def at_their_first_days(bars: Sequence[Bar], interval: Interval) -> Sequence[Bar]:
    """Return bars of weeks and months by their first days, whichever of their days a file names them by."""
    if interval not in {Interval.WEEK, Interval.MONTH}:
        return bars
    return [bar._replace(at=instant_of(interval.first_day(bar.at.date()))) for bar in bars]


def shows_adjusted(bars: Sequence[Bar], interval: Interval, *, actions: Iterable[Action]) -> bool:
    """Tell whether the splits among ``actions`` were taken out of ``bars``; without any, nothing was.

    Raises:
        SplitsUnclearError: the prices show it of some and not of others, or do not plainly show it.
    """
    believable, _ = quality.one_by_one(bars, now=timezone.now())
    judged = splits.judge((action for action in actions if action.value > 0), believable, interval)
    if judged.left_in and judged.taken_out:
        raise SplitsUnclearError(
            f"The prices in the file fall by {_named(judged.left_in)}, but {_named(judged.taken_out)} was taken out of "
            "them; nothing was imported. Correct the splits or the file, or say of all splits that they were taken out "
            "(--adjusted) or that none was (--as-traded)."
        )
    if judged.unclear:
        raise SplitsUnclearError(
            f"It cannot be seen in the prices whether {_named(judged.unclear)} was taken out of them; nothing was "
            "imported. If it was, import the file with --adjusted; if the prices are as traded, with --as-traded."
        )
    return bool(judged.taken_out)


def _named(found: Sequence[Action]) -> str:
    return " and ".join(f"the split of {split.on}" for split in found)


def require_agreement(security: Security, interval: Interval, prepared: Intake) -> None:
    """Let through what most stored prices of the same days agree with.

    Raises:
        PricesDifferError: they do not; one of the two is of another security, in another unit, or adjusted.
    """
    drift = stored.drift(security, interval, prepared)
    if drift is None:
        return
    raise PricesDifferError(
        f"The prices in the file are {drift.times} those of {security.symbol} that are stored for the same days; "
        "nothing was imported. If the file is right, import it with --replace."
    )


def told(jumps: Sequence[Jump]) -> str:
    """Say of the largest jumps that they may have been splits."""
    if not jumps:
        return ""
    largest = sorted(jumps, key=lambda jump: jump.times, reverse=True)[:MOST_JUMPS_TOLD]
    days = ", ".join(f"{jump.on} ({jump.times:.4g} times)" for jump in sorted(largest, key=lambda jump: jump.on))
    return (
        f"Closes changed by {quality.PLAIN_JUMP} times or more from one day to the next, and no split that is known "
        f"explains it: {days}. Look whether it split then, or only fell or rose; enter a split in the admin."
    )
