"""The gate in front of each server: evenly spaced requests, few at once, and none at all while the server rests.

The rules are functions over a ``GateState`` and the time in Unix seconds; ``Gate`` applies them to the state that all
processes share, by the one clock of its store: those of several machines may differ by more than a rest.
"""

import math
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from finances.exceptions import ProviderRateLimitedError, ProviderUnavailableError
from finances.http import asker
from finances.http.policy import Policy

FIRST_REST = 60  # seconds after a 429 that does not say for how long
LONGEST_REST = 3600  # where doubling ends
LONGEST_NAMED_REST = 86_400  # a server may name a longer rest itself, up to a day
STRIKES_KEPT = 7200  # seconds after which a server's 429s are forgotten
FAILURES_COUNTED = 60  # seconds within which failures add up …
FAILURES_ALLOWED = 3  # … to this many, and then the server is left alone …
OUTAGE_REST = 30  # … for so many seconds
LEASE = 60  # seconds after which the request of a killed process no longer counts as under way
POLL = 0.05  # seconds between two looks for a free place
SET_BACK = 60  # seconds by which the clock goes back only when it is set

RATE_LIMITED = "rate limited"
OUTAGE = "unavailable"


@dataclass(frozen=True, slots=True)
class GateState:
    """What all processes know about one server; times are Unix seconds."""

    next_slot: float = 0
    rests_until: float = 0
    rests_because: str = ""
    strikes: int = 0
    struck_at: float = 0
    failures: tuple[float, ...] = ()
    leases: dict[str, float] = field(default_factory=dict)
    seen_at: float = 0

    def seconds_of_rest(self, now: float) -> int:
        """Return for how many more whole seconds nothing may go out, 0 when the gate is open."""
        return max(0, math.ceil(self.rests_until - now))


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two requests, how many may be under way, and the longest wait for a slot in seconds."""

    gap: float
    at_once: int
    max_wait: float


@dataclass(frozen=True, slots=True)
class Booking:
    """The answer to a wish to go out: go after ``wait`` seconds, look again (``is_full``), or do not go."""

    wait: float = 0
    is_full: bool = False
    refused_for: int = 0
    because: str = ""


def book(state: GateState, pace: Pace, ticket: str, now: float) -> tuple[GateState, Booking]:
    """Reserve the next evenly spaced slot for ``ticket``, unless the server rests or the queue is too long."""
    rest = state.seconds_of_rest(now)
    if rest:
        return state, Booking(refused_for=rest, because=state.rests_because)
    leases = {holder: until for holder, until in state.leases.items() if until > now}
    if len(leases) >= pace.at_once:
        return replace(state, leases=leases), Booking(is_full=True)
    slot = max(now, state.next_slot)
    if slot - now > pace.max_wait:
        return state, Booking(refused_for=math.ceil(slot - now), because=RATE_LIMITED)
    leases[ticket] = slot + LEASE
    return replace(state, leases=leases, next_slot=slot + pace.gap), Booking(wait=slot - now)


def seen(state: GateState, now: float) -> GateState:
    """Return ``state`` as of ``now``: where the clock was set back since it was seen, its times go back as far.

    They would lie ahead by hours otherwise, and nobody would be asked until the clock had caught up.
    """
    back = state.seen_at - now
    if back < SET_BACK:
        return replace(state, seen_at=now)
    return replace(
        state,
        next_slot=state.next_slot - back,
        rests_until=state.rests_until - back,
        struck_at=state.struck_at - back,
        failures=tuple(at - back for at in state.failures),
        leases={holder: until - back for holder, until in state.leases.items()},
        seen_at=now,
    )


def leave(state: GateState, ticket: str) -> GateState:
    """Give back the place that ``ticket`` held."""
    return replace(state, leases={holder: until for holder, until in state.leases.items() if holder != ticket})


def limit(state: GateState, retry_after: int | None, now: float) -> GateState:
    """Let the server rest after a 429: as long as it says, else a minute; twice as long each time, up to an hour."""
    named = None if retry_after is None else min(max(retry_after, 1), LONGEST_NAMED_REST)
    if state.seconds_of_rest(now):
        # Several answers to requests that were under way together are one event: only a longer wish counts.
        return replace(state, rests_until=max(state.rests_until, now + (named or 0)))
    strikes = 1 + (state.strikes if now - state.struck_at < STRIKES_KEPT else 0)
    first = named or FIRST_REST
    rest = min(first * 2 ** min(strikes - 1, 20), max(first, LONGEST_REST))
    return replace(state, strikes=strikes, struck_at=now, rests_until=now + rest, rests_because=RATE_LIMITED)


def fail(state: GateState, now: float) -> GateState:
    """Note a failure; the third within a minute lets the server rest for half a minute."""
    recent = (*(at for at in state.failures if now - at < FAILURES_COUNTED), now)
    if len(recent) < FAILURES_ALLOWED:
        return replace(state, failures=recent)
    rests_until = max(state.rests_until, now + OUTAGE_REST)
    return replace(state, failures=(), rests_until=rests_until, rests_because=OUTAGE)


class SharedState(Protocol):
    """Where the processes keep what they know about each server."""

    def update[T](self, name: str, change: Callable[[GateState], tuple[GateState, T]]) -> T:
        """Replace the state of the gate ``name`` as ``change`` says, atomically; return what ``change`` found.

        ``change`` may run several times when processes collide.
        """

    def now(self) -> float:
        """Return the time in Unix seconds, by a clock that is the same for all of them."""


class Gate:
    """The gate of one server: applies the rules to the state that all processes share."""

    def __init__(
        self,
        policy: Policy,
        store: SharedState,
        *,
        clock: Callable[[], float] | None = None,
        patience: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Stand before the server of ``policy``, with what ``store`` knows about it and, unless told, its clock.

        ``patience`` is the clock of those who wait, which nobody sets.
        """
        self._policy, self._patience = policy, patience
        self._store, self._clock, self._sleep = store, clock or store.now, sleep

    @property
    def _pace(self) -> Pace:
        policy = self._policy
        return Pace(policy.gap.total_seconds(), policy.at_once, asker.patience(policy.max_wait.total_seconds()))

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Wait for a place, hold it while the request is under way, and give it back.

        Raises:
            ProviderRateLimitedError: the server asked for a rest, or too many requests wait already, here or for any.
            ProviderUnavailableError: the server failed several times just now.
        """
        ticket = uuid.uuid4().hex
        with asker.place():
            self._wait_for_place(ticket)
            try:
                yield
            finally:
                self._update(lambda state, _: (leave(state, ticket), None))

    def limited(self, retry_after: int | None) -> int:
        """Close the gate after a 429, for ``retry_after`` seconds if known; return for how many seconds."""
        return self._change(lambda state, now: limit(state, retry_after, now))

    def failed(self) -> int:
        """Note a failure; return for how many seconds the gate is closed, mostly 0."""
        return self._change(fail)

    def _change(self, rule: Callable[[GateState, float], GateState]) -> int:
        def apply(state: GateState, now: float) -> tuple[GateState, int]:
            changed = rule(state, now)
            return changed, changed.seconds_of_rest(now)

        return self._update(apply)

    def _update[T](self, change: Callable[[GateState, float], tuple[GateState, T]]) -> T:
        """Change the state by one time, asked for once each time that the store tries."""

        def attempt(state: GateState) -> tuple[GateState, T]:
            now = self._clock()
            return change(seen(state, now), now)

        return self._store.update(self._policy.name, attempt)

    def _wait_for_place(self, ticket: str) -> None:
        patience = self._patience() + self._pace.max_wait
        booking = self._book(ticket)
        while booking.is_full and self._patience() < patience:
            self._sleep(POLL)
            booking = self._book(ticket)
        if booking.is_full:
            booking = Booking(refused_for=1, because=RATE_LIMITED)
        if booking.wait:
            self._sleep(booking.wait)
            booking = self._look_again(ticket)
        if booking.refused_for:
            raise self._refusal(booking)

    def _book(self, ticket: str) -> Booking:
        return self._update(lambda state, now: book(state, self._pace, ticket, now))

    def _look_again(self, ticket: str) -> Booking:
        """Give the place back when another request closed the gate while this one waited for its slot."""

        def check(state: GateState, now: float) -> tuple[GateState, Booking]:
            rest = state.seconds_of_rest(now)
            kept = leave(state, ticket) if rest else state
            return kept, Booking(refused_for=rest, because=state.rests_because)

        return self._update(check)

    def _refusal(self, booking: Booking) -> ProviderRateLimitedError | ProviderUnavailableError:
        """Put into words why nothing goes out now."""
        sentence = f"{self._policy.title} is not asked again for {booking.refused_for} seconds"
        if booking.because == OUTAGE:
            failed = f"{sentence}, because it failed several times."
            return ProviderUnavailableError(failed, retry_after=booking.refused_for)
        limited = f"{sentence}, because it allows only so many requests."
        return ProviderRateLimitedError(limited, retry_after=booking.refused_for)
