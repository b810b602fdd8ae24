"""What of a provider's answer is not to be believed, and why. Pure functions; nothing is repaired, it is held back.

The defects are those that real sources show: prices of zero, the high below the low, pounds among pence, a split
taken out of some days and not of others, a bar of tomorrow, a dividend a hundred times too large, or told twice.
"""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from securities import adjustment
from securities.providers.protocol import Action, ActionKind, Bar

UNIT = 100  # pence in a pound
SPIKE = 10.0  # a close ten times those on both sides of it
AGREEING = 2.0  # how far apart these two may be
CLEAR_MAJORITY = 0.75
LARGEST_PRICE = Decimal(10) ** 14
LARGEST_VOLUME = 2**63
TOLERANCE = Decimal("0.02")
# Dividends
LARGE_DIVIDEND = Decimal("0.1")  # of the close before
CONTRADICTION = 10.0  # times what the source's own adjusted closes say
REPEATED_WITHIN = timedelta(days=7)


class Reason(StrEnum):
    """Why something is held back."""

    NOT_POSITIVE = "not_positive"
    TOO_LARGE = "too_large"
    HIGH_BELOW_LOW = "high_below_low"
    FUTURE = "future"
    DUPLICATE = "duplicate"
    UNIT_MISTAKE = "unit_mistake"
    UNCLEAR_UNIT = "unclear_unit"
    SPLIT_MISTAKE = "split_mistake"
    SPIKE = "spike"
    UNEXPLAINED_JUMP = "unexplained_jump"
    DIVIDEND_TOO_LARGE = "dividend_too_large"
    DIVIDEND_CONTRADICTED = "dividend_contradicted"
    DIVIDEND_REPEATED = "dividend_repeated"


class HeldBackBar(NamedTuple):
    """A bar that is not to be stored."""

    bar: Bar
    reason: Reason


class HeldBackAction(NamedTuple):
    """A split or dividend that is not to be stored."""

    action: Action
    reason: Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """The bars to keep, oldest first, and those to hold back."""

    accepted: list[Bar]
    held_back: list[HeldBackBar]


def examine(
    bars: Iterable[Bar], *, now: datetime, reference: Decimal | None = None, splits: Sequence[Action] = ()
) -> Verdict:
    """Part ``bars``, in any order, into those to keep and those to hold back.

    ``reference`` is a close that is known to be right and belongs before the first bar: it tells which of two units
    is meant. ``splits`` are those that the source took out of its prices.
    """
    accepted, held_back = _one_by_one(bars, now=now)
    for check in (
        lambda rest: _units(rest, reference=reference),
        lambda rest: _splits(rest, splits=splits),
        _spikes,
    ):
        found = check(accepted)
        if found:
            accepted = [bar for bar in accepted if bar.at not in found]
            held_back += found.values()
    return Verdict(accepted, sorted(held_back, key=lambda held: held.bar.at))


def _one_by_one(bars: Iterable[Bar], *, now: datetime) -> tuple[list[Bar], list[HeldBackBar]]:
    accepted: dict[datetime, Bar] = {}
    held_back = []
    latest = now + timedelta(days=1)  # the exchange's day may be ahead of ours
    for bar in bars:
        reason = _own_fault(bar, latest=latest)
        if reason is None and bar.at in accepted:
            if accepted[bar.at] == bar:
                continue
            reason = Reason.DUPLICATE
        if reason is None:
            accepted[bar.at] = bar
        else:
            held_back.append(HeldBackBar(bar, reason))
    return [accepted[at] for at in sorted(accepted)], held_back


def _own_fault(bar: Bar, *, latest: datetime) -> Reason | None:
    """Say what is wrong with a bar by itself."""
    prices = [price for price in bar[1:5] if price is not None]
    if bar.at > latest:
        return Reason.FUTURE
    if min(prices) <= 0 or (bar.volume is not None and bar.volume < 0):
        return Reason.NOT_POSITIVE
    if max(prices) >= LARGEST_PRICE or (bar.volume is not None and bar.volume >= LARGEST_VOLUME):
        return Reason.TOO_LARGE
    if bar.high is not None and bar.low is not None and bar.high < bar.low:
        return Reason.HIGH_BELOW_LOW
    return None


