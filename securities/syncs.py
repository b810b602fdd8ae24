"""Bringing the prices of one security up to date: claimed, fetched, looked through, stored whole or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, Q
from django.utils import timezone

from finances import money
from finances.exceptions import ConflictError, ProviderNotFoundError, ProviderOutOfRangeError
from securities import adjustment, derived, ingest, intake, quality, services, windows
from securities.actions import Action
from securities.adjustment import LaterSplits
from securities.bars import Bar
from securities.ingest import Ingested
from securities.intake import Background, Intake
from securities.intervals import Interval, instant_of
from securities.models import Security, SecurityPrice
from securities.providers import registry
from securities.providers.protocol import Capability, History, PriceProvider
from securities.quality import Drift, HeldBackBar, Known
from securities.reasons import Reason
from securities.windows import Stored, Window


class SyncRunningError(ConflictError):
    """Somebody fetches the security's prices already."""

    code = "sync_running"


class CurrencyMismatchError(ConflictError):
    """Prices come in another currency than the stored ones."""

    code = "currency_mismatch"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of a sync; ``problem`` says what was held back, empty when nothing was."""

    security: Security
    interval: Interval
    ingested: Ingested = field(default_factory=Ingested)
    held_back: int = 0
    problem: str = ""
    is_stale: bool = False

    @property
    def message(self) -> str:
        """Return the result in a sentence or two."""
        count = self.ingested.total
        sentence = f"{count} prices of {self.security.symbol} synced" if count else "There are no new prices"
        sentence += f", {self.ingested.inserted} of them new." if self.ingested.inserted else "."
        if self.is_stale:
            sentence += " The provider is away; this is an older answer of its own."
        return f"{sentence} {self.problem}".strip()


@dataclass(frozen=True, slots=True)
class Span:
    """What is stored of one interval: the first and the last instant, and that of the last bar that is whole.

    A quote alone leaves a bar without an open; what a sync has seen to ends before it.
    """

    first: datetime
    last: datetime
    last_whole: datetime


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
        fetched = _fetch(security, interval, since)
        ingested = _store(fetched, claimed_at=claimed_at, keep=not dry_run)
    except ProviderNotFoundError:
        services.mark_unknown(security=security)
        raise
    finally:
        release(security=security, claimed_at=claimed_at)
    security.refresh_from_db()
    return replace(fetched.outcome, ingested=ingested)


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


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What a fetch brought, before anything is stored."""

    intake: Intake
    history: History | None
    outcome: SyncResult


def _fetch(security: Security, interval: Interval, since: date | None) -> _Fetched:
    """Ask the providers, and look through the answer; not a row is written."""
    span = stored_span(security, interval)
    known = derived.stored_actions(security)
    provider, history = registry.ask(
        Capability.HISTORY,
        lambda provider: _ask(provider, security, interval, _planned(provider, interval, span, since)),
    )
    if history is None:
        return _Fetched(Intake(), None, SyncResult(security, interval))
    if span is not None:
        history = replace(history, actions=intake.merged(_further_actions(provider, security), history.actions))
    prepared = _prepare(security, interval, history, known)
    drift = drift_from_stored(security, interval, prepared)
    suspects = _unseen_splits(security, interval, intake.merged(known, prepared.actions))
    clear = [split for split in suspects if adjustment.is_plain_to_see(split) or split not in known]
    if span is not None and (clear or drift is not None):
        history = _refetched(provider, security, interval, span.first.date(), history)
        prepared = _prepare(security, interval, history, known)
        drift = _unexplained(security, interval, prepared, suspects)
    if drift is not None and span is not None:
        prepared = _refused(prepared, drift, span)
    prepared = _with_exact_prices(security, interval, prepared)
    held_back = len(prepared.held_back_bars) + len(prepared.held_back_actions)
    outcome = SyncResult(
        security,
        interval,
        held_back=held_back,
        problem=_problem(prepared, drift, _still_unseen(prepared, clear)),
        is_stale=history.is_stale,
    )
    return _Fetched(prepared, history, outcome)


