"""What of a provider's answer is not to be believed, and why. Pure functions; nothing is repaired, it is held back.

The defects are those that real sources show: prices of zero, the high below the low, pounds among pence, a split
taken out of some days and not of others, a bar of tomorrow, a dividend a hundred times too large, or told twice.
"""

import itertools
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from securities import adjustment
from securities.actions import LARGEST_ACTION, Action, ActionKind
from securities.bars import Bar
from securities.reasons import Reason

UNIT = 100  # pence in a pound
SPIKE = 10.0  # a close ten times those on both sides of it
AGREEING = 2.0  # how far apart these two may be
CLEAR_MAJORITY = 0.75
# From one close to the next: a split of 2:1 on a day on which the price rose by a sixth is one, too.
PLAIN_JUMP = 1.7
LARGEST_PRICE = Decimal(10) ** 14
LARGEST_VOLUME = 2**63
TOLERANCE, WIDE_TOLERANCE = Decimal("0.02"), Decimal("0.4")
# Dividends
LARGE_DIVIDEND = Decimal("0.1")  # of the close before
CONTRADICTION = 10.0  # times what the source's own adjusted closes say
REPEATED_WITHIN = timedelta(days=7)


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


class Known(NamedTuple):
    """A close as traded that is known to be right, and its day."""

    day: date
    close: Decimal


def examine(
    bars: Iterable[Bar],
    *,
    now: datetime,
    splits: Sequence[Action] = (),
    is_split_adjusted: bool = False,
    reference: Known | None = None,
) -> Verdict:
    """Part ``bars``, in any order, into those to keep and those to hold back.

    ``splits`` are all that are known; ``is_split_adjusted`` tells whether the source took them out of its prices.
    ``reference`` belongs before the first bar, and tells which of two units is meant.
    """
    accepted, held_back = one_by_one(bars, now=now)
    later = adjustment.LaterSplits(splits)

    def closes() -> list[float]:
        """Make the closes comparable over splits."""
        if is_split_adjusted:
            return [float(bar.close) for bar in accepted]
        return [float(bar.close) / float(later.after(bar.at.date())) for bar in accepted]

    right = None if reference is None else float(reference.close) / float(later.after(reference.day))
    checks: list[Callable[[], dict[datetime, HeldBackBar]]] = [lambda: _units(accepted, closes(), reference=right)]
    if is_split_adjusted:
        checks.append(lambda: _splits(accepted, closes(), splits=splits))
    checks.append(lambda: _spikes(accepted, closes()))
    for check in checks:
        found = check()
        accepted = [bar for bar in accepted if bar.at not in found]
        held_back += found.values()
    return Verdict(accepted, sorted(held_back, key=lambda held: held.bar.at))


def one_by_one(bars: Iterable[Bar], *, now: datetime) -> tuple[list[Bar], list[HeldBackBar]]:
    """Part ``bars`` into those that can be true, oldest first and one of each instant, and those to hold back."""
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


def levels(closes: Sequence[float], *, factor: float) -> list[int]:
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


def _units(bars: Sequence[Bar], closes: Sequence[float], *, reference: float | None) -> dict[datetime, HeldBackBar]:
    """Find the bars that are a hundred times what the others are, or a hundredth."""
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


def _splits(bars: Sequence[Bar], closes: Sequence[float], *, splits: Sequence[Action]) -> dict[datetime, HeldBackBar]:
    """Find the bars from which a split was not taken out, or taken out twice. The newest bars are right.

    A price moves by a small ratio on many a day by itself: of such a split only its own day counts.
    """
    result: dict[datetime, HeldBackBar] = {}
    for split in adjustment.splits_in(splits):
        if split.value == 1 or not bars or not bars[0].at.date() < split.on <= bars[-1].at.date():
            continue
        if adjustment.is_plain_to_see(split):
            found = levels(closes, factor=float(split.value))
        else:
            own_day = bisect_left(bars, split.on, key=lambda bar: bar.at.date())
            jump = levels(closes[own_day - 1 : own_day + 1], factor=float(split.value))[-1]
            found = [0] * own_day + [jump] * (len(bars) - own_day)
        wrong = _at_other_levels(bars, found, right=found[-1], reason=Reason.SPLIT_MISTAKE)
        result |= {at: held for at, held in wrong.items() if at.date() < split.on}
    return result


def _at_other_levels(
    bars: Sequence[Bar], found: Sequence[int], *, right: int, reason: Reason
) -> dict[datetime, HeldBackBar]:
    return {bar.at: HeldBackBar(bar, reason) for bar, level in zip(bars, found, strict=True) if level != right}


