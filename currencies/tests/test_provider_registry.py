"""Which providers are asked."""

import pytest

from currencies.providers import registry
from currencies.providers.protocol import Capability
from finances.exceptions import InvalidValueError


def names(providers):
    return [provider.name for provider in providers]


def test_the_settings_choose_providers_and_their_order(settings):
    settings.RATE_PROVIDERS = ["ecb", "open-er-api"]

    assert names(registry.chosen(Capability.LATEST)) == ["ecb", "open-er-api"]


def test_a_provider_without_its_key_is_passed_over(settings):
    settings.RATE_PROVIDERS = ["exchangerate-api", "open-er-api"]
    settings.EXCHANGERATE_API_KEY = ""

    assert names(registry.chosen(Capability.LATEST)) == ["open-er-api"]


def test_a_provider_that_cannot_do_it_is_passed_over(settings):
    settings.RATE_PROVIDERS = ["open-er-api", "ecb", "ecb-archive"]

    assert names(registry.chosen(Capability.HISTORY)) == ["ecb", "ecb-archive"]


def test_who_asks_for_each_past_day_anew_gives_no_range(settings):
    settings.RATE_PROVIDERS = ["exchangerate-api", "open-er-api", "ecb"]
    settings.EXCHANGERATE_API_KEY = "key"

    assert names(registry.chosen(Capability.RANGE)) == ["ecb"]


def test_an_unknown_provider_is_refused_by_name(settings):
    settings.RATE_PROVIDERS = ["yahoo"]

    with pytest.raises(InvalidValueError, match="no rate provider 'yahoo'; there are ecb, ecb-archive"):
        registry.chosen(Capability.LATEST)


@pytest.mark.parametrize("provider", registry.PROVIDERS.values(), ids=lambda provider: provider.name)
def test_every_provider_gives_credit_and_fits_its_column(provider):
    assert "https://" in provider.attribution
    assert 0 < len(provider.source) <= 40
