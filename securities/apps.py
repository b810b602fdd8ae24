"""Securities and their prices."""

from django.apps import AppConfig


class SecuritiesConfig(AppConfig):
    """Securities, their prices, splits and dividends."""

    name = "securities"
    verbose_name = "Securities"
