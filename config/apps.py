"""The composition root as a Django app: it has no models, but looks over the settings of all apps."""

from django.apps import AppConfig
from django.core.cache import close_caches
from django.core.checks import register
from django.core.signals import request_finished

from config import checks


class CompositionConfig(AppConfig):
    """Register what `manage.py check` and every start look at."""

    name = "config"

    def ready(self) -> None:
        """Register the checks, and let caches be: none of ours is to be closed after each request."""
        request_finished.disconnect(close_caches)
        for check in (
            checks.check_limits,
            checks.check_providers,
            checks.check_base_currency,
            checks.check_schedule,
            checks.check_metrics_token,
        ):
            register(check)
