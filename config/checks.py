"""Settings that only the apps understand, looked over at every start: a typing error must not wait for a caller."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from currencies import iso4217
from currencies.providers import registry as rate_registry
from finances import rate_limits
from finances.exceptions import FinancesError
from operations import schedule
from securities.providers import registry as price_registry

SHORTEST_TOKEN = 16


def check_limits(**_: Any) -> list[CheckMessage]:
    """Read every rate of THROTTLE_RATES."""
    problems: list[CheckMessage] = []
    for scope, rate in settings.THROTTLE_RATES.items():
        try:
            rate_limits.parse(rate)
        except ImproperlyConfigured as exc:
            problems.append(Error(f"THROTTLE_{scope.upper()}: {exc}", id="config.E001"))
    return problems


def check_providers(**_: Any) -> list[CheckMessage]:
    """Look up every provider that is named."""
    problems: list[CheckMessage] = []
    named: dict[str, tuple[list[str], Callable[[str], Any]]] = {
        "RATE_PROVIDERS": (settings.RATE_PROVIDERS, rate_registry.by_name),
        "PRICE_PROVIDERS": (settings.PRICE_PROVIDERS, price_registry.by_name),
    }
    for setting, (names, look_up) in named.items():
        for name in names:
            try:
                look_up(name)
            except FinancesError as exc:
                problems.append(Error(f"{setting}: {exc.message}", id="config.E002"))
    return problems


def check_base_currency(**_: Any) -> list[CheckMessage]:
    """Look up the currency that new users get."""
    known = {facts.code for facts in iso4217.active_currencies()}
    if settings.DEFAULT_BASE_CURRENCY in known:
        return []
    problem = f"DEFAULT_BASE_CURRENCY is {settings.DEFAULT_BASE_CURRENCY!r}, which is no active code of ISO 4217."
    return [Error(problem, id="config.E003")]


def check_metrics_token(**_: Any) -> list[CheckMessage]:
    """Refuse a token that can be guessed."""
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        return [Error(f"METRICS_TOKEN has fewer than {SHORTEST_TOKEN} characters.", id="config.E005")]
    return []


def check_schedule(**_: Any) -> list[CheckMessage]:
    """Read every cron expression of the schedule, and its time zone."""
    return [Error(problem, id="config.E004") for problem in schedule.problems()]