def _further_actions(provider: PriceProvider, security: Security) -> list[Action]:
    """Return what happened to the shares before the days that a sync asks for and may not be known yet.

    Of prices that came from a file, all. Of others the splits, once a week: some are told late, and those that the
    provider has taken out of its prices by then would be in the stored prices for ever.
    """
    if Capability.ACTIONS not in provider.capabilities:
        return []
    if security.last_synced_at is None:
        return provider.actions(security.symbol)
    if security.last_synced_at.isocalendar()[:2] == timezone.now().isocalendar()[:2]:
        return []
    return adjustment.splits_in(provider.actions(security.symbol))


def _unseen_splits(security: Security, interval: Interval, actions: Sequence[Action]) -> list[Action]:
    """Return the splits that the stored prices seem not to show; two queries each.

    They came when it was not known, or the price rose on the day: what is fetched tells.
    """
    stored = SecurityPrice.objects.filter(security=security, interval=interval).order_by()
    unseen = []
    for split in adjustment.splits_in(actions):
        on = instant_of(split.on)
        before = stored.filter(timestamp__lt=on).order_by("-timestamp").values_list(*ingest.COLUMNS).first()
        after = stored.filter(timestamp__gte=on).order_by("timestamp").values_list(*ingest.COLUMNS).first()
        if before is None or after is None:
            continue
        if adjustment.looks_split_adjusted([Bar(*before), Bar(*after)], splits=[split]):
            unseen.append(split)
    return unseen


def _unexplained(security: Security, interval: Interval, prepared: Intake, suspects: Sequence[Action]) -> Drift | None:
    """Compare the whole of what was fetched with what is stored, and with what it is when it lacks some splits."""
    drift = drift_from_stored(security, interval, prepared)
    if drift is None or not suspects:
        return drift
    return None if drift_from_stored(security, interval, prepared, suspects) is None else drift


def _still_unseen(prepared: Intake, unseen: Sequence[Action]) -> list[Action]:
    """Return the splits before which nothing is going to be stored anew."""
    first = min(prepared.closes, default=None)
    return [split for split in unseen if first is None or first.date() >= split.on]


def _with_exact_prices(security: Security, interval: Interval, prepared: Intake) -> Intake:
    """Leave stored prices as they are where a provider says the same, but to fewer digits; one query.

    What is before a split comes multiplied, and has the seven digits that a provider's price has; a file may know more.
    """
    if not prepared.bars:
        return prepared
    known = ingest.stored_bars(security, interval, prepared.closes)
    bars = [bar if (own := known.get(bar.at)) is None else adjustment.more_exact(bar, own) for bar in prepared.bars]
    return replace(prepared, bars=bars)


def stored_span(security: Security, interval: Interval) -> Span | None:
    """Return the first and the last stored instant of an interval; one query."""
    found = SecurityPrice.objects.filter(security=security, interval=interval).aggregate(
        first=Min("timestamp"), last=Max("timestamp"), whole=Max("timestamp", filter=~Q(open=None))
    )
    if found["first"] is None:
        return None
    return Span(found["first"], found["last"], found["whole"] or found["last"])


def _planned(provider: PriceProvider, interval: Interval, span: Span | None, since: date | None) -> list[Window]:
    limit = provider.limits.get(interval)
    if limit is None:
        raise ProviderOutOfRangeError(f"{provider.title} has no prices by {interval}.")
    first = since or (span.first.date() if span else windows.EARLIEST)
    stored = Stored(span.first.date(), span.last_whole.date()) if span else None
    return windows.plan(interval, since=first, today=timezone.localdate(timezone=UTC), limit=limit, stored=stored)


def _ask(provider: PriceProvider, security: Security, interval: Interval, wanted: Sequence[Window]) -> History | None:
    """Fetch the windows, oldest first; one before the provider's own beginning is left out.

    Raises:
        ProviderError: the newest window, or any other than by being too old, cannot be had.
    """
    histories: list[History] = []
    ordered = sorted(wanted)
    for window in ordered:
        try:
            histories.append(
                provider.history(security.symbol, interval=interval, since=window.since, until=window.until)
            )
        except (ProviderOutOfRangeError, ProviderNotFoundError):
            if window is ordered[-1]:
                raise
    return intake.joined(histories) if histories else None


