"""Fixtures around the stand-in; a conftest imports them where they are needed."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import django_redis
import pytest
from pytest_django import Settings

from currencies.providers import ecb, exchangerate_api, open_er_api
from finances import http
from tests.stand_in.server import StandIn
from tests.stand_in.yahoo import YahooStandIn


@contextmanager
def empty_store(settings: Settings, directory: Path) -> Iterator[str]:
    """Keep the cache, the counters and the gates of outside HTTP in a place of their own; give its kind."""
    settings.VAR_DIR = directory
    settings.CACHE_PREFIX = f"test-{uuid.uuid4().hex}"
    http.forget_sessions()
    yield "redis" if settings.REDIS_URL else "sqlite"
    http.forget_sessions()
    if settings.REDIS_URL:
        connection = django_redis.get_redis_connection("http")
        for key in connection.scan_iter(f"{settings.CACHE_PREFIX}:*"):
            connection.delete(key)


@pytest.fixture
def http_store(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """Start with an empty store of the kind that the settings choose."""
    with empty_store(settings, tmp_path) as kind:
        yield kind


@pytest.fixture
def stand_in(http_store: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Serve the rate services locally, and point the settings and the trust at them; nothing waits for its turn."""
    server = StandIn().start()
    settings.EXCHANGERATE_API_URL = f"{server.url}/keyed/v6"
    settings.OPEN_ER_API_URL = f"{server.url}/open/v6"
    settings.ECB_RATES_URL = f"{server.url}/ecb"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
    for provider in (ecb, exchangerate_api, open_er_api):
        monkeypatch.setattr(provider, "POLICY", replace(provider.POLICY, gap=timedelta(0)))
    yield server
    server.stop()


@pytest.fixture
def yahoo(http_store: str, settings: Settings) -> Iterator[YahooStandIn]:
    """Serve Yahoo locally, and point the settings at it; nothing waits for its turn."""
    server = YahooStandIn().start()
    settings.YAHOO_PROXY, settings.YAHOO_CA_FILE = server.proxy, str(server.ca_file)
    settings.YAHOO_SECONDS_BETWEEN_REQUESTS = 0
    settings.PRICE_PROVIDERS = ["yahoo"]
    yield server
    server.stop()
