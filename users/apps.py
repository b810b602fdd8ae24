"""People and how they sign in."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """People and how they sign in."""

    name = "users"
    verbose_name = "People"
