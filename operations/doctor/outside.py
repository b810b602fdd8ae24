"""The providers of rates and prices: can they be reached, by the way out that everybody takes?"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from currencies.providers import protocol as rate_protocol
from currencies.providers import registry as rates
from finances import http
from finances.exceptions import (
    ProviderError,
    ProviderNotFoundError,
    ProviderOutOfRangeError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)
from operations.doctor.findings import Finding, error, ok, warning
from securities.intervals import Interval
from securities.providers import protocol as price_protocol
from securities.providers import registry as prices

# What every provider knows: a currency that each publishes, and a share that has been traded for decades.
BASE, SYMBOL = "USD", "AAPL"
DAYS = timedelta(days=7)
WAIT = "It is asked again by itself; until then what is kept is served."


def check_providers() -> Iterator[Finding]:
    """Ask each provider a small question, unless it rests.

    An answer that is still fresh in the cache is taken for one, and said to be: nobody is asked more than need be.
    """
    today = timezone.now().date()
    for provider in rates.chosen(rate_protocol.Capability.LATEST):
        yield _tried(provider.name, partial(provider.latest, base=BASE))
    for priced in prices.chosen(price_protocol.Capability.HISTORY):
        yield _tried(priced.name, partial(_history, priced, today))
    if not settings.RATE_PROVIDERS:
        yield warning("No provider of exchange rates is set up.", "Name some in RATE_PROVIDERS.")
    if not settings.PRICE_PROVIDERS:
        yield warning("No provider of prices is set up.", "Name some in PRICE_PROVIDERS.")


def _history(provider: Any, today: date) -> Any:
    return provider.history(SYMBOL, interval=Interval.DAY, since=today - DAYS, until=today + timedelta(days=1))


def _tried(name: str, question: Callable[[], Any]) -> Finding:
    before = http.stats()
    rest = before["cooldowns"].get(name)
    if rest is not None:
        return warning(f"{name} is not asked for {rest['seconds']} seconds more ({rest['reason']}).", WAIT)
    try:
        answer = question()
    except (ProviderNotFoundError, ProviderOutOfRangeError):
        return ok(f"{name} answers.")
    except (ProviderRateLimitedError, ProviderUnavailableError) as exc:
        return warning(exc.message, f"See that this machine reaches the internet. {WAIT}")
    except ProviderError as exc:
        return error(exc.message, "Correct the settings of the provider, or take it out.")
    if answer.is_stale:
        return warning(f"{name} is away; an answer of before is served.", WAIT)
    is_new = http.stats()["misses"] > before["misses"]
    return ok(f"{name} answers." if is_new else f"{name} answered a while ago; its answer is fresh enough.")
