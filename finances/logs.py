"""Log records with the request they belong to, for people and for machines."""

import logging
from datetime import UTC, datetime

import orjson

from finances import request_context

# Attributes that every record has; whatever else a record carries was given as ``extra`` and is worth telling.
STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request_id", "user_id"}


class RequestFilter(logging.Filter):
    """Put the id of the request and of its user on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        record.request_id = request_context.request_id.get()
        record.user_id = request_context.user_id.get()
        return True


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request and user id, and the extras."""

    def format(self, record: logging.LogRecord) -> str:
        """Write ``record`` as one line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", request_context.NOTHING),
            "user_id": getattr(record, "user_id", request_context.NOTHING),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in STANDARD_ATTRIBUTES}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str, option=orjson.OPT_UTC_Z).decode()
