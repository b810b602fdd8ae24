"""Fixtures around the stand-in; a conftest imports them where they are needed."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import django_redis
import pytest
from django.conf import settings as configured
from pytest_django import Settings

from finances import http
from tests.stand_in.server import StandIn

STORES = [
    "sqlite",
    pytest.param("redis", marks=[pytest.mark.redis, pytest.mark.skipif(not configured.REDIS_URL, reason="no Redis")]),
]


@pytest.fixture(params=STORES)
def http_store(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """Keep the cache, the counters and the gates of outside HTTP in an empty place: each kind of store in turn."""
    settings.VAR_DIR = tmp_path
    settings.CACHE_PREFIX = f"test-{uuid.uuid4().hex}"
    if request.param == "sqlite":
        settings.REDIS_URL = ""
    http.forget_sessions()
    yield request.param
    http.forget_sessions()
    if request.param == "redis":
        connection = django_redis.get_redis_connection("http")
        for key in connection.scan_iter(f"{settings.CACHE_PREFIX}:*"):
            connection.delete(key)


@pytest.fixture
def stand_in(http_store: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Serve the rate services locally, and point the settings and the trust at them."""
    server = StandIn().start()
    settings.EXCHANGERATE_API_URL = f"{server.url}/keyed/v6"
    settings.OPEN_ER_API_URL = f"{server.url}/open/v6"
    settings.ECB_RATES_URL = f"{server.url}/ecb"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
    yield server
    server.stop()
