"""The app of net worth and what it is made of."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """Values what `accounts` holds; has no tables of its own."""

    name = "portfolio"