def levels(closes: Sequence[Decimal], *, factor: float) -> list[int]:
    """Number the level of each close: one up at each jump by about ``factor``, one down at each fall by it.

    The larger the factor, the wider what counts as "about": a fifth of it on a logarithmic scale, 2.5 times at most.
    """
    size, width = math.log(factor), min(abs(math.log(factor)) / 5, math.log(2.5))
    level, result = 0, []
    for index, close in enumerate(closes):
        move = math.log(close / closes[index - 1]) if index else 0.0
        if abs(move - size) <= width:
            level += 1
        elif abs(move + size) <= width:
            level -= 1
        result.append(level)
    return result


def _units(bars: Sequence[Bar], *, reference: Decimal | None) -> dict[datetime, HeldBackBar]:
    """Find the bars that are a hundred times what the others are, or a hundredth."""
    closes = [bar.close for bar in bars]
    if reference is not None:
        found = levels([reference, *closes], factor=UNIT)[1:]
        return _at_other_levels(bars, found, right=0, reason=Reason.UNIT_MISTAKE)
    found = levels(closes, factor=UNIT)
    if not any(found):
        return {}
    right, count = Counter(found).most_common(1)[0]
    if count < CLEAR_MAJORITY * len(bars):
        # Which of the two is meant cannot be told; nothing is better than a hundred times too much.
        return {bar.at: HeldBackBar(bar, Reason.UNCLEAR_UNIT) for bar in bars}
    return _at_other_levels(bars, found, right=right, reason=Reason.UNIT_MISTAKE)


def _splits(bars: Sequence[Bar], *, splits: Sequence[Action]) -> dict[datetime, HeldBackBar]:
    """Find the bars from which a split was not taken out, or taken out twice. The newest bars are right."""
    result: dict[datetime, HeldBackBar] = {}
    days = [bar.at.date() for bar in bars]
    for split in adjustment.splits_in(splits):
        if split.value <= 0 or split.value == 1 or not bars or not days[0] < split.on <= days[-1]:
            continue
        found = levels([bar.close for bar in bars], factor=float(split.value))
        wrong = _at_other_levels(bars, found, right=found[-1], reason=Reason.SPLIT_MISTAKE)
        result |= {at: held for at, held in wrong.items() if at.date() < split.on}
    return result


def _at_other_levels(
    bars: Sequence[Bar], found: Sequence[int], *, right: int, reason: Reason
) -> dict[datetime, HeldBackBar]:
    return {bar.at: HeldBackBar(bar, reason) for bar, level in zip(bars, found, strict=True) if level != right}


def _spikes(bars: Sequence[Bar]) -> dict[datetime, HeldBackBar]:
    """Find closes far from those on both sides of them, which agree with each other."""
    result = {}
    for before, bar, after in zip(bars, bars[1:], bars[2:], strict=False):
        apart = _ratio(bar.close, before.close)
        if apart >= SPIKE and _ratio(bar.close, after.close) >= SPIKE and _ratio(before.close, after.close) <= AGREEING:
            result[bar.at] = HeldBackBar(bar, Reason.SPIKE)
    return result


def _ratio(one: Decimal, other: Decimal) -> float:
    ratio = float(one / other)
    return max(ratio, 1 / ratio)


# ---- Against what is stored ----


class Drift(NamedTuple):
    """What new bars are to stored ones: ``ratio`` times as much, the same for all, or None when it differs."""

    ratio: Decimal | None

    @property
    def is_unit(self) -> bool:
        """Whether it is a change of unit."""
        return self.ratio is not None and any(
            abs(ratio / UNIT - 1) <= TOLERANCE for ratio in (self.ratio, 1 / self.ratio)
        )


