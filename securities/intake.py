"""From what a source sends to what can be stored: main units, as traded, looked through. Pure functions."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from finances.time_zones import zone_of
from securities import adjustment, quality, units
from securities.actions import Action, ActionKind
from securities.bars import Bar
from securities.providers.protocol import History
from securities.quality import HeldBackAction, HeldBackBar, Known


@dataclass(frozen=True, slots=True)
class Intake:
    """Bars and actions as traded, in ``currency`` (an ISO 4217 code, empty when unknown), and what was held back."""

    bars: Sequence[Bar] = ()
    actions: Sequence[Action] = ()
    currency: str = ""
    held_back_bars: Sequence[HeldBackBar] = ()
    held_back_actions: Sequence[HeldBackAction] = ()

    @property
    def closes(self) -> dict[datetime, Decimal]:
        """Return the closes by instant."""
        return {bar.at: bar.close for bar in self.bars}

    @property
    def problem(self) -> str:
        """Say in a sentence what was held back, and why; nothing when all was taken."""
        reasons = Counter(held.reason for held in self.held_back_bars)
        reasons.update(held.reason for held in self.held_back_actions)
        counted = ", ".join(f"{reasons[reason]} {reason.replace('_', ' ')}" for reason in sorted(reasons))
        return f"Held back: {counted}." if counted else ""


@dataclass(frozen=True, slots=True)
class Background:
    """What is known already: splits and dividends as traded, and a close before the first new bar.

    ``left_in`` are the days of splits that the source left in its prices, though it took others out.
    """

    actions: Sequence[Action] = field(default_factory=tuple)
    reference: Known | None = None
    left_in: Collection[date] = ()


def prepare(history: History, *, background: Background, now: datetime) -> Intake:
    """Return what of ``history`` can be stored; the quality checks run before the splits are put back in.

    What is announced for a day to come is in no price yet; it is told again when that day is there.
    """
    history = in_main_unit(history)
    today = now.astimezone(zone_of(history.timezone)).date()
    told = [action for action in history.actions if action.on <= today]
    repeated = quality.repeated_splits(told, known=background.actions)
    told = [action for action in told if action not in {held.action for held in repeated}]
    splits = adjustment.splits_in(merged(background.actions, told))
    splits = [split for split in splits if split.value > 0 and split.on <= today and split.on not in background.left_in]
    verdict = quality.examine(
        history.bars,
        now=now,
        splits=splits,
        is_split_adjusted=bool(history.is_split_adjusted),
        reference=background.reference,
    )
    actions, held_back_actions = quality.examine_actions(
        told, bars=verdict.accepted, adjusted_closes=history.adjusted_closes
    )
    bars: Sequence[Bar] = verdict.accepted
    if history.is_split_adjusted:
        bars = adjustment.bars_as_traded(bars, splits=splits)
        actions = adjustment.actions_as_traded(actions, splits=splits)
    # What a column rounds to nothing, or cannot hold, would otherwise break all that is stored with it.
    bars, lost = quality.one_by_one((bar.as_stored() for bar in bars), now=now)
    actions, lost_actions = quality.that_columns_hold(actions)
    held_back_actions = [*repeated, *held_back_actions, *lost_actions]
    return Intake(bars, actions, history.currency, [*verdict.held_back, *lost], held_back_actions)


def in_main_unit(history: History) -> History:
    """Turn pence into pounds, and the currency into its ISO 4217 code."""
    if not history.currency:
        return history
    currency, factor = units.main_unit(history.currency)
    actions = [_action_in_main_unit(action, currency=currency, factor=factor) for action in history.actions]
    if factor == 1:
        return replace(history, currency=currency, actions=actions)
    return replace(
        history,
        currency=currency,
        actions=actions,
        bars=[_scaled(bar, factor) for bar in history.bars],
        adjusted_closes={at: close * factor for at, close in history.adjusted_closes.items()},
    )


def _scaled(bar: Bar, factor: Decimal) -> Bar:
    opened, high, low = (None if price is None else price * factor for price in (bar.open, bar.high, bar.low))
    return Bar(bar.at, opened, high, low, bar.close * factor, bar.volume)


def _action_in_main_unit(action: Action, *, currency: str, factor: Decimal) -> Action:
    """Scale a dividend; its own currency is dropped when it is that of the prices."""
    if action.kind is ActionKind.SPLIT:
        return action
    if action.currency is None:
        return action._replace(value=action.value * factor)
    own, own_factor = units.main_unit(action.currency)
    return action._replace(value=action.value * own_factor, currency=None if own == currency else own)


def merged(*groups: Iterable[Action]) -> list[Action]:
    """Return all actions, one of each kind and day; later groups win."""
    result: dict[tuple[ActionKind, date], Action] = {}
    for group in groups:
        for action in group:
            result[action.kind, action.on] = action
    return sorted(result.values(), key=lambda action: (action.on, action.kind))


def joined(histories: Sequence[History]) -> History:
    """Make one history of several windows of one source; where they overlap, the last one counts."""
    if len(histories) == 1:
        return histories[0]
    last = histories[-1]
    bars = {bar.at: bar for history in histories for bar in history.bars}
    return replace(
        last,
        bars=[bars[at] for at in sorted(bars)],
        actions=merged(*(history.actions for history in histories)),
        currency=next((history.currency for history in histories if history.currency), ""),
        timezone=next((history.timezone for history in histories if history.timezone), ""),
        adjusted_closes=_union(history.adjusted_closes for history in histories),
        skipped=[skipped for history in histories for skipped in history.skipped],
        is_stale=any(history.is_stale for history in histories),
    )


def _union(mappings: Iterable[Mapping[datetime, Decimal]]) -> dict[datetime, Decimal]:
    return {at: close for mapping in mappings for at, close in mapping.items()}
