import pytest


@pytest.fixture
def limit(settings):
    """Return a function that sets rates by scope."""

    def set_rates(**rates):
        settings.THROTTLE_RATES = settings.THROTTLE_RATES | rates

    return set_rates
