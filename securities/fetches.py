"""Asking providers for what is missing of a series, and comparing the answer with what is stored; writes nothing."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from finances.exceptions import ProviderNotFoundError, ProviderOutOfRangeError
from finances.time_zones import zone_of
from securities import adjustment, derived, intake, quality, splits, stored, windows
from securities.actions import Action
from securities.bars import Bar
from securities.intake import Background, Intake
from securities.intervals import Interval, instant_of
from securities.models import Security
from securities.providers import registry
from securities.providers.protocol import Capability, History, PriceProvider
from securities.quality import Drift, HeldBackBar
from securities.reasons import Reason
from securities.splits import Comparison, Reading, Told
from securities.stored import Span
from securities.windows import Stored, Window

MOST_NAMED = 5  # days in one sentence


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought, before anything is stored; ``problem`` says what is not as it should be.

    ``readings`` are how the splits were read in the prices; None when the prices agree with none. ``unreached`` says
    what was asked for and no provider keeps any more.
    """

    intake: Intake = field(default_factory=Intake)
    history: History | None = None
    problem: str = ""
    readings: list[list[object]] | None = None
    unreached: str = ""

    @property
    def held_back(self) -> int:
        """Return how many prices and actions were held back."""
        return len(self.intake.held_back_bars) + len(self.intake.held_back_actions)


def fetch(security: Security, interval: Interval, since: date | None) -> Fetched:
    """Ask the providers for what is missing of a series, and look through the answer.

    Where it differs from what is stored, or a split came to be known that it cannot be compared by, the whole stored
    range is fetched again: prices before a split that was told late, or by hand, may be wrong.

    Raises:
        ProviderError: they cannot give the prices.
    """
    series = _Series.of(security, interval, since)
    provider, history = registry.ask(Capability.HISTORY, lambda provider: _ask(provider, series))
    fetched = Fetched() if history is None else _compared(provider, series, history)
    return replace(fetched, unreached=_unreached(provider, series))


@dataclass(frozen=True, slots=True)
class _Series:
    """What is known of a series before anybody is asked, and since which day it is wanted."""

    security: Security
    interval: Interval
    since: date | None
    span: Span | None
    known: Sequence[Action]
    words: Mapping[date, bool]
    kept: Mapping[date, Reading]

    @classmethod
    def of(cls, security: Security, interval: Interval, since: date | None) -> "_Series":
        known = derived.stored_actions(security)
        words = derived.words_on_splits(security) if adjustment.splits_in(known) else {}
        kept = splits.readings_from(security.split_readings.get(interval, []))
        return cls(security, interval, since, stored.span(security, interval), known, words, kept)

    @property
    def unreached(self) -> dict[date, Reading]:
        """Return the splits that the provider was found not to reach, unless it is asked again for what was then."""
        unknown = {on: reading for on, reading in self.kept.items() if not reading.is_known}
        return {on: reading for on, reading in unknown.items() if self.since is None or on < self.since}


@dataclass(frozen=True, slots=True)
class _Look:
    """An answer as it could be stored, compared with what is: ``unclear`` splits may be in its prices or not.

    ``notes`` say what becomes of stored prices that it does not reach.
    """

    prepared: Intake
    readings: Mapping[date, Reading]
    unclear: Sequence[Action]
    comparison: Comparison
    drift: Drift | None
    notes: Sequence[str] = ()

    def is_clear(self, series: _Series) -> bool:
        """Tell whether it fits what is stored, and every split that came to be known is in both.

        One that the provider was found not to reach cannot be compared by asking for more, either.
        """
        found, kept = self.comparison, series.unreached
        is_compared = all(splits.is_unreached(split.on, now=self.readings, kept=kept) for split in found.uncompared)
        return found.is_exact and is_compared and not (self.drift is not None or self.unclear or found.lacking)


