"""Keeping count of what a sync takes over, what it leaves out, and why. Pure: no database."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from currencies.providers.protocol import PublishedTable
from currencies.rate_upsert import Row
from finances.exceptions import ProviderError, ProviderNotFoundError, ProviderOutOfRangeError

# Not every provider has every day and currency; that the next one is asked then is what there are several for.
OF_COURSE = (ProviderNotFoundError, ProviderOutOfRangeError)


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of a sync; ``date`` is the newest day that the source gives.

    ``synced_count`` rates are stored now as they were published, of which ``changed_count`` were new or different.
    ``failed_count`` were published but cannot be rates; ``unknown_codes`` are currencies that we do not have.
    ``is_stale``: nobody could be asked, and these are older rates. ``failures`` says who failed, and how; those of
    them that are no matter of course, such as an expired key, are ``warnings``.
    """

    base_currency: str
    date: date
    synced_count: int
    failed_count: int
    summary: str
    changed_count: int = 0
    unknown_codes: tuple[str, ...] = ()
    is_stale: bool = False
    failures: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Return it in numbers: rates stored as published, and how many of them were new or different."""
        return {"done": self.synced_count, "changed": self.changed_count}

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody could be asked, so that nothing was synced."""
        return self.is_stale and not self.synced_count

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """Say what is wrong with rates that were stored all the same, or why none were."""
        if self.is_empty:
            return self.failures
        old = ("The rates are old ones, since the source is away.",) if self.is_stale else ()
        return (*old, f"{self.failed_count} published rates cannot be stored.") if self.failed_count else old

    @property
    def message(self) -> str:
        """Return all of it in sentences."""
        return " ".join((self.summary, *self.failures))


@dataclass(slots=True)
class Tally:
    """The counts of one sync, table after table."""

    synced_count: int = 0
    changed_count: int = 0
    newest: PublishedTable | None = None
    is_stale: bool = False
    unknown: Counter[str] = field(default_factory=Counter)
    unusable: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[ProviderError] = field(default_factory=list)

    def take(self, tables: Sequence[PublishedTable], *, known: Collection[str]) -> list[Row]:
        """Return the rows of ``tables`` between currencies that are ``known``, and count what is left out."""
        rows = [row for table in tables for row in self._rows(table, known)]
        self.synced_count += len(rows)
        return rows

    def _rows(self, table: PublishedTable, known: Collection[str]) -> Iterator[Row]:
        if self.newest is None or table.on > self.newest.on:
            self.newest = table
        self.is_stale = self.is_stale or table.is_stale
        self.unusable.update((skipped.code, skipped.reason) for skipped in table.skipped)
        for code, rate in table.rates.items():
            if code in known:
                yield Row(table.base, code, table.on, rate, table.source)
            else:
                self.unknown[code] += 1

    def result(self, *, base: str, on: date) -> SyncResult:
        """Sum up; ``base`` and ``on`` stand in where no table was found."""
        return SyncResult(
            base_currency=base,
            date=self.newest.on if self.newest else on,
            synced_count=self.synced_count,
            failed_count=self.unusable.total(),
            summary=" ".join(self._sentences(on)),
            changed_count=self.changed_count,
            unknown_codes=tuple(sorted(self.unknown)),
            is_stale=self.is_stale,
            failures=tuple(failure.message for failure in self.failures),
            warnings=tuple(failure.message for failure in self.failures if not isinstance(failure, OF_COURSE)),
        )

    def stale_result(self, *, base: str, on: date) -> SyncResult:
        """Say that nobody could be asked, and that the newest rates of ``base`` that are stored are of ``on``."""
        failures = tuple(failure.message for failure in self.failures)
        summary = f"No rates were fetched. The newest stored rates of {base} are of {on}."
        return SyncResult(base, on, 0, 0, summary, is_stale=True, failures=failures, warnings=failures)

    def _sentences(self, on: date) -> Iterator[str]:
        if self.newest is None:
            yield "No rates were fetched." if self.failures else f"No rates were published up to {on}."
        else:
            newest = self.newest
            yield f"{self.synced_count} rates of {newest.base} from {newest.source}, the newest of {newest.on}."
            yield f"{self.changed_count} of them were new or different."
        if self.is_stale:
            yield "The source is away; these are its older answers."
        if self.unknown:
            yield f"Left out, because they are unknown here: {', '.join(sorted(self.unknown))}."
        for (code, reason), times in sorted(self.unusable.items()):
            yield f"Left out: {code}, because {reason}{f' ({times} times)' if times > 1 else ''}."
