"""Sums of leaves on each of many days at once, as columns of whole numbers. Pure.

What `figures.total` says of one day, for thousands of them: a leaf that stays the same for a while is added where it
begins and taken away where it ends; a holding is a column of its own, quantity times closes.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from itertools import accumulate, pairwise
from math import lcm
from operator import add

from accounts.market_figures import MAX_PRICE_AGE_DAYS
from portfolio import figures
from portfolio.exchange import DayRates
from portfolio.figures import Figure
from portfolio.inputs import Account, Position, Security
from portfolio.leaves import PRODUCT_UNIT, Leaf, Missing, holding_leaf, quantity_units, unconfirmed_leaf
from portfolio.timeline import Segment

NEVER = date.max
NONE = -1  # the place of a close that is not there


class Calendar:
    """The days of the columns, oldest first, and which close of a security counts on each."""

    def __init__(self, days: Sequence[date]) -> None:
        """Remember the ``days``."""
        self.days = days
        self._ordinals = list(map(date.toordinal, days))
        self._places: dict[str, list[int]] = {}

    def place(self, day: date) -> int:
        """Return the place of the first of the days that is not before ``day``."""
        return bisect_left(self.days, day)

    def closes(self, security: Security) -> list[int]:
        """Return the places of the closes that count on each day, `NONE` where there is none."""
        if security.id not in self._places:
            self._places[security.id] = list(self._closes(list(map(date.toordinal, security.days))))
        return self._places[security.id]

    def _closes(self, starts: list[int]) -> Iterator[int]:
        """Yield what `Security.close_place` says of each day, in one walk through both."""
        latest, following, count = NONE, 0, len(starts)
        for day in self._ordinals:
            while following < count and starts[following] <= day:
                latest, following = following, following + 1
            yield latest if following and day - starts[latest] <= MAX_PRICE_AGE_DAYS else NONE


class Columns:
    """Sums of leaves by currency, how many there are, and which are missing, on each day of a calendar."""

    def __init__(self, calendar: Calendar) -> None:
        """Begin with nothing."""
        self._calendar, self._size = calendar, len(calendar.days)
        self._amounts: dict[tuple[str, int], list[int]] = {}
        self._steps: dict[tuple[str, int], list[int]] = {}
        self._present: dict[str, list[int]] = {}  # steps of how many leaves need a rate
        self._counted = self._zeros()
        self._oldest = [NEVER] * self._size
        self._missing: dict[int, list[tuple[int, Leaf]]] = {}  # from which day on, until when
        self._left_out: list[tuple[Leaf, ...]] = []
        self._latest: tuple[tuple[Leaf, ...], tuple[Missing, ...]] = ((), ())

    def _zeros(self) -> list[int]:
        return [0] * (self._size + 1)

    def hold(self, leaf: Leaf, first: int, end: int) -> None:
        """Add a ``leaf`` that is the same on the days from ``first`` to before ``end``."""
        if leaf.missing is not None:
            self._missing.setdefault(first, []).append((end, leaf))
            return
        if leaf.numerator:
            step(self._steps.setdefault((leaf.currency, leaf.denominator), self._zeros()), first, end, leaf.numerator)
        self._count(leaf.currency, first, end, needs_rate=bool(leaf.numerator))
        if leaf.on is not None:
            on = leaf.on
            self._oldest[first:end] = [min(other, on) for other in self._oldest[first:end]]

    def _count(self, currency: str, first: int, end: int, *, needs_rate: bool) -> None:
        step(self._counted, first, end, 1)
        if needs_rate:
            step(self._present.setdefault(currency, self._zeros()), first, end, 1)

    def hold_position(self, account: Account, position: Position, segment: Segment, first: int, end: int) -> None:
        """Add what was held of a security on the days from ``first`` to before ``end``."""
        security = position.security
        if (doubt := unconfirmed_leaf(account, position, segment)) is not None:
            self.hold(doubt, first, end)
        places = self._calendar.closes(security)[first:end]
        if security.currency is None or segment.quantity is None:
            self.hold(holding_leaf(account, position, segment, None), first, end)
            return
        used = [place for place in places if place != NONE]
        start = used[0] if used else 0  # the places ascend
        numerators, denominator = worth(security, segment, start, used[-1] + 1 if used else 0)
        of_places = [NONE if place == NONE else place - start for place in places]
        self._hold_runs(
            account, position, segment, first, [NONE if place < 0 else bool(numerators[place]) for place in of_places]
        )
        column = self._amounts.setdefault((security.currency, denominator), [0] * self._size)
        column[first:end] = map(add, column[first:end], map([*numerators, 0].__getitem__, of_places))
        days = map([*security.days[start : start + len(numerators)], NEVER].__getitem__, of_places)
        self._oldest[first:end] = map(min, self._oldest[first:end], days)

    def _hold_runs(self, account: Account, position: Position, segment: Segment, first: int, kinds: list[int]) -> None:
        """Count the days with a close, with a close of zero, and without one, a run of each at a time."""
        changes = [place for place in range(1, len(kinds)) if kinds[place] is not kinds[place - 1]]
        for start, end in zip([0, *changes], [*changes, len(kinds)], strict=True):
            if kinds[start] == NONE:
                self.hold(holding_leaf(account, position, segment, None), first + start, first + end)
            else:
                self._count(str(position.security.currency), first + start, first + end, needs_rate=bool(kinds[start]))

    def close(self) -> None:
        """Add up, when all is in; from then on `figure` tells of the days."""
        for key, steps in self._steps.items():
            column = self._amounts.setdefault(key, [0] * self._size)
            column[:] = map(add, column, accumulate(steps))
        self._present = {code: list(accumulate(steps)) for code, steps in self._present.items()}
        self._counted = list(accumulate(self._counted))
        self._left_out = list(self._sweep())

    def figure(self, place: int, rates: DayRates) -> Figure | None:
        """Return the sum on a day; None when a rate is missing for some of it."""
        codes = [code for code, counts in self._present.items() if counts[place]]
        ways = {code: rates.known(code) for code in codes}
        if None in ways.values():
            return None
        value = figures.ZERO
        for (code, denominator), column in self._amounts.items():
            way = ways.get(code)
            if way is not None and column[place]:
                value += Fraction(column[place] * way.ratio.numerator, denominator * way.ratio.denominator)
        left_out = self._left_out[place]
        days = [way.rate_on for way in ways.values() if way is not None and way.is_converted]
        oldest = min([*days, self._oldest[place]])
        return Figure(
            value=value if self._counted[place] or not left_out else None,
            currency=rates.quote,
            missing=self._missing_of(left_out),
            left_out=left_out,
            counted_count=self._counted[place],
            oldest_input_on=None if oldest is NEVER else oldest,
        )

    def _missing_of(self, left_out: tuple[Leaf, ...]) -> tuple[Missing, ...]:
        """Return what is missing; as long as the same is left out, the same object."""
        if self._latest[0] is not left_out:
            self._latest = (left_out, figures.unique(leaf.missing for leaf in left_out))
        return self._latest[1]

    def _sweep(self) -> Iterator[tuple[Leaf, ...]]:
        waiting: list[tuple[int, Leaf]] = []
        ends: set[int] = set()
        found: tuple[Leaf, ...] = ()
        for place in range(self._size):
            if place in self._missing or place in ends:
                waiting = [each for each in waiting if each[0] > place] + self._missing.get(place, [])
                ends = {end for end, _ in waiting}
                found = tuple(leaf for _, leaf in waiting)
            yield found


def step(steps: list[int], first: int, end: int, by: int) -> None:
    """Let a sum be greater ``by`` so much from ``first`` to before ``end``."""
    steps[first] += by
    steps[end] -= by


def worth(security: Security, segment: Segment, start: int, end: int) -> tuple[list[int], int]:
    """Return what is held, at each close of a security from the place ``start`` to before ``end``.

    As numerators, and the denominator of all of them.
    """
    units, prices = quantity_units(segment.quantity), security.closes.scaled
    if not security.splits:
        return [units * price for price in prices[start:end]], PRODUCT_UNIT
    stretches = between_splits(security, start, end)
    ratios = [security.splits_between(segment.since, security.days[first]) for first, _ in stretches]
    common = lcm(*(ratio.denominator for ratio in ratios))
    found: list[int] = []
    for (first, last), ratio in zip(stretches, ratios, strict=True):
        factor = units * ratio.numerator * (common // ratio.denominator)
        found += [factor * price for price in prices[first:last]]
    return found, PRODUCT_UNIT * common


def between_splits(security: Security, start: int, end: int) -> list[tuple[int, int]]:
    """Return the places of closes from ``start`` to before ``end``, cut where the security was split."""
    cuts = {bisect_left(security.days, split.on, start, end) for split in security.splits} - {start, end}
    bounds = [start, *sorted(cuts), end] if start < end else []
    return list(pairwise(bounds))