def _spikes(bars: Sequence[Bar], closes: Sequence[float]) -> dict[datetime, HeldBackBar]:
    """Find closes far from those on both sides of them, which agree with each other."""
    result = {}
    for bar, before, close, after in zip(bars[1:], closes, closes[1:], closes[2:], strict=False):
        is_far = _ratio(close, before) >= SPIKE and _ratio(close, after) >= SPIKE
        if is_far and _ratio(before, after) <= AGREEING:
            result[bar.at] = HeldBackBar(bar, Reason.SPIKE)
    return result


def _ratio(one: float, other: float) -> float:
    return max(one / other, other / one)


# ---- Against what is stored ----


class Drift(NamedTuple):
    """What new bars are to stored ones: ``ratio`` times as much, the same for all, or None when it differs."""

    ratio: Decimal | None

    @property
    def times(self) -> str:
        """Say how many times the stored ones the new ones are."""
        return f"{self.ratio:.4g} times" if self.ratio is not None else "not the same as"

    @property
    def is_unit(self) -> bool:
        """Whether it is a change of unit."""
        return self.ratio is not None and any(
            abs(ratio / UNIT - 1) <= TOLERANCE for ratio in (self.ratio, 1 / self.ratio)
        )


def drift(stored: Mapping[datetime, Decimal], fetched: Mapping[datetime, Decimal]) -> Drift | None:
    """Compare closes of the same instants, as traded; None when most of them agree within two per cent.

    Single ones that differ are corrections by the source. The newest of several stored bars is left out, because it
    may have been stored before its time was over; when it is the only one, it may differ by two fifths.
    """
    shared = sorted(stored.keys() & fetched.keys())
    tolerance = TOLERANCE if len(shared) > 1 else WIDE_TOLERANCE
    ratios = sorted(fetched[at] / stored[at] for at in (shared[:-1] or shared))
    if not ratios or abs(ratios[len(ratios) // 2] - 1) <= tolerance:
        return None
    is_one_ratio = ratios[-1] - ratios[0] <= TOLERANCE * ratios[-1]
    return Drift(ratios[len(ratios) // 2] if is_one_ratio else None)


# ---- What only somebody who knows can tell ----


class Jump(NamedTuple):
    """A close that is ``times`` the one before it, or a part of it as small; on the day ``on``."""

    on: date
    times: float


def jumps(bars: Sequence[Bar], *, splits: Sequence[Action], before: Known | None = None) -> list[Jump]:
    """Find the closes, as traded and oldest first, that no known split explains: a split, perhaps, or a crash."""
    later = adjustment.LaterSplits(splits)
    days = [*([before] if before is not None else []), *(Known(bar.at.date(), bar.close) for bar in bars)]
    closes = [float(known.close) / float(later.after(known.day)) for known in days]
    moves = [_ratio(one, other) for one, other in itertools.pairwise(closes)]
    return [Jump(known.day, move) for known, move in zip(days[1:], moves, strict=True) if move >= PLAIN_JUMP]


# ---- Splits and dividends ----


def repeated_splits(splits: Iterable[Action], *, known: Iterable[Action]) -> list[HeldBackAction]:
    """Find the ``splits`` that tell of another day what is ``known``, or was told before, for a day close by.

    Two of the same ratio within a week are one; counted twice, it would multiply what everybody holds.
    """
    accepted = adjustment.splits_in(known)
    found = []
    for split in adjustment.splits_in(splits):
        is_known = any((other.on, other.value) == (split.on, split.value) for other in accepted)
        if not is_known and any(other.on != split.on and is_same_split(split, other) for other in accepted):
            found.append(HeldBackAction(split, Reason.SPLIT_REPEATED))
        elif not is_known:
            accepted.append(split)
    return found


def is_same_split(one: Action, other: Action) -> bool:
    """Tell whether two splits are one, of which somebody told another day."""
    is_near = abs(one.on - other.on) <= REPEATED_WITHIN
    return is_near and adjustment.exact_ratio(one.value) == adjustment.exact_ratio(other.value)


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


def that_columns_hold(actions: Iterable[Action]) -> tuple[list[Action], list[HeldBackAction]]:
    """Part ``actions`` as traded into those that can be stored and those that are too large for it."""
    kept, held_back = [], []
    for action in actions:
        if action.value < LARGEST_ACTION:
            kept.append(action)
        else:
            held_back.append(HeldBackAction(action, Reason.TOO_LARGE))
    return kept, held_back


def _fault_of_action(action: Action, around: "_Around") -> Reason | None:
    if action.value <= 0:
        return Reason.NOT_POSITIVE
    pair = around.pair(action.on)
    if action.kind is ActionKind.SPLIT or pair is None:
        return None
    before, after = pair
    told = around.dividend_by_adjusted_closes(action.on)
    if told is not None and told > 0 and _ratio(float(action.value), float(told)) >= CONTRADICTION:
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
