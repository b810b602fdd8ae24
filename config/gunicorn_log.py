"""gunicorn's own lines, written as all others are."""

import importlib
import logging
from contextlib import suppress
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from gunicorn.glogging import Logger as LibraryLogger

from finances.logs import ConsoleFormatter, JSONFormatter, RequestFilter


class Logger(LibraryLogger):  # type: ignore[misc]  # the library has no types
    """Writes as `LOG_FORMAT` says, and nothing that looks like a secret."""

    def setup(self, cfg: Any) -> None:
        """Make the handlers as ever, and have them write as ours do."""
        super().setup(cfg)
        for handler in [*self.error_log.handlers, *self.access_log.handlers]:
            if getattr(handler, "_gunicorn", False):  # and none that somebody set up by a file of logging
                handler.setFormatter(formatter())
                handler.addFilter(RequestFilter())


def formatter() -> logging.Formatter:
    """Return what writes a line; for people, too, where the settings are such that nothing will start."""
    with suppress(ImproperlyConfigured):
        settings = importlib.import_module("config.settings")
        if settings.LOG_FORMAT == "json":
            return JSONFormatter()
    return ConsoleFormatter()
