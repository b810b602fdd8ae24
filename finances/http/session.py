"""The sessions: for each provider and process one, requests-cache in front, the gate and the wire behind."""

import copy
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypedDict, cast

import redis
import requests
from django.conf import settings
from requests.adapters import BaseAdapter, HTTPAdapter
from requests_cache import DO_NOT_CACHE, CachedSession
from requests_cache.backends.base import BaseCache
from requests_cache.cache_keys import create_key
from requests_cache.models import AnyResponse

from finances.exceptions import ProviderError, ProviderUnavailableError
from finances.http.cache import build_cache
from finances.http.gate import Gate
from finances.http.policy import CURRENT_TTL, STALE_IF_ERROR, Answer, Policy
from finances.http.stores import SharedStore, build_store
from finances.http.transport import Errand, GatedAdapter

MAX_REDIRECTS = 3
MAX_TIMEOUT = 10.0  # seconds
HEADERS = {"Accept-Encoding": "gzip", "User-Agent": "finances/1.0 (self-hosted personal finance)"}


class Session:
    """Asks one provider's server, or remembers what it answered.

    Never share one between processes: ``session_for`` keeps one for each.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        cache: BaseCache,
        store: SharedStore,
        timeout: float,
        transport: BaseAdapter | None = None,
    ) -> None:
        """Use ``cache`` and ``store``; ``transport`` replaces the wire of requests."""
        self._policy, self._store, self._cache = policy, store, cache
        self._adapter = GatedAdapter(policy, Gate(policy, store), transport or HTTPAdapter(), timeout=timeout)
        self._settled = self._remembering(policy.ttl)
        self._current = self._remembering({url: min(ttl, CURRENT_TTL) for url, ttl in policy.ttl.items()})

    def _remembering(self, ttl: Mapping[str | re.Pattern[str], timedelta]) -> CachedSession:
        """Make a session whose answers stay fresh for so long; all of them share the cache and the adapter."""
        cached = CachedSession(
            backend=copy.copy(self._cache),  # which keeps the settings of its one session
            expire_after=DO_NOT_CACHE,
            urls_expire_after=dict(ttl),
            allowable_codes=(200,),
            allowable_methods=("GET",),
            stale_if_error=int(STALE_IF_ERROR.total_seconds()),
            autoclose=False,
            key_fn=self._key,
        )
        cached.max_redirects = MAX_REDIRECTS
        # The only adapter there is: a redirect to http:, file: or anything else finds none and fails.
        cached.adapters.clear()
        cached.mount("https://", self._adapter)
        return cached

    def get(
        self, url: str, *, params: Mapping[str, str] | None = None, secret_headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a GET of ``url``: fresh from the cache, live, or stale when the server is away.

        ``secret_headers`` go on the wire and nowhere else: not into the key, the cache, a log or an error.

        Raises:
            ProviderNotFoundError: the server has nothing there.
            ProviderRateLimitedError: the server asks for fewer requests, or a cool-down is on.
            ProviderUnavailableError: the server is away, or what it sends is no answer; nothing stale is left.
            ProviderError: the server refuses, for good.
        """
        errand = Errand()
        errand.prepare(method="GET", url=url, params=dict(params or {}), headers=HEADERS)
        errand.secret_headers = dict(secret_headers or {})
        with _cache_at_hand():
            try:
                response = self._ask(errand)
            except ProviderError:
                self._store.count("errors")
                raise
            self._store.count(_outcome(errand, response))
        is_stale = response.from_cache and response.is_expired
        return Answer(url=response.url, body=response.content, fetched_at=response.created_at, is_stale=is_stale)

    def _key(self, request: requests.PreparedRequest, **options: Any) -> str:
        """Key ``request`` by the URL under which its answer is kept."""
        kept_as = self._policy.key_url(str(request.url))
        if kept_as != request.url:
            request = request.copy()
            request.url = kept_as
        return str(create_key(request, **options))

    def _ask(self, errand: Errand) -> AnyResponse:
        cached = self._current if self._policy.is_current(str(errand.url)) else self._settled
        options = cached.merge_environment_settings(errand.url, {}, None, None, None)
        try:
            response = cached.send(errand, allow_redirects=True, **options)
        except requests.RequestException as exc:
            kind = type(exc).__name__
            raise ProviderUnavailableError(f"{self._policy.title} leads elsewhere ({kind}).") from exc
        if errand.refusal is not None:
            raise errand.refusal
        return response


