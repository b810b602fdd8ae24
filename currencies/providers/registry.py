"""All providers by name, and the ones that the settings choose."""

from django.conf import settings

from currencies.providers.ecb import Ecb
from currencies.providers.ecb_archive import EcbArchive
from currencies.providers.exchangerate_api import ExchangerateApi
from currencies.providers.open_er_api import OpenErApi
from currencies.providers.protocol import Capability, RateProvider
from finances.exceptions import InvalidValueError

ARCHIVE = EcbArchive()
PROVIDERS: dict[str, RateProvider] = {
    provider.name: provider for provider in (ExchangerateApi(), OpenErApi(), Ecb(), ARCHIVE)
}


def by_name(name: str) -> RateProvider:
    """Return the provider called ``name``.

    Raises:
        InvalidValueError: there is none.
    """
    try:
        return PROVIDERS[name]
    except KeyError as exc:
        known = ", ".join(sorted(PROVIDERS))
        raise InvalidValueError(f"There is no rate provider {name!r}; there are {known}.", field="provider") from exc


def chosen(capability: Capability) -> list[RateProvider]:
    """Return the providers of ``settings.RATE_PROVIDERS`` that can do this and are set up, in their order.

    Raises:
        InvalidValueError: the settings name a provider that does not exist.
    """
    providers = [by_name(name) for name in settings.RATE_PROVIDERS]
    return [provider for provider in providers if capability in provider.capabilities and provider.is_ready]
