"""A provider that serves what a test puts on its shelf: a plug-in like any other, chosen by its dotted path."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from finances.exceptions import ProviderError, ProviderNotFoundError
from securities.actions import Action, ActionKind
from securities.adjustment import LaterSplits
from securities.bars import Bar
from securities.intervals import Interval, instant_of
from securities.providers.protocol import Capability, History, Limit, Listing, Profile, Quote

PATH = "securities.tests.shelf.Shelf"


@dataclass
class Item:
    """A security on the shelf: bars and actions as traded. ``secret_splits`` are taken out, but told to nobody."""

    profile: Profile
    bars: dict[Interval, list[Bar]] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    secret_splits: list[Action] = field(default_factory=list)


class Shelf:
    """Serves like Yahoo: split-adjusted, and in each window only the actions of that window."""

    name = "shelf"
    title = "The shelf"
    capabilities = frozenset(Capability)

    def __init__(self):
        self.clear()

    def clear(self):
        self.limits = {interval: Limit() for interval in Interval}
        self.items: dict[str, Item] = {}
        self.failure: ProviderError | None = None
        self.calls: list[tuple] = []
        self.during_history = self.during_profile = lambda: None

    def put(self, symbol, *, closes=(), first=date(2026, 3, 2), interval=Interval.DAY, actions=(), **profile):
        """Put a security with one bar a weekday, or an hour, on the shelf."""
        known = {"name": f"{symbol} Inc.", "asset_class": "equity", "exchange": "NMS", "currency": "USD"}
        item = self.items.setdefault(symbol, Item(Profile(symbol, **{**known, **profile})))
        item.bars[interval] = bars(closes, first=first, interval=interval)
        item.actions = list(actions)
        return item

    def search(self, text, *, limit):
        self._ask("search", text)
        found = [item.profile for item in self.items.values() if text.lower() in item.profile.name.lower()]
        return [Listing(p.symbol, p.name, p.asset_class, p.exchange, p.currency) for p in found][:limit]

    def profile(self, symbol):
        profile = self._item("profile", symbol).profile
        self.during_profile()
        return profile

    def history(self, symbol, *, interval, since, until):
        item = self._item("history", symbol, interval, since, until)
        self.during_history()
        later = LaterSplits([*item.actions, *item.secret_splits])
        within = [bar for bar in item.bars.get(interval, []) if since <= bar.at.date() < until]
        return History(
            [divided(bar, later.after(bar.at.date())) for bar in within],
            [adjusted(action, later) for action in item.actions if since <= action.on < until],
            currency=item.profile.currency,
            timezone="America/New_York",
            is_split_adjusted=True,
        )

    def quotes(self, symbols):
        self._ask("quotes", *symbols)
        return {
            symbol: Quote(symbol, bar.close, item.profile.currency, bar.at)
            for symbol, item in self.items.items()
            if symbol in symbols
            for bar in item.bars[Interval.DAY][-1:]
        }

    def actions(self, symbol):
        item = self._item("actions", symbol)
        later = LaterSplits([*item.actions, *item.secret_splits])
        return [adjusted(action, later) for action in item.actions]

    def asked(self, what) -> list[tuple]:
        """Return the arguments of each call of one method."""
        return [call[1:] for call in self.calls if call[0] == what]

    def _ask(self, *call):
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure

    def _item(self, *call) -> Item:
        self._ask(*call)
        if call[1] not in self.items:
            raise ProviderNotFoundError(f"The shelf has no {call[1]}.")
        return self.items[call[1]]


def divided(bar, factor):
    prices = [price if price is None else Decimal(price) / Decimal(float(factor)) for price in bar[1:5]]
    return Bar(bar.at, *prices, bar.volume and int(bar.volume * factor))


def adjusted(action, later):
    if action.kind is ActionKind.SPLIT:
        return action
    return action._replace(value=action.value / Decimal(float(later.after(action.on))))


def bars(closes: Sequence, *, first=date(2026, 3, 2), interval=Interval.DAY) -> list[Bar]:
    """Return bars of the weekdays, or hours, from the Monday ``first`` on; a dollar over the close, a dime under it."""
    result, at = [], instant_of(first)
    step = timedelta(hours=1) if interval is Interval.HOUR else timedelta(days=1)
    for close in map(Decimal, closes):
        while at.weekday() > 4:
            at += step
        low = close - Decimal("0.1") if close > 1 else close
        result.append(Bar(at, close, close + 1, low, close, 1000))
        at += step
    return result


def split(on: str, ratio) -> Action:
    return Action(date.fromisoformat(on), ActionKind.SPLIT, Decimal(ratio))


def dividend(on: str, amount, currency=None) -> Action:
    return Action(date.fromisoformat(on), ActionKind.DIVIDEND, Decimal(amount), currency)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
