"""What people have and owe: accounts, their balances, the securities in them."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts with their values and holdings, each private to its user."""

    name = "accounts"
