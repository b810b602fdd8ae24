"""Where answers are kept, and how: compressed JSON, data only, so that a poisoned cache cannot run code."""

import json
import time
import zlib
from pathlib import Path
from typing import Any

import django_redis
from cattrs import BaseValidationError
from django.conf import settings
from requests_cache.backends.base import BaseCache
from requests_cache.backends.redis import RedisCache, RedisDict
from requests_cache.backends.sqlite import SQLiteCache
from requests_cache.models.response import CachedResponse
from requests_cache.serializers import SerializerPipeline
from requests_cache.serializers.pipeline import Stage
from requests_cache.serializers.preconf import json_preconf_stage

from finances.http import files
from finances.http.policy import STALE_IF_ERROR

FILE = "http-cache.sqlite3"
BUSY_TIMEOUT = 5000  # milliseconds
# A few kilobytes can unpack to gigabytes; an answer in base64 is a third longer than its body.
MAX_UNPACKED = 64 * 1024 * 1024
DAMAGED = (BaseValidationError, zlib.error, AttributeError, KeyError, OverflowError, RecursionError, TypeError)


class CountedAnswers(RedisDict):
    """Answers in Redis, with a list of when each of them ends: the library walks over all of Redis to count them."""

    @property
    def ends(self) -> str:
        """The key of the list."""
        return f"{self.namespace}-ends"

    def __len__(self) -> int:
        """Return the number of answers, with those that Redis has made room from."""
        return int(self.connection.zcount(self.ends, time.time(), "+inf"))

    def __setitem__(self, key: str, item: CachedResponse) -> None:
        """Keep an answer."""
        super().__setitem__(key, item)  # type: ignore[no-untyped-call]
        now = time.time()
        self.connection.zadd(self.ends, {key: now + (item.expires_delta or 0) + self.ttl_offset})
        self.connection.zremrangebyscore(self.ends, "-inf", now)

    def __delitem__(self, key: str) -> None:
        """Forget an answer."""
        self.connection.zrem(self.ends, key)
        super().__delitem__(key)  # type: ignore[no-untyped-call]


def build_cache() -> BaseCache:
    """Open the cache: in Redis where there is one, else a file under ``VAR_DIR``."""
    if settings.REDIS_URL:
        namespace, connection = f"{settings.CACHE_PREFIX}:http:answers", django_redis.get_redis_connection("http")
        cache = RedisCache(namespace, connection=connection)
        cache.responses = CountedAnswers(
            namespace,
            connection=connection,
            serializer=SERIALIZER,
            # How long Redis keeps an answer that has expired; its default, an hour, would defeat stale-if-error.
            ttl_offset=int(STALE_IF_ERROR.total_seconds()),
        )
        return cache
    return files.open_patiently(_sqlite_cache, Path(settings.VAR_DIR) / FILE)


def _sqlite_cache(path: Path) -> SQLiteCache:
    cache = SQLiteCache(str(path), serializer=SERIALIZER, wal=True, busy_timeout=BUSY_TIMEOUT)
    # Redis forgets by itself; here somebody has to sweep out what may not even serve as stale any more.
    too_old = int(time.time() - STALE_IF_ERROR.total_seconds())
    with cache.responses.connection(commit=True) as connection:
        connection.execute("DELETE FROM responses WHERE expires < ?", (too_old,))
    return cache


def dump(response: CachedResponse) -> bytes:
    """Write an answer."""
    return zlib.compress(json.dumps(json_preconf_stage.dumps(response), separators=(",", ":")).encode(), 3)


def load(entry: bytes) -> CachedResponse:
    """Read an answer again.

    Raises:
        ValueError: the entry is damaged, or is none that ``dump`` wrote; requests-cache takes it for a miss.
    """
    try:
        response: Any = json_preconf_stage.loads(_unpack(entry))
    except DAMAGED as exc:
        raise ValueError(f"damaged cache entry ({type(exc).__name__})") from exc
    # Every answer that is kept has these: an entry that never expires must not get in by the back door.
    if not isinstance(response, CachedResponse) or response.expires is None or not response.ok:
        raise ValueError("a cache entry that was not written here")
    return response


def _unpack(entry: bytes) -> Any:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(entry, MAX_UNPACKED)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("cut off or too large")
    return json.loads(text)


SERIALIZER = SerializerPipeline([Stage(dumps=dump, loads=load)], name="json+zlib", is_binary=True)