def _outcome(errand: Errand, response: AnyResponse) -> str:
    """Name what the request was to the cache; a copy that the server confirmed (304) cost a request, so is a miss."""
    if response.from_cache and response.is_expired:
        return "stale_hits"
    return "misses" if errand.was_sent or not response.from_cache else "hits"


@contextmanager
def _cache_at_hand() -> Iterator[None]:
    """Turn a failure of the cache itself into a typed error."""
    try:
        yield
    except (redis.RedisError, sqlite3.Error, OSError) as exc:
        raise ProviderUnavailableError("The cache of outside answers is away.") from exc


_lock = threading.Lock()
# By process, because a connection that crosses fork() serves two masters. Those of a parent are kept, not dropped:
# closing them here would close them there.
_sessions: dict[tuple[int, str], object] = {}


def _renew_lock() -> None:
    global _lock  # noqa: PLW0603 - a lock that a thread of the parent held would never open here
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def of_this_process[T](name: str, build: Callable[[], T]) -> T:
    """Return the session that this process keeps under ``name``, built at first use.

    Raises:
        ProviderUnavailableError: the cache is away.
    """
    key = (os.getpid(), name)
    with _lock, _cache_at_hand():
        if key not in _sessions:
            _sessions[key] = build()
        return cast("T", _sessions[key])


def timeout() -> float:
    """Return how many seconds a server may keep silent."""
    return float(min(settings.HTTP_TIMEOUT, MAX_TIMEOUT))


def session_for(policy: Policy) -> Session:
    """Return this process's session for ``policy``, made at first use.

    Raises:
        ProviderUnavailableError: the cache is away.
    """
    return of_this_process(
        policy.name, lambda: Session(policy, cache=build_cache(), store=build_store(), timeout=timeout())
    )


def get(
    policy: Policy,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    secret_headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask the server of ``policy`` for ``url``; see ``Session.get`` for what is returned and raised."""
    return session_for(policy).get(url, params=params, secret_headers=secret_headers)


def forget_sessions() -> None:
    """Drop all sessions, so that the next request opens new ones by the settings of then."""
    with _lock:
        _sessions.clear()


class Cooldown(TypedDict):
    """For how many more seconds a server is not asked, and why."""

    seconds: int
    reason: str


class Stats(TypedDict):
    """Counts since the counters were last emptied; ``size`` is the number of answers kept, about so in Redis."""

    backend: str
    hits: int
    stale_hits: int
    misses: int
    errors: int
    total_requests: int
    hit_rate: float
    size: int
    cooldowns: dict[str, Cooldown]


def stats() -> Stats:
    """Return the counters summed over all processes; ``hit_rate`` is 0 to 1, stale answers included.

    Raises:
        ProviderUnavailableError: the cache itself is away.
    """
    with _cache_at_hand():
        store, size = build_store(), len(build_cache().responses)
        counts, states, now = store.counts(), store.states(), store.now()
    total = sum(counts.values())
    rests = {name: (state.seconds_of_rest(now), state.rests_because) for name, state in states.items()}
    return Stats(
        backend="redis" if settings.REDIS_URL else "sqlite",
        hits=counts["hits"],
        stale_hits=counts["stale_hits"],
        misses=counts["misses"],
        errors=counts["errors"],
        total_requests=total,
        hit_rate=round((counts["hits"] + counts["stale_hits"]) / total, 4) if total else 0.0,
        size=size,
        cooldowns={name: Cooldown(seconds=left, reason=why) for name, (left, why) in rests.items() if left},
    )