def _compared(provider: PriceProvider, series: _Series, history: History) -> Fetched:
    if series.span is None:
        look = _look(series, history)
        return _fetched(series, history, look, look.prepared)
    history = replace(history, actions=intake.merged(_further_actions(provider, series.security), history.actions))
    first = _look(series, history)
    if first.is_clear(series):
        return _fetched(series, history, first, first.prepared)
    whole = _refetched(provider, series, history)
    look = _with_unreached(series, _look(series, whole))
    prepared = look.prepared
    if look.drift is not None:
        prepared = _refused(prepared, look.drift, series.span)
    elif first.drift is None and not look.comparison.lacking:
        prepared = _only(prepared, {bar.at for bar in history.bars})  # the rest was only to compare with
    return _fetched(series, whole, look, prepared)


def _look(series: _Series, history: History) -> _Look:
    """Prepare an answer, and compare it with what is stored; three queries at most."""
    bars, _ = quality.one_by_one(history.bars, now=timezone.now())
    so_far = _splits_so_far(series, history)
    readings, unclear = splits.read(so_far, bars, Told(history.actions, series.words, series.kept), series.interval)
    taken_out = {on for on, reading in readings.items() if reading.is_taken_out} | {split.on for split in unclear}
    left_in = {split.on for split in so_far} - taken_out
    prepared = _prepare(series, history, left_in)
    if unclear:
        prepared = _from_day(prepared, unclear[-1].on)
    own = stored.beside(series.security, series.interval, prepared)
    closes = stored.comparable(series.security, series.interval, own)
    began = series.span.first.date() if series.span else date.max
    doubtful = {split.on for split in unclear}
    now = {on: reading for on, reading in readings.items() if on > began}
    kept = {on: reading for on, reading in series.kept.items() if on > began and on not in doubtful}
    changed = [change for change in splits.changes(now, kept) if _can_be_lacking(series, change, bars)]
    compared = splits.compare(changed, stored=closes, fetched=prepared.closes)
    drift = quality.drift(closes, splits.without(compared.lacking, prepared.closes))
    notes = _on_gaps(own.keys() - prepared.closes.keys(), compared.lacking)
    return _Look(_with_exact_prices(prepared, own), readings, unclear, compared, drift, notes)


def _can_be_lacking(series: _Series, change: Action, bars: Sequence[Bar]) -> bool:
    """Tell whether stored prices may lack a split.

    Those that are all from before its day do so only when the provider took it out ahead of time, which the prices
    around it must show: until there are any, it may as well be late with taking it out.
    """
    if series.span is None or change.on <= series.span.last.date():
        return True
    return splits.falls_by(change, bars[-2 * splits.AROUND :], series.interval) is False


def _splits_so_far(series: _Series, history: History) -> list[Action]:
    """Return all splits whose day has come; one that is told for another day than it is known for counts once."""
    today = timezone.now().astimezone(zone_of(history.timezone)).date()
    repeated = {held.action for held in quality.repeated_splits(history.actions, known=series.known)}
    told = [action for action in history.actions if action not in repeated]
    everything = adjustment.splits_in(intake.merged(series.known, told))
    return [split for split in everything if split.value > 0 and split.on <= today]


def _prepare(series: _Series, history: History, left_in: set[date]) -> Intake:
    first = min((bar.at for bar in history.bars), default=None)
    reference = None
    if first is not None:
        reference = stored.known_close(series.security, series.interval, before=first)
    background = Background(actions=series.known, reference=reference, left_in=left_in)
    return intake.prepare(history, background=background, now=timezone.now())


def _with_exact_prices(prepared: Intake, own: Mapping[datetime, Bar]) -> Intake:
    """Leave stored prices as they are where a provider says the same, but to fewer digits.

    What is before a split comes multiplied, and has the seven digits that a provider's price has; a file may know more.
    """
    bars = [bar if (mine := own.get(bar.at)) is None else adjustment.more_exact(bar, mine) for bar in prepared.bars]
    return replace(prepared, bars=bars)


def _only(prepared: Intake, instants: set[datetime]) -> Intake:
    return replace(
        prepared,
        bars=[bar for bar in prepared.bars if bar.at in instants],
        held_back_bars=[held for held in prepared.held_back_bars if held.bar.at in instants],
    )


def _from_day(prepared: Intake, day: date) -> Intake:
    bars = [*prepared.bars, *(held.bar for held in prepared.held_back_bars)]
    return _only(prepared, {bar.at for bar in bars if bar.at.date() >= day})


