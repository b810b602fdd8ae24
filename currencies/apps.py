"""Currencies and exchange rates."""

from django.apps import AppConfig


class CurrenciesConfig(AppConfig):
    """Currencies, their rates and conversion."""

    name = "currencies"
    verbose_name = "Currencies"
