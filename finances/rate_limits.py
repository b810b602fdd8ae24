"""How often somebody may do something, counted for all processes together. Knows no HTTP framework.

Requests are counted in fixed windows, each count being one atomic increment in the cache ``throttles``. Without Redis,
or while it is away or full, every process counts in its own memory: limits become as many times wider as there are
processes, but nobody is let in unlimited and nobody is locked out. These counts outlive it (``finances.counts``).

Of a limit of hundreds a process counts a hundredth at once, and lets that many pass before it asks the cache again.
Never do more pass than the limit says; what a process has counted and not let pass is lost when the window closes.
"""

import contextlib
import functools
import ipaddress
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

from finances import typed_text
from finances.counts import Memory

logger = logging.getLogger(__name__)

SECONDS_IN = {
    name: seconds
    for seconds, names in {
        1: ("s", "sec", "second"),
        60: ("m", "min", "minute"),
        3600: ("h", "hour"),
        86_400: ("d", "day"),
    }.items()
    for name in names
}
# Half of IPv6's bits name the host within one customer's network, who can change them at will.
CUSTOMER_PREFIX = 64
# How long to count in our own memory before Redis is asked again, so that an outage does not slow every request.
REDIS_REST_SECONDS = 10
PARTS = 100  # of a limit, of which a process counts one at once
MOST_AHEAD = 10_000  # identities for which it does


@dataclass(frozen=True)
class Limit:
    """At most ``count`` requests in each window of ``seconds``."""

    count: int
    seconds: int


@dataclass(frozen=True)
class Window:
    """The part of time in which requests of one identity are now counted together, for ``closes_in`` more seconds."""

    key: str
    limit: Limit
    closes_in: int

    def seconds_to_wait(self, *, weight: int = 1, at_once: int = 1) -> int | None:
        """Count a request as ``weight``; return after how many seconds to try again, None when it may pass.

        ``at_once`` may be counted, of which this process lets later requests pass without asking anybody.
        """
        if ahead.take(self.key, weight):
            return None
        counted = max(weight, at_once)
        count = counter.increment(self.key, seconds=self.limit.seconds, by=counted)
        left = counted - max(count - self.limit.count, 0) - weight
        if left > 0:
            ahead.put(self.key, left)
        return None if left >= 0 else self.closes_in

    def part(self, identity: str, *, count: int) -> "Window":
        """Return a window that closes with this one and counts what ``identity`` alone does, up to ``count``.

        Its key has nothing of this one's but the scope and the number: ``identity`` says whose part of what it is.
        """
        scope, _, number = self.key.split(":")
        key = f"{scope}_part:{digest_of(identity)[:32]}:{number}"
        return Window(key, Limit(count, self.limit.seconds), self.closes_in)

    def take_back(self) -> None:
        """Count a request less."""
        counter.take_back(self.key)

    def forget(self) -> None:
        """Count anew."""
        ahead.forget(self.key)
        counter.forget(self.key)


@functools.cache
def parse(rate: str) -> Limit | None:
    """Read ``10/min`` as a limit (s, sec, second; m, min, minute; h, hour; d, day), ``off`` as none.

    Raises:
        ImproperlyConfigured: ``rate`` has another form.
    """
    if rate == "off":
        return None
    count, _, period = rate.partition("/")
    if not count.isdecimal() or int(count) < 1 or period not in SECONDS_IN:
        raise ImproperlyConfigured(
            f"{rate!r} is not a rate such as 10/min; periods are s, min, hour and day, or say off."
        )
    return Limit(int(count), SECONDS_IN[period])


def limit_of(scope: str) -> Limit | None:
    """Return the limit of a scope, if it has one.

    Raises:
        ImproperlyConfigured: ``settings.THROTTLE_RATES`` has no such scope.
    """
    if scope not in settings.THROTTLE_RATES:
        raise ImproperlyConfigured(f"There is no rate of {scope!r} in THROTTLE_RATES.")
    return parse(settings.THROTTLE_RATES[scope])


def first_refusal(steps: Iterable[tuple[str, str]]) -> int | None:
    """Count one request under one scope and identity after the other, until one refuses; say what that one says.

    What is refused is not counted further, nor looked at: whoever has used up the limit of their own address does not
    use up that of somebody's account too.
    """
    waits = (seconds_to_wait(scope=scope, identity=identity) for scope, identity in steps)
    return next((seconds for seconds in waits if seconds is not None), None)