def drift(stored: Mapping[datetime, Decimal], fetched: Mapping[datetime, Decimal]) -> Drift | None:
    """Compare closes of the same instants, as traded; None when they agree within two per cent.

    The newest of several stored bars is left out, because it may have been stored before its time was over.
    """
    shared = sorted(stored.keys() & fetched.keys())
    if len(shared) > 1:
        shared.pop()
    ratios = [fetched[at] / stored[at] for at in shared if stored[at] and fetched[at]]
    if all(abs(ratio - 1) <= TOLERANCE for ratio in ratios):
        return None
    is_one_ratio = max(ratios) - min(ratios) <= TOLERANCE * max(ratios)
    return Drift(sum(ratios, Decimal(0)) / len(ratios) if is_one_ratio else None)


# ---- Dividends ----


def examine_actions(
    actions: Sequence[Action], *, bars: Sequence[Bar], adjusted_closes: Mapping[datetime, Decimal] | None = None
) -> tuple[list[Action], list[HeldBackAction]]:
    """Part ``actions`` into those to keep and those to hold back, by the ``bars`` around them, oldest first."""
    around = _Around(bars, adjusted_closes or {})
    accepted: list[Action] = []
    held_back: list[HeldBackAction] = []
    for action in sorted(actions, key=lambda action: (action.on, action.kind)):
        reason = _fault_of_action(action, around)
        if reason is None and (earlier := _repeated(action, accepted)) is not None:
            # Of a dividend told twice, the day on which the price fell by it is the right one.
            worse = max((earlier, action), key=around.distance_from_fall)
            held_back.append(HeldBackAction(worse, Reason.DIVIDEND_REPEATED))
            if worse is action:
                continue
            accepted.remove(earlier)
        if reason is None:
            accepted.append(action)
        else:
            held_back.append(HeldBackAction(action, reason))
    return accepted, held_back


def _fault_of_action(action: Action, around: "_Around") -> Reason | None:
    if action.value <= 0:
        return Reason.NOT_POSITIVE
    pair = around.pair(action.on)
    if action.kind is ActionKind.SPLIT or pair is None:
        return None
    before, after = pair
    told = around.dividend_by_adjusted_closes(action.on)
    if told is not None and told > 0 and _ratio(action.value, told) >= CONTRADICTION:
        return Reason.DIVIDEND_CONTRADICTED
    is_large = action.value >= LARGE_DIVIDEND * before.close
    if action.value >= before.close or (is_large and before.close - after.close < action.value / 2):
        return Reason.DIVIDEND_TOO_LARGE
    return None


def _repeated(action: Action, accepted: Sequence[Action]) -> Action | None:
    for earlier in reversed(accepted):
        is_near = action.on - earlier.on <= REPEATED_WITHIN
        if is_near and (earlier.kind, earlier.value) == (ActionKind.DIVIDEND, action.value) == (
            action.kind,
            earlier.value,
        ):
            return earlier
    return None


class _Around:
    """The bars on both sides of an ex-date."""

    def __init__(self, bars: Sequence[Bar], adjusted_closes: Mapping[datetime, Decimal]) -> None:
        self._adjusted = adjusted_closes
        self._pairs: dict[date, tuple[Bar, Bar]] = {
            after.at.date(): (before, after)
            for before, after in itertools.pairwise(bars)
            if before.at.date() != after.at.date()
        }

    def pair(self, day: date) -> tuple[Bar, Bar] | None:
        """Return the last bar before ``day`` and its own."""
        return self._pairs.get(day)

    def distance_from_fall(self, action: Action) -> Decimal:
        """Return how far the fall of the price on the ex-date is from the dividend."""
        pair = self.pair(action.on)
        return abs(pair[0].close - pair[1].close - action.value) if pair else Decimal("Infinity")

    def dividend_by_adjusted_closes(self, day: date) -> Decimal | None:
        """Return the dividend of ``day`` that the source's own adjusted closes imply; zero says nothing."""
        pair = self.pair(day)
        if pair is None or any(not self._adjusted.get(bar.at) for bar in pair):
            return None
        before, after = (self._adjusted[bar.at] / bar.close for bar in pair)
        implied = (1 - before / after) * pair[0].close
        return implied if implied > pair[0].close / 10_000 else None