def _refused(prepared: Intake, drift: Drift, span: Span) -> Intake:
    """Hold back what is new: what differs by an unknown factor must not be stored beside what is there."""
    reason = Reason.UNIT_MISTAKE if drift.is_unit else Reason.UNEXPLAINED_JUMP
    new = [bar for bar in prepared.bars if not span.first <= bar.at <= span.last]
    return Intake(
        currency=prepared.currency,
        held_back_bars=[*prepared.held_back_bars, *(HeldBackBar(bar, reason) for bar in new)],
        held_back_actions=prepared.held_back_actions,
    )


# ---- What is stored and nobody has any more ----


def _on_gaps(instants: Collection[datetime], lacking: Sequence[Action]) -> list[str]:
    """Name the days of stored prices that are missing in an answer, from before a split that is lacking."""
    days = sorted({str(at.date()) for at in instants if lacking and at.date() < lacking[-1].on})
    named = ", ".join(days[:MOST_NAMED]) + (f" and {len(days) - MOST_NAMED} other days" if days[MOST_NAMED:] else "")
    return [f"Nobody has the prices of {named} any more; see whether the stored ones are as traded."] if days else []


def _with_unreached(series: _Series, look: _Look) -> _Look:
    """Add what is stored from before the first bar of an answer, if it lacks splits as what is beside it does.

    It does where the price goes on as ever from one to the other: they are one series. Where it falls by the splits,
    what is before was as traded already. Where neither can be seen, nothing before the last of them is stored.
    """
    lacking, prepared = look.comparison.lacking, look.prepared
    if look.drift is not None or not lacking or series.span is None or series.span.first >= prepared.bars[0].at:
        return look
    first = prepared.bars[0].at
    factor = adjustment.LaterSplits(lacking).after(first.date())
    around = stored.around(series.security, series.interval, first, count=splits.AROUND)
    place = bisect_left(around, first, key=lambda bar: bar.at)
    falls = splits.falls_at(place, around, ratio=factor)
    days = (
        f"The stored prices of {series.span.first.date()} to {around[place - 1].at.date()}, which nobody has any more,"
    )
    named = " and ".join(f"the split of {split.on}" for split in lacking)
    alike = splits.begin_alike(lacking, stored={bar.at: bar.close for bar in around}, fetched=prepared.closes)
    if alike is False or (alike and falls):
        return replace(look, notes=[*look.notes, f"{days} were as traded with {named}; they stay as they are."])
    if alike is None or falls is None:
        doubt = f"{days} may lack {named} or not, and it cannot be seen in them; nothing before it was stored."
        back = {split.on for split in lacking}
        readings = {on: reading for on, reading in look.readings.items() if on not in back}
        readings |= {on: reading for on, reading in series.kept.items() if on in back}
        return replace(look, prepared=_from_day(prepared, lacking[-1].on), readings=readings, notes=[doubt])
    older = stored.before(series.security, series.interval, first)
    bars = [*adjustment.bars_as_traded(older, splits=lacking), *prepared.bars]
    done = f"{days} lacked {named} as those after them did; they were multiplied by {float(factor):.6g}, too."
    return replace(look, prepared=replace(prepared, bars=bars), notes=[*look.notes, done])


# ---- What is said and kept of it ----


def _fetched(series: _Series, history: History, look: _Look, prepared: Intake) -> Fetched:
    if look.drift is not None:
        refusal = f"The new prices are {look.drift.times} the stored ones and no split explains it; none was stored."
        return Fetched(prepared, history, f"{refusal} {prepared.problem}".strip())
    beyond = _beyond_comparison(series, look.comparison.uncompared)
    told = [
        prepared.problem,
        *look.notes,
        *(
            f"The stored prices do not show the split of {on}; what is before it is wrong."
            for on, falls in beyond.items()
            if falls is False
        ),
        *(
            f"Nobody has prices from before the split of {on} any more; see whether the stored ones are as traded."
            for on, falls in beyond.items()
            if falls is None
        ),
        *(
            f"It cannot be seen in the prices whether the provider took the split of {split.on} out of them. Say so at "
            "the split; until then nothing before it is stored."
            for split in look.unclear
        ),
    ]
    readings = _to_keep(series, look, beyond)
    return Fetched(prepared, history, " ".join(filter(None, told)), splits.kept_form(readings))


