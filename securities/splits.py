"""Which splits a provider took out of its prices, and which of them stored prices lack. Pure functions.

A split moves a price by its ratio, and so does what a price does by itself when the ratio is small. What was told late
is therefore found by comparing what is fetched with what is stored, and only where there is nothing to compare, by the
prices on both sides of the split.
"""

import itertools
import math
import statistics
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from finances import money
from securities import adjustment, quality
from securities.actions import Action, ActionKind
from securities.bars import Bar
from securities.intervals import Interval

# Only a split that moves a price by this many of its usual moves can be seen in it at all.
CLEAR_MOVES = 8
# How far, in usual moves, the price of its day may be from where it should be; and in parts of the split's own move, at
# least and at most. Farther away the price did something by itself, and nobody can tell.
NEAR_MOVES = 4
NEAR_PARTS = 0.1, 0.2
AROUND = 30  # bars on either side of a split, which tell what a usual move is
FEWEST_MOVES = 4  # to tell it
LONGEST_GAP = timedelta(days=40)  # between the bars on both sides of a split, which may be of months
BEGINNING = 5  # bars, which tell what is before them
EXACT = 0.1  # of a split's own move: how far comparable prices may be from what they should be


class Reading(NamedTuple):
    """How a split was read in the prices of one interval: by its ``ratio``, and whether the provider took it out.

    Not ``is_known`` when nothing tells: the provider has no prices from before it. It is kept only where there are
    stored ones, so that the provider is not asked again for what it does not have.
    """

    ratio: Decimal
    is_taken_out: bool
    is_known: bool = True

    @property
    def factor(self) -> Fraction:
        """Return by what the provider's earlier prices were multiplied."""
        return adjustment.exact_ratio(self.ratio) if self.is_taken_out else Fraction(1)


type Readings = Mapping[date, Reading]


def readings_from(kept: Iterable[Sequence[object]]) -> dict[date, Reading]:
    """Return the readings that are kept with a security; nothing is known of those that were neither."""
    return {
        date.fromisoformat(str(on)): Reading(Decimal(str(ratio)), out is not False, is_known=out is not None)
        for on, ratio, out in kept
    }


def readings_of(told: Iterable[Action]) -> dict[date, Reading]:
    """Return how the splits that a provider ``told`` are read: it took them out."""
    return {split.on: Reading(split.value, True) for split in adjustment.splits_in(told)}


def kept_form(readings: Readings) -> list[list[object]]:
    """Return ``readings`` as they are kept with a security, oldest first."""
    return [
        [str(on), money.plain(reading.ratio), reading.is_taken_out if reading.is_known else None]
        for on, reading in sorted(readings.items())
    ]


