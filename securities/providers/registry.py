"""The providers that the settings choose, asked in order until one answers."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from finances import http
from finances.exceptions import (
    InvalidValueError,
    ProviderError,
    ProviderNotFoundError,
    ProviderOutOfRangeError,
    ProviderUnavailableError,
)
from securities.providers.protocol import Capability, PriceProvider

# By name, where the class is; imported at first use, since some bring heavy libraries along.
PROVIDERS: dict[str, str] = {"yahoo": "securities.providers.yahoo.Yahoo"}


@lru_cache
def by_name(name: str) -> PriceProvider:
    """Return the provider called ``name``, or the one at a dotted path.

    Raises:
        InvalidValueError: there is none.
    """
    path = PROVIDERS.get(name, name)
    try:
        provider: PriceProvider = import_string(path)()
    except ImportError as exc:
        known = ", ".join(sorted(PROVIDERS)) or "none yet"
        message = f"There is no price provider {name!r}; there are {known}, and a dotted path names one of your own."
        raise InvalidValueError(message, field="provider") from exc
    return provider


def chosen(capability: Capability) -> list[PriceProvider]:
    """Return the providers of ``settings.PRICE_PROVIDERS`` that can do this, in their order.

    Raises:
        InvalidValueError: the settings name a provider that does not exist.
    """
    providers = [by_name(name) for name in settings.PRICE_PROVIDERS]
    return [provider for provider in providers if capability in provider.capabilities]


def ask[T](capability: Capability, question: Callable[[PriceProvider], T]) -> tuple[PriceProvider, T]:
    """Put ``question`` to the chosen providers in turn; return the first answer and who gave it.

    Raises:
        ProviderNotFoundError: all that could be asked are sure that there is no such thing.
        ProviderOutOfRangeError: some do not keep this, and the rest do not know it.
        ProviderError: the first one's reason for which it could not answer; no other one could.
        ProviderUnavailableError: nobody can be asked this.
        TooManyRequestsError: the user whose request leads to this has asked too much.
    """
    http.count_question()
    failures: list[ProviderError] = []
    for provider in chosen(capability):
        try:
            return provider, question(provider)
        except ProviderError as exc:
            failures.append(exc)
    if not failures:
        raise ProviderUnavailableError("No provider of prices is set up that can be asked this.")
    raise min(failures, key=_certainty)


def _certainty(failure: ProviderError) -> int:
    """Order failures: one who may know but cannot answer comes before those who are sure not to."""
    return {ProviderNotFoundError: 2, ProviderOutOfRangeError: 1}.get(type(failure), 0)
