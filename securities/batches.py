"""Syncing many securities: one after the other or by several workers, each one for itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connections
from django.db.models import F, Q
from django.utils import timezone

from finances.exceptions import FinancesError, ProviderRateLimitedError
from securities import services
from securities.ingest import Ingested
from securities.models import Security, SecurityQuerySet
from securities.syncs import SyncResult, SyncRunningError

# A security that no provider knows any more is asked for a week, then only by name.
FORGOTTEN_AFTER = timedelta(days=7)

type Work = Callable[[str], SyncResult | None]
type OnDone = Callable[[int], None]


@dataclass
class Outcome:
    """What became of a batch. ``reasons`` counts what failed or was left out, by a few words."""

    names: int
    ingested: Ingested = field(default_factory=Ingested)
    done: int = 0
    problems: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def summary(self) -> str:
        """Return the outcome in a sentence or two."""
        sums = self.ingested
        sentence = f"{self.done} of {self.names} securities done"
        if sums.total:
            sentence += f": {sums.inserted} prices new, {sums.updated} changed, {sums.unchanged} as they were"
        counted = ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common())
        return f"{sentence}. Not done: {counted}." if counted else f"{sentence}."

    @property
    def counts(self) -> dict[str, int]:
        """Return the outcome in numbers: securities done, and prices."""
        sums = self.ingested
        return {"done": self.done, "inserted": sums.inserted, "updated": sums.updated, "unchanged": sums.unchanged}

    def add(self, result: SyncResult | None) -> None:
        """Count a success."""
        self.done += 1
        if result is None:
            return
        self.ingested = Ingested(*(sum(pair) for pair in zip(self.ingested, result.ingested, strict=True)))
        if result.unreached and result.unreached not in self.problems:
            self.problems.append(result.unreached)
        if result.problem:
            self.problems.append(f"{result.security.symbol}: {result.problem}")

    def fail(self, name: str, failure: FinancesError) -> None:
        """Count a failure; that somebody else is at it already is none."""
        self.reasons[failure.code.replace("_", " ")] += 1
        if not isinstance(failure, SyncRunningError):
            self.failures.append(f"{name}: {failure.message}")


def worthwhile(securities: SecurityQuerySet) -> list[str]:
    """Return the symbols of what is worth a sync, what waited longest first; so a broken-off run goes on.

    Not of what comes from files or is made up, nor of what no provider has known for a while.
    """
    worthwhile = securities.filter(is_fetched=True).exclude(_is_forgotten())
    return list(
        worthwhile.order_by(F("last_synced_at").asc(nulls_first=True), "symbol").values_list("symbol", flat=True)
    )


def left_out(securities: SecurityQuerySet) -> str:
    """Say how many of ``securities`` are not worth a sync, and why; nothing where all are."""
    from_files, forgotten = securities.filter(is_fetched=False), securities.filter(_is_forgotten(), is_fetched=True)
    sentences = (
        (from_files.count(), "left out, with prices from files alone"),
        (forgotten.count(), "left out, not known to any provider for a week"),
    )
    return " ".join(f"{count} {reason}." for count, reason in sentences if count)


def _is_forgotten() -> Q:
    return Q(unknown_since__lt=timezone.now() - FORGOTTEN_AFTER)


def run(names: Sequence[str], work: Work, *, workers: int = 1, on_done: OnDone = lambda _: None) -> Outcome:
    """Do ``work`` for each of ``names``; one that fails does not stop the others.

    When a provider asks for fewer requests, or somebody interrupts, what has begun is finished and the rest left out.
    """
    outcome, queue = Outcome(len(names)), iter(names)
    try:
        for name, answer in _answers(queue, work, workers):
            on_done(1)
            if not isinstance(answer, FinancesError):
                outcome.add(answer)
                continue
            outcome.fail(name, answer)
            if isinstance(answer, ProviderRateLimitedError):
                _leave_out(outcome, queue, "left out for the provider to rest")
    except KeyboardInterrupt:
        outcome.failures.append("Interrupted; what was done is kept.")
        _leave_out(outcome, queue, "left out by the interruption")
    return outcome


def _answers(queue: Iterator[str], work: Work, workers: int) -> Iterator[tuple[str, SyncResult | FinancesError | None]]:
    """Yield each name with what became of it; at most ``workers`` are under way, so that the rest can be left out."""
    if workers <= 1:
        for name in queue:
            yield name, _attempt(work, name)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="sync") as pool:
        running = {}
        for name in queue:
            running[pool.submit(_attempt_in_thread, work, name)] = name
            if len(running) >= workers:
                future = next(iter(running))
                yield running.pop(future), future.result()
        for future, name in running.items():
            yield name, future.result()


def _attempt(work: Work, name: str) -> SyncResult | FinancesError | None:
    try:
        return work(name)
    except FinancesError as exc:
        return exc


def _attempt_in_thread(work: Work, name: str) -> SyncResult | FinancesError | None:
    try:
        return _attempt(work, name)
    finally:
        connections.close_all()  # a thread's connections are its own, and the pool of threads ends with the command


def _leave_out(outcome: Outcome, queue: Iterable[str], reason: str) -> None:
    left = sum(1 for _ in queue)
    if left:
        outcome.reasons[reason] += left


def stored(name: str) -> Security:
    """Return the stored security called ``name``.

    Raises:
        SecurityNotFoundError: it is not stored.
    """
    security = services.find(name)
    if security is None:
        raise services.SecurityNotFoundError(f"There is no security {name}.")
    return security


def refresh_profile(name: str) -> None:
    """Bring the profile of a stored security up to date.

    Raises:
        SecurityNotFoundError: it is not stored.
        ProviderError: nobody can tell now.
    """
    services.refresh_profile(security=stored(name))


def check_profile(name: str) -> None:
    """Ask for the profile of a stored security, and keep nothing.

    Raises:
        SecurityNotFoundError, ProviderError: as ``refresh_profile`` does.
    """
    services.fetch_profile(stored(name).symbol)
