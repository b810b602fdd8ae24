"""What the tests of securities share."""

import pytest

from securities.providers import registry
from securities.tests import shelf as shelves
from tests.stand_in.fixtures import http_store, yahoo

__all__ = ["http_store", "yahoo"]


@pytest.fixture
def shelf(settings):
    """Return the only provider there is, with nothing on it."""
    settings.PRICE_PROVIDERS = [shelves.PATH]
    provider = registry.by_name(shelves.PATH)
    provider.clear()
    return provider