def _to_keep(series: _Series, look: _Look, beyond: Mapping[date, bool | None]) -> dict[date, Reading]:
    """Return the readings that stored prices now agree with, and those of which nothing more can be known.

    What is in doubt is compared again by the next sync.
    """
    readings = {on: reading for on, reading in look.readings.items() if reading.is_known or on in beyond}
    for on, falls in beyond.items():
        if on in readings and falls is not None:
            readings[on] = readings[on]._replace(is_known=falls)
    doubtful = {split.on for split in look.unclear}
    return readings | {on: reading for on, reading in series.kept.items() if on in doubtful}


def _beyond_comparison(series: _Series, uncompared: Sequence[Action]) -> dict[date, bool | None]:
    """Tell by day of the splits that cannot be compared whether stored prices fall by them; None when nobody can tell.

    Of prices that all were stored before the day of a split nothing needs to be told; two queries for each other one.
    """
    found: dict[date, bool | None] = {}
    for split in uncompared:
        if series.span is not None and split.on <= series.span.last.date():
            bars = stored.around(series.security, series.interval, instant_of(split.on), count=splits.AROUND)
            found[split.on] = splits.falls_by(split, bars, series.interval)
    return found


# ---- Asking ----


def _ask(provider: PriceProvider, series: _Series) -> History | None:
    """Fetch what is missing.

    Raises:
        ProviderError: it cannot be had.
    """
    limit = provider.limits.get(series.interval)
    if limit is None:
        raise ProviderOutOfRangeError(f"{provider.title} has no prices by {series.interval}.")
    span = series.span
    first = series.since or (span.first.date() if span else windows.EARLIEST)
    seen = Stored(span.first.date(), span.last_whole.date()) if span else None
    today = timezone.localdate(timezone=UTC)
    return _within(provider, series, windows.plan(series.interval, since=first, today=today, limit=limit, stored=seen))


def _unreached(provider: PriceProvider, series: _Series) -> str:
    """Say so when prices that are wanted are neither stored nor kept by the provider any more."""
    since, limit, span = series.since, provider.limits[series.interval], series.span
    oldest = windows.oldest_kept(limit, today=timezone.localdate(timezone=UTC))
    if since is None or since >= oldest:
        return ""
    keeps = f"{provider.title} keeps prices by {series.interval.value} for {limit.days_back} days;"
    if span is None or not span.first.date() < oldest <= span.last_whole.date() + timedelta(days=1):
        return f"{keeps} older ones cannot be had."
    return f"{keeps} none older than the stored ones can be had." if since < span.first.date() else ""


def _within(provider: PriceProvider, series: _Series, wanted: Sequence[Window]) -> History | None:
    """Fetch the windows, oldest first; one before the provider's own beginning is left out.

    Raises:
        ProviderError: the newest window, or any other than by being too old, cannot be had.
    """
    histories: list[History] = []
    ordered = sorted(wanted)
    symbol: Any = series.security.symbol
    for window in ordered:
        try:
            histories.append(provider.history(symbol, interval=series.interval, since=window.since, until=window.until))
        except (ProviderOutOfRangeError, ProviderNotFoundError):
            if window is ordered[-1]:
                raise
    return intake.joined(histories) if histories else None


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


def _refetched(provider: PriceProvider, series: _Series, history: History) -> History:
    """Fetch the whole stored range again, with every action there is."""
    limit, span = provider.limits[series.interval], series.span
    since = min([bar.at.date() for bar in history.bars] + ([span.first.date()] if span else []))
    wanted = windows.plan(series.interval, since=since, today=timezone.localdate(timezone=UTC), limit=limit)
    whole = _within(provider, series, wanted) or history
    if Capability.ACTIONS not in provider.capabilities:
        return whole
    return replace(whole, actions=intake.merged(whole.actions, provider.actions(series.security.symbol)))