def _refetched(
    provider: PriceProvider, security: Security, interval: Interval, since: date, history: History
) -> History:
    """Fetch the whole stored range again with every action there is, to explain why the overlap differs."""
    limit = provider.limits[interval]
    wanted = windows.plan(interval, since=since, today=timezone.localdate(timezone=UTC), limit=limit)
    whole = _ask(provider, security, interval, wanted) or history
    if Capability.ACTIONS not in provider.capabilities:
        return whole
    actions = intake.merged(whole.actions, provider.actions(security.symbol))
    return replace(whole, actions=actions)


def _prepare(security: Security, interval: Interval, history: History, known: Sequence[Action]) -> Intake:
    first = min((bar.at for bar in history.bars), default=None)
    reference = known_close(security, interval, before=first) if first is not None else None
    background = Background(actions=known, reference=reference)
    return intake.prepare(history, background=background, now=timezone.now())


def known_close(security: Security, interval: Interval, *, before: datetime) -> Known | None:
    """Return the last stored close before an instant; one query."""
    row = (
        SecurityPrice.objects.filter(security=security, interval=interval, timestamp__lt=before)
        .order_by("-timestamp")
        .values_list("timestamp", "close")
        .first()
    )
    return Known(row[0].date(), row[1]) if row else None


def drift_from_stored(
    security: Security, interval: Interval, prepared: Intake, unseen: Sequence[Action] = ()
) -> Drift | None:
    """Compare what was fetched with what is stored, in which some splits are ``unseen``; one query."""
    later = LaterSplits(unseen)
    closes = {
        at: close if (factor := later.after(at.date())) == 1 else money.from_fraction(Fraction(close) / factor)
        for at, close in prepared.closes.items()
    }
    if not closes:
        return None
    stored = SecurityPrice.objects.filter(
        security=security, interval=interval, timestamp__range=(min(closes), max(closes))
    )
    if interval is Interval.DAY and security.last_synced_at is not None:
        stored = stored.exclude(open=None)  # closes so far, by quotes; see docs/adr/0015
    return quality.drift(dict(stored.order_by().values_list("timestamp", "close")), closes)


def _refused(prepared: Intake, drift: Drift, span: Span) -> Intake:
    """Hold back what is new: what differs by an unknown factor must not be stored beside what is there."""
    reason = Reason.UNIT_MISTAKE if drift.is_unit else Reason.UNEXPLAINED_JUMP
    new = [bar for bar in prepared.bars if not span.first <= bar.at <= span.last]
    return Intake(
        currency=prepared.currency,
        held_back_bars=[*prepared.held_back_bars, *(HeldBackBar(bar, reason) for bar in new)],
        held_back_actions=prepared.held_back_actions,
    )


def _problem(prepared: Intake, drift: Drift | None, unseen: Sequence[Action]) -> str:
    """Say what was held back, and why, and which splits the stored prices still do not show."""
    if drift is None:
        told = [
            f"The stored prices do not show the split of {split.on}; what is before it is wrong." for split in unseen
        ]
        return " ".join([prepared.problem, *told]).strip()
    told_of = f"The new prices are {drift.times} the stored ones and no split explains it; none was stored."
    return f"{told_of} {prepared.problem}"


@transaction.atomic
def _store(fetched: _Fetched, *, claimed_at: datetime, keep: bool) -> Ingested:
    """Write everything under the security's lock, provided the claim is still ours; without ``keep``, take it back."""
    outcome = fetched.outcome
    security = Security.objects.select_for_update().filter(pk=outcome.security.pk, sync_started_at=claimed_at).first()
    if security is None:
        raise SyncRunningError(f"The sync of {outcome.security.symbol} took too long, and another took over.")
    take_currency(security, fetched.intake.currency)
    ingested = ingest.store(security=security, interval=outcome.interval, intake=fetched.intake)
    changes: dict[str, Any] = {"sync_problem": outcome.problem, "last_synced_at": timezone.now(), "unknown_since": None}
    changes["is_fetched"] = True  # whoever asked for it by name has found that it can be had
    if fetched.history is not None and not security.timezone:
        changes["timezone"] = fetched.history.timezone[:64]
    Security.objects.filter(pk=security.pk).update(currency=security.currency_id, **changes)
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
