"""The app of those who keep Finances running."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Background work, its runs, backups and the doctor; knows every other app, and none knows it."""

    name = "operations"
