"""Fixtures around the stand-in: import them where they are needed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from finances import http
from tests.stand_in.server import StandIn


@pytest.fixture
def stand_in(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Serve the rate services locally, and point the settings, the trust and an empty HTTP cache at them."""
    server = StandIn().start()
    settings.VAR_DIR = tmp_path
    settings.CACHE_PREFIX = f"test-{tmp_path.name}"
    settings.EXCHANGERATE_API_URL = f"{server.url}/keyed/v6"
    settings.OPEN_ER_API_URL = f"{server.url}/open/v6"
    settings.ECB_RATES_URL = f"{server.url}/ecb"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
    http.forget_sessions()
    yield server
    http.forget_sessions()
    server.stop()