def seconds_to_wait(*, scope: str, identity: str, weight: int = 1) -> int | None:
    """Count a request of ``identity`` as ``weight``; return after how many seconds to try again, None when it may pass.

    Raises:
        ImproperlyConfigured: ``settings.THROTTLE_RATES`` has no such scope.
    """
    window = window_of(scope=scope, identity=identity)
    return None if window is None else window.seconds_to_wait(weight=weight, at_once=window.limit.count // PARTS)


def window_of(*, scope: str, identity: str) -> Window | None:
    """Return the window of this moment in which ``identity`` is counted under ``scope``, if that has a limit.

    Raises:
        ImproperlyConfigured: ``settings.THROTTLE_RATES`` has no such scope.
    """
    limit = limit_of(scope)
    if limit is None:
        return None
    digest = digest_asked_often(f"{scope}:{identity}")
    # Everybody's windows begin at another moment, so that not all are let in anew at the full minute.
    number, elapsed = divmod(time.time() + int(digest[:8], 16) % limit.seconds, limit.seconds)
    return Window(f"{scope}:{digest[8:40]}:{int(number)}", limit, math.ceil(limit.seconds - elapsed))


def digest_of(identity: str) -> str:
    """Return what stands for an identity: addresses and names of people are not for the cache to know."""
    return salted_hmac(__name__, identity, algorithm="sha256").hexdigest()


# Of who asks, for each request; of what also has to do with passwords nothing stays in memory.
digest_asked_often = functools.lru_cache(maxsize=4096)(digest_of)


class Ahead:
    """What this process has counted and not let pass yet, by the key of the window."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.left: dict[str, int] = {}
        self.lock = threading.Lock()

    def take(self, key: str, weight: int) -> bool:
        """Let ``weight`` pass, if so much was counted."""
        with self.lock:
            left = self.left.get(key, 0)
            if left >= weight:
                self.left[key] = left - weight
        return left >= weight

    def put(self, key: str, count: int) -> None:
        """Keep what was counted; where that is of too many, they are all counted anew."""
        with self.lock:
            if len(self.left) >= MOST_AHEAD:
                self.left.clear()
            self.left[key] = self.left.get(key, 0) + count

    def forget(self, key: str) -> None:
        """Count anew."""
        with self.lock:
            self.left.pop(key, None)


class Counter:
    """Counts in the shared cache, in this process's memory while that is away or full."""

    def __init__(self) -> None:
        """Trust the shared cache until it fails."""
        self.memory = Memory()
        self.shared_again_at = 0.0

    def increment(self, key: str, *, seconds: int, by: int = 1) -> int:
        """Add ``by`` to ``key``, which is forgotten after ``seconds``, and return the new count."""
        return self.ask(lambda cache: increment(cache, key, seconds, by))

    def take_back(self, key: str) -> None:
        """Take one from ``key``, if it is still counted."""
        with contextlib.suppress(ValueError):  # it is forgotten already
            self.ask(lambda cache: cache.decr(key))

    def forget(self, key: str) -> None:
        """Forget ``key``, be it of a count or of something else."""
        self.ask(lambda cache: cache.delete(key))

    def remember(self, key: str, value: str, *, seconds: int) -> None:
        """Remember ``value`` under ``key`` for ``seconds``."""
        self.ask(lambda cache: cache.set(key, value, seconds))

    def remembers(self, key: str, value: str) -> bool:
        """Tell whether it is ``value`` that is remembered under ``key``."""
        return bool(self.ask(lambda cache: cache.get(key)) == value)

    def ask[Answer](self, question: Callable[[BaseCache], Answer]) -> Answer:
        """Ask the shared cache, or this process's memory while that is away or takes nothing more."""
        if time.monotonic() >= self.shared_again_at:
            try:
                return question(caches["throttles"])
            except (redis.exceptions.RedisError, OSError) as exc:
                self.shared_again_at = time.monotonic() + REDIS_REST_SECONDS
                is_full = isinstance(exc, redis.exceptions.OutOfMemoryError)
                level, state = (logging.ERROR, "full") if is_full else (logging.WARNING, "away")
                logger.log(level, "Rate limits are counted in this process alone, Redis being %s: %s", state, exc)
        return question(self.memory)


def increment(cache: BaseCache, key: str, seconds: int, by: int = 1) -> int:
    """Add ``by`` to ``key`` in ``cache``, atomically, and return the new count."""
    try:
        return cache.incr(key, by)
    except ValueError:  # nobody has counted in this window yet; of those who find that at once, one adds the key
        return by if cache.add(key, by, seconds) else cache.incr(key, by)


ahead, counter = Ahead(), Counter()


def client_address(meta: Mapping[str, Any]) -> str:
    """Return the network address that a request came from, an IPv6 one as its customer's /64.

    ``X-Forwarded-For`` counts only behind ``TRUSTED_PROXY_COUNT`` proxies, and only what these wrote: each appends
    the address that it was called from, so the client's own stands that many places from the end.
    """
    address = str(meta.get("REMOTE_ADDR") or "")
    forwarded = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")]
    if settings.TRUSTED_PROXY_COUNT and forwarded != [""]:
        address = forwarded[-min(settings.TRUSTED_PROXY_COUNT, len(forwarded))]
    try:
        parsed = ipaddress.ip_address(without_port(address))
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), CUSTOMER_PREFIX), strict=False))
    return str(parsed)


def without_port(address: str) -> str:
    """Return ``192.0.2.1`` of ``192.0.2.1:4711`` and ``::1`` of ``[::1]:4711``: some proxies add the port."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, _, port = address.partition(":")
    return host if port.isdecimal() else address


def account_identity(name: str) -> str:
    """Return one form for all ways in which a login can be typed, so that each account is counted once.

    Names that are too long for any account are counted by how they begin.
    """
    return typed_text.normalize_name(name).casefold()