def is_unreached(on: date, *, now: Readings, kept: Readings) -> bool:
    """Tell whether the split of a day is among those ``kept`` as unreached, by the ratio that it has ``now``."""
    return on in now and on in kept and kept[on].ratio == now[on].ratio


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of splits: by the provider, by a person (``words``, by day) and from the last sync (``kept``)."""

    by_provider: Sequence[Action]
    words: Mapping[date, bool]
    kept: Readings


def read(
    splits: Iterable[Action], bars: Sequence[Bar], told: Told, interval: Interval
) -> tuple[dict[date, Reading], list[Action]]:
    """Return how ``splits`` are to be read in a provider's ``bars``, oldest first, and those of which none can tell.

    A person's word counts first. A split that the provider tells of is out of its prices. Of another one counts what
    the prices show, then how it was read before. One whose day has no price yet is in neither: it changed none.
    """
    readings, unclear, shown = {}, [], Shown(bars, interval)
    for split in adjustment.splits_in(splits):
        is_out = _is_taken_out(split, shown, told)
        if is_out is not None:
            readings[split.on] = Reading(split.value, is_out)
        elif bars and split.on <= bars[0].at.date():
            readings[split.on] = Reading(split.value, is_taken_out=True, is_known=False)
        elif bars and split.on <= bars[-1].at.date():
            unclear.append(split)
    return readings, unclear


def _is_taken_out(split: Action, shown: "Shown", told: Told) -> bool | None:
    if split.on in told.words:
        return told.words[split.on]
    if any(quality.is_same_split(split, other) for other in adjustment.splits_in(told.by_provider)):
        return True
    falls = shown.falls_by(split)
    if falls is not None:
        return not falls
    kept = told.kept.get(split.on)
    if kept is not None and kept.is_known and adjustment.exact_ratio(kept.ratio) == adjustment.exact_ratio(split.value):
        return kept.is_taken_out
    return None


class Shown:
    """What the prices of bars, oldest first, show of splits; what is the same for all splits is worked out once."""

    def __init__(self, bars: Sequence[Bar], interval: Interval) -> None:
        """Look at ``bars``, each of an ``interval``, of which none has a price of zero."""
        self._bars, self._interval = bars, interval
        self._days = [bar.at.date() for bar in bars]

    def first_after(self, split: Action) -> int:
        """Return the place of the first bar to close after a split: of weeks, that of the split."""
        return bisect_left(self._days, self._interval.first_day(split.on))

    def falls_by(self, split: Action) -> bool | None:
        """Tell whether the price falls by the ratio on the day of ``split``, or goes on as ever.

        None when it does neither, and when that cannot be told: there is no bar on one side, or the price moves as much
        by itself. A bar of a week or a month with the split in its midst may be in shares of its first day, as stored
        ones are: where the price goes on into it and falls after it, nobody can tell, either.
        """
        place, ratio = self.first_after(split), adjustment.exact_ratio(split.value)
        falls = falls_at(place, self._bars, ratio=ratio)
        is_in_midst = falls is False and self._bars[place].at.date() < split.on
        return None if is_in_midst and falls_at(place + 1, self._bars, ratio=ratio) else falls


def falls_by(split: Action, bars: Sequence[Bar], interval: Interval) -> bool | None:
    """Tell of a single split what ``bars`` show; see `Shown`."""
    return Shown(bars, interval).falls_by(split)


class Judged(NamedTuple):
    """The splits that are plainly in prices as traded, those that plainly were taken out, and all others."""

    left_in: list[Action]
    taken_out: list[Action]
    unclear: list[Action]


def judge(splits: Iterable[Action], bars: Sequence[Bar], interval: Interval) -> Judged:
    """Part ``splits`` by what ``bars``, oldest first, show of each by itself.

    One that no bar is from before, or that multiplies by 1, changes none of them and is left out.
    """
    judged, shown = Judged([], [], []), Shown(bars, interval)
    for split in adjustment.splits_in(splits):
        if not bars or split.on <= bars[0].at.date() or adjustment.exact_ratio(split.value) == 1:
            continue
        falls = shown.falls_by(split)
        (judged.unclear if falls is None else judged.left_in if falls else judged.taken_out).append(split)
    return judged


def falls_at(place: int, bars: Sequence[Bar], *, ratio: Fraction) -> bool | None:
    """Tell whether the price falls by ``ratio`` from the bar before ``place`` to the one there; None as in `Shown`."""
    if not 0 < place < len(bars) or bars[place].at - bars[place - 1].at > LONGEST_GAP:
        return None
    closes = [math.log(bar.close) for bar in bars[max(place - AROUND, 0) : place + AROUND]]
    falls = [before - after for before, after in itertools.pairwise(closes)]
    fall = falls.pop(min(place, AROUND) - 1)
    if len(falls) < FEWEST_MOVES:
        return None
    size, usual = _log(ratio), statistics.median(map(abs, falls))
    if abs(size) < CLEAR_MOVES * usual:
        return None
    least, most = (part * abs(size) for part in NEAR_PARTS)
    near = min(max(NEAR_MOVES * usual, least), most)
    if abs(fall - size) <= near:
        return True
    return False if abs(fall) <= near else None


def changes(now: Readings, kept: Readings) -> list[Action]:
    """Return what has changed since prices were stored: a split on each day by the factor that they may lack.

    They lack what was not read before, was read otherwise, or is not told any more. Of one that nobody has read before,
    or of which nothing is known, the stored prices may be of either kind.
    """
    found, kept = [], {on: reading for on, reading in kept.items() if reading.is_known}
    for on in sorted({*now, *kept}):
        new = now[on].factor if on in now else Fraction(1)
        if on in kept:
            old = kept[on].factor
        else:
            old = Fraction(1) if now[on].is_taken_out else adjustment.exact_ratio(now[on].ratio)
        if new != old:
            found.append(Action(on, ActionKind.SPLIT, money.from_fraction(new / old)))
    return found


class Comparison(NamedTuple):
    """Of changes, oldest first: those that stored prices lack, and those before which there is nothing to compare.

    ``is_exact`` when there is no doubt about any.
    """

    lacking: list[Action]
    uncompared: list[Action]
    is_exact: bool


def compare(
    changed: Sequence[Action], *, stored: Mapping[datetime, Decimal], fetched: Mapping[datetime, Decimal]
) -> Comparison:
    """Find which of the splits ``changed`` are missing in ``stored`` closes; ``fetched`` ones are as traded."""
    ratios = [(at.date(), float(fetched[at] / stored[at])) for at in sorted(stored.keys() & fetched.keys())]
    lacking: list[Action] = []
    uncompared: list[Action] = []
    is_exact, level = True, 0.0
    begins = [date.min, *(change.on for change in changed)]
    for change, begin in reversed(list(zip(changed, begins, strict=False))):
        before = [ratio for day, ratio in ratios if begin <= day < change.on]
        if not before:
            uncompared.append(change)
            continue
        size, step = _log(Fraction(change.value)), math.log(statistics.median(before)) - level
        is_exact = is_exact and min(abs(step), abs(step - size)) <= EXACT * abs(size)
        if abs(step - size) < abs(step):
            lacking.append(change)
            level += size
    return Comparison(lacking[::-1], uncompared[::-1], is_exact)


def begin_alike(
    lacking: Sequence[Action], *, stored: Mapping[datetime, Decimal], fetched: Mapping[datetime, Decimal]
) -> bool | None:
    """Tell whether the oldest stored closes that can be compared lack all of the splits, too, or none of them.

    None when they are otherwise; ``fetched`` closes are as traded.
    """
    shared = [at for at in sorted(stored.keys() & fetched.keys()) if at.date() < lacking[0].on][:BEGINNING]
    if not shared:
        return None
    size = _log(adjustment.LaterSplits(lacking).after(shared[0].date()))
    step = math.log(statistics.median(float(fetched[at] / stored[at]) for at in shared))
    if abs(step - size) <= EXACT * abs(size):
        return True
    return False if abs(step) <= EXACT * abs(size) else None


def without(lacking: Collection[Action], closes: Mapping[datetime, Decimal]) -> dict[datetime, Decimal]:
    """Return ``closes`` as they are when the splits that are ``lacking`` are missing in them."""
    if not lacking:
        return dict(closes)
    later = adjustment.LaterSplits(lacking)
    return {
        at: close if (factor := later.after(at.date())) == 1 else money.from_fraction(Fraction(close) / factor)
        for at, close in closes.items()
    }


def _log(ratio: Fraction) -> float:
    return math.log(ratio)
