"""What every provider of prices is and returns. Plain values; nothing here knows the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from securities.actions import Action
from securities.bars import Bar
from securities.intervals import Interval


class Capability(StrEnum):
    """What a provider can be asked for."""

    SEARCH = "search"
    PROFILE = "profile"
    HISTORY = "history"
    QUOTES = "quotes"
    ACTIONS = "actions"


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row of the source that is no bar, and why; ``row`` is its number in a file."""

    reason: str
    at: datetime | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One result of a search. What the source does not tell is empty."""

    symbol: str
    name: str = ""
    asset_class: str = "other"
    exchange: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a security. ``currency`` is as quoted (``GBp``); ``timezone`` an IANA name."""

    symbol: str
    name: str = ""
    asset_class: str = "other"
    exchange: str = ""
    currency: str = ""
    timezone: str = ""
    sector: str = ""
    industry: str = ""
    market_cap: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Bars of one security, oldest first, and the splits and dividends among them.

    ``is_split_adjusted``: prices, volumes and dividends are divided by all splits that came later, as many sources
    do; None when the source does not tell. ``currency`` is as quoted (``GBp``), empty when the source does not tell.
    ``adjusted_closes`` are the source's own fully adjusted closes where it gives them: never stored, but a check on its
    dividends. ``is_stale``: the source is away and this is an older answer of its own.
    """

    bars: Sequence[Bar]
    actions: Sequence[Action] = ()
    currency: str = ""
    timezone: str = ""
    is_split_adjusted: bool | None = False
    adjusted_closes: Mapping[datetime, Decimal] = field(default_factory=dict)
    skipped: Sequence[SkippedRow] = ()
    is_stale: bool = False


class Quote(NamedTuple):
    """The latest price that a provider knows, in ``currency`` as quoted (``GBp``)."""

    symbol: str
    price: Decimal
    currency: str
    at: datetime


class Limit(NamedTuple):
    """How many days a provider goes back for an interval, and how many one request may span; None: no limit."""

    days_back: int | None = None
    days_per_request: int | None = None


class PriceProvider(Protocol):
    """A source of prices. A question that is not among its capabilities is never asked."""

    @property
    def name(self) -> str:
        """The name that settings and messages use."""

    @property
    def title(self) -> str:
        """The name for people."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the provider can be asked for."""

    @property
    def limits(self) -> Mapping[Interval, Limit]:
        """What it keeps of each interval; an interval that is not named is not to be had."""

    def search(self, text: str, *, limit: int) -> list[Listing]:
        """Return at most ``limit`` securities by symbol or name, the likeliest first; none is an empty list.

        Raises:
            ProviderRateLimitedError, ProviderUnavailableError: it cannot be asked now.
        """

    def profile(self, symbol: str) -> Profile:
        """Return what is known of a security.

        Raises:
            ProviderNotFoundError: the provider is sure that there is none.
            ProviderRateLimitedError, ProviderUnavailableError: it cannot be asked now.
        """

    def history(self, symbol: str, *, interval: Interval, since: date, until: date) -> History:
        """Return the bars of the days from ``since`` up to, and without, ``until``; days of the exchange.

        Raises:
            ProviderNotFoundError, ProviderRateLimitedError, ProviderUnavailableError: as ``profile`` does.
            ProviderOutOfRangeError: it does not keep these days.
        """

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return the latest prices by symbol; a symbol that is left out is unknown.

        Raises:
            ProviderRateLimitedError, ProviderUnavailableError: it cannot be asked now.
        """

    def actions(self, symbol: str) -> list[Action]:
        """Return every split and dividend, since the first.

        Raises:
            ProviderNotFoundError, ProviderRateLimitedError, ProviderUnavailableError: as ``profile`` does.
        """
