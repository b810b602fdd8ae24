"""What every provider of exchange rates is and returns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Capability(StrEnum):
    """What a provider can be asked for: the newest table, past ones, and all since a day at the price of one."""

    LATEST = "latest"
    HISTORY = "history"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class SkippedRate:
    """A rate that was published but not taken over, and why; ``on`` is None when it concerns every day."""

    code: str
    on: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """What one source published for one day: how many units of each currency one ``base`` costs.

    ``is_stale`` says that the source is away and this is an older answer of its own.
    """

    base: str
    on: date
    rates: Mapping[str, Decimal]
    source: str
    skipped: tuple[SkippedRate, ...] = ()
    is_stale: bool = False


class RateProvider(Protocol):
    """A publisher of exchange rates."""

    @property
    def name(self) -> str:
        """The name that settings and commands use."""

    @property
    def source(self) -> str:
        """Who published the rates; stored with each, at most 40 characters."""

    @property
    def attribution(self) -> str:
        """The credit that the terms of use ask for, with a link."""

    @property
    def is_ready(self) -> bool:
        """Whether the settings hold what the provider needs."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the provider can be asked for."""

    @property
    def days_a_batch(self) -> int:
        """How many days of history are stored at once: many that came in one file, few that cost a request each."""

    def latest(self, *, base: str) -> PublishedTable:
        """Return the newest table; its base is the provider's own where it publishes against one only.

        Raises:
            ProviderNotFoundError: the provider does not know ``base``.
            ProviderRateLimitedError, ProviderUnavailableError: it cannot be asked now, or its answer is none.
            ProviderError: it refuses.
        """

    def history(self, *, base: str, since: date, until: date) -> Iterator[PublishedTable]:
        """Yield the tables of the days from ``since`` to ``until``, newest first; days without any are left out.

        Raises:
            ProviderOutOfRangeError: the provider does not publish, or not to us, the past or this base's.
            ProviderError: as ``latest`` does.
        """
