"""Fixtures of the core's own tests."""

import pytest
from django.conf import settings as configured

from tests.stand_in.fixtures import empty_store, stand_in

__all__ = ["http_store", "stand_in"]

NO_REDIS = pytest.mark.skipif(not configured.REDIS_URL, reason="no Redis here")


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=[pytest.mark.redis, NO_REDIS])])
def http_store(request, settings, tmp_path):
    """Start with an empty store: of each kind in turn."""
    if request.param == "sqlite":
        settings.REDIS_URL = ""
    with empty_store(settings, tmp_path) as kind:
        yield kind
