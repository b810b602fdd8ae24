"""The app of those who keep Finances running."""

from django.apps import AppConfig

from finances import runs


class OperationsConfig(AppConfig):
    """Background work, its runs, backups and the doctor; knows every other app, and none knows it."""

    name = "operations"

    def ready(self) -> None:
        """Keep the records of what all apps run."""
        from operations import records

        runs.keep_records(records.Records())
