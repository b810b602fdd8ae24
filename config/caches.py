"""Where each cache lives: in Redis when there is one, in this process's memory otherwise."""

from typing import Any

from config import guards

# One alias a purpose, and nobody calls django-redis's `clear()`, which empties all. "default" is the ORM cache.
ALIASES = ("default", "http", "throttles", "locks")


def caches(env: guards.NamingEnv, *, prefix: str) -> dict[str, dict[str, Any]]:
    """Configure the caches; what counts towards limits may have a Redis of its own."""
    redis_url, limits_url = env.str("REDIS_URL", ""), env.str("LIMITS_REDIS_URL", "")
    if not redis_url:
        guards.require_no_redis_for_limits_alone(limits_url)
        return {alias: in_memory(alias, f"{prefix}:{alias}") for alias in ALIASES} | {
            "throttles": {"BACKEND": "finances.counts.Memory"}
        }
    urls = {"throttles": limits_url or redis_url}
    return {alias: in_redis(alias, urls.get(alias, redis_url), f"{prefix}:{alias}") for alias in ALIASES}


def in_memory(alias: str, prefix: str) -> dict[str, Any]:
    """Configure a cache in this process's memory."""
    return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": alias, "KEY_PREFIX": prefix}


def in_redis(alias: str, url: str, prefix: str) -> dict[str, Any]:
    """Configure a cache in Redis."""
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": prefix,
        "OPTIONS": {
            # Data only, never pickle: whoever writes to Redis must not run code here.
            "SERIALIZER": "finances.cache_data.DataSerializer",
            "SOCKET_CONNECT_TIMEOUT": 2,
            "SOCKET_TIMEOUT": 2,
            "IGNORE_EXCEPTIONS": alias == "default",
        },
    }
