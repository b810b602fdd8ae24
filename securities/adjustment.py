"""Splits and dividends against prices: back to what was traded, and forward to comparable series.

Pure functions on `Decimal`. Ratios of splits are exact fractions; a factor of adjustment has 20 significant digits.
The method is the one of CRSP and Yahoo: a price before a split is divided by its ratio, a price before an ex-date is
multiplied by ``1 - dividend / the close before``.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from finances import money
from securities.actions import Action, ActionKind
from securities.bars import Bar

# A provider's adjusted prices are 32-bit floats, which hold seven digits; what multiplication adds beyond is noise.
FLOAT_DIGITS = 7
FACTOR_DIGITS = 20
PLAIN_RATIO = Fraction(3, 2)
LARGEST_DENOMINATOR = 1000
# Digits behind the point of what is derived from prices; what is stored keeps its own. Prices below one have more.
DERIVED_PLACES, DERIVED_PLACES_BELOW_ONE = 6, 10


class Step(NamedTuple):
    """By what to multiply what was traded before the day ``before`` (and on or after that of the step before).

    ``split`` for prices that are to be comparable over splits, ``total`` over dividends, too.
    """

    before: date
    split: Decimal
    total: Decimal


def steps_from(kept: Iterable[Sequence[str]]) -> list[Step]:
    """Return the steps that are kept with a security, as texts."""
    return [Step(date.fromisoformat(day), Decimal(split), Decimal(total)) for day, split, total in kept]


def exact_ratio(value: Decimal) -> Fraction:
    """Return the ratio that ``value`` stands for: itself, or that of small whole numbers which was cut off to it.

    0.333333 is one third, since one third to six places is 0.333333; 1.0035 and 1.003456789012 are what they say. The
    fewer digits there are, the smaller the numbers must be not to fit by chance.
    """
    exact = Fraction(value)
    unit = 10 ** max(-int(value.normalize().as_tuple().exponent), 0)
    simple = exact.limit_denominator(max(min(LARGEST_DENOMINATOR, math.isqrt(unit) // 10), 1))
    return simple if simple and abs(simple - exact) * unit * 2 <= 1 else exact


def splits_in(actions: Iterable[Action]) -> list[Action]:
    """Return the splits among ``actions``, oldest first."""
    return sorted((action for action in actions if action.kind is ActionKind.SPLIT), key=lambda action: action.on)


class LaterSplits:
    """Answers by what all splits after a day multiplied a share."""

    def __init__(self, splits: Iterable[Action]) -> None:
        """Multiply ``splits`` from the last to the first."""
        ordered = splits_in(splits)
        self._days = [split.on for split in ordered]
        self._factors = [Fraction(1)]
        for split in reversed(ordered):
            self._factors.append(self._factors[-1] * exact_ratio(split.value))
        self._factors.reverse()

    def after(self, day: date) -> Fraction:
        """Return how many shares one share of ``day`` has become; a split counts from its own day on."""
        return self._factors[bisect_right(self._days, day)]


def bars_as_traded(bars: Iterable[Bar], *, splits: Iterable[Action]) -> list[Bar]:
    """Undo the split adjustment of ``bars`` with every split known to the one who adjusted them.

    A bar that a split changes is rounded to the seven digits that the source knows; others are left as they are.
    """
    later = LaterSplits(splits)
    return [bar if (factor := later.after(bar.at.date())) == 1 else _multiplied(bar, factor) for bar in bars]


def _multiplied(bar: Bar, factor: Fraction) -> Bar:
    opened, high, low = (None if price is None else times(price, factor) for price in (bar.open, bar.high, bar.low))
    volume = None if bar.volume is None else round(bar.volume / factor)
    return Bar(bar.at, opened, high, low, times(bar.close, factor), volume)


def times(price: Decimal, factor: Fraction) -> Decimal:
    """Multiply a provider's price, and round to the digits that a provider's price has."""
    exact = money.from_fraction(Fraction(price) * factor)
    return money.significant(exact, digits=FLOAT_DIGITS)


def actions_as_traded(actions: Iterable[Action], *, splits: Iterable[Action]) -> list[Action]:
    """Undo the split adjustment of dividends; splits stay as they are."""
    later = LaterSplits(splits)
    return [
        action._replace(value=times(action.value, factor))
        if action.kind is ActionKind.DIVIDEND and (factor := later.after(action.on)) != 1
        else action
        for action in actions
    ]


def is_plain_to_see(split: Action) -> bool:
    """Tell whether a split moves a price by more than a price moves by itself on most days."""
    ratio = exact_ratio(split.value)
    return max(ratio, 1 / ratio) >= PLAIN_RATIO


def more_exact(bar: Bar, stored: Bar) -> Bar:
    """Return ``bar`` with the prices of ``stored`` where they are the same to the digits that ``bar`` has."""
    return bar._replace(
        open=_more_exact(bar.open, stored.open),
        high=_more_exact(bar.high, stored.high),
        low=_more_exact(bar.low, stored.low),
        close=_more_exact(bar.close, stored.close) or bar.close,
    )


def _more_exact(price: Decimal | None, stored: Decimal | None) -> Decimal | None:
    if price is None or stored is None or price == stored:
        return price
    return stored if money.significant(stored, digits=FLOAT_DIGITS) == price else price


def steps(actions: Iterable[Action], *, closes_before: Mapping[date, tuple[date, Decimal]]) -> list[Step]:
    """Return the steps of adjustment, oldest first; after the last one, prices are as traded.

    ``closes_before`` gives for the ex-date of each dividend the last close before it, with its day. A dividend in
    another currency, or with no close before it, or of more than that close, is left out.
    """
    by_day: dict[date, list[Action]] = {}
    splits: list[Action] = []
    for action in actions:
        by_day.setdefault(action.on, []).append(action)
        if action.kind is ActionKind.SPLIT:
            splits.append(action)
    later = LaterSplits(splits)
    split, total, result = Fraction(1), Fraction(1), []
    for day in sorted(by_day, reverse=True):
        for action in by_day[day]:
            if action.kind is ActionKind.SPLIT:
                split /= exact_ratio(action.value)
                total /= exact_ratio(action.value)
            elif day in closes_before:
                total *= _after_dividend(action, closes_before[day], later)
        result.append(Step(day, _factor(split), _factor(total)))
    return [step for step in reversed(result) if step.split != 1 or step.total != 1]


def _after_dividend(dividend: Action, before: tuple[date, Decimal], later: LaterSplits) -> Fraction:
    day, close = before
    if close <= 0:
        return Fraction(1)
    # The close may stand on the other side of a split on the ex-date itself.
    comparable = Fraction(close) / (later.after(day) / later.after(dividend.on))
    part = Fraction(dividend.value) / comparable
    return 1 - part if part < 1 else Fraction(1)


def _factor(value: Fraction) -> Decimal:
    return money.significant(money.from_fraction(value), digits=FACTOR_DIGITS)


class AdjustedBar(NamedTuple):
    """A bar with its fully adjusted close."""

    bar: Bar
    adjusted_close: Decimal


def adjusted(bars: Iterable[Bar], *, steps: Sequence[Step], mode: str) -> list[AdjustedBar]:
    """Return ``bars`` as traded (mode ``none``), comparable over ``splits``, or over ``all``.

    The adjusted close beside them is always comparable over all. This is the reference for what the database does.
    """
    days = [step.before for step in steps]
    result = []
    for bar in bars:
        place = bisect_right(days, bar.at.date())
        split, total = (steps[place].split, steps[place].total) if place < len(steps) else (Decimal(1), Decimal(1))
        factor = {"none": Decimal(1), "splits": split, "all": total}[mode]
        opened, high, low = (
            None if price is None else derived(price, factor) for price in (bar.open, bar.high, bar.low)
        )
        volume = bar.volume
        if volume is not None and mode != "none":
            volume = int(money.rounded_as_in_sql(volume / split, decimal_places=0))
        shown = Bar(bar.at, opened, high, low, derived(bar.close, factor), volume)
        result.append(AdjustedBar(shown, derived(bar.close, total)))
    return result


def derived(price: Decimal, factor: Decimal) -> Decimal:
    """Multiply a stored price by a factor of adjustment, rounded to `DERIVED_PLACES`; by 1, leave it as it is."""
    if factor == 1:
        return price
    places = DERIVED_PLACES if price >= 1 else DERIVED_PLACES_BELOW_ONE
    return money.rounded_as_in_sql(money.CONTEXT.multiply(price, factor), decimal_places=places)
