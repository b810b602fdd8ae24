"""Log records with the request they belong to, for people and for machines, and without what nobody may read there.

We write neither secrets nor personal data into the log. Others' exceptions may: a mail server names whom it refuses, a
database the address that it was asked for. What looks like one of these is taken out of every line.
"""

import logging
import re
from datetime import UTC, datetime
from typing import Literal

import orjson

from finances import request_context

# Attributes that every record has; whatever else a record carries was given as ``extra`` and is worth telling.
# Django gives the whole request, with its query.
STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {
    "message", "asctime", "request_id", "user_id", "request",
}  # fmt: skip

SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]+"), r"\1 …"),
    (re.compile(r"(?<![\w-])eyJ[\w-]++(?:\.[\w-]++){0,2}"), "…"),  # JSON web tokens, and parts of them
    (re.compile(r"://[^/\s:@]*:[^/\s@]*@"), "://…@"),
    (re.compile(r"(?i)\b((?:\w*token|\w*secret|password|passwd|pwd|api_?key|crumb)=)[^\s&'\"]+"), r"\1…"),
    (re.compile(r"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "<address>"),
)
CONSOLE_LINE = "{asctime} {levelname:7} {name} [{request_id}] {message}"
SIGNS = re.compile(r"(?i)[@=]|eyJ|bearer |basic ")  # one of which every secret has, and few lines have


def without_secrets(text: str) -> str:
    """Return ``text`` without passwords, tokens and mail addresses, as far as they can be told from the rest."""
    if SIGNS.search(text):
        for pattern, rest in SECRETS:
            text = pattern.sub(rest, text)
    return text


class RequestFilter(logging.Filter):
    """Put the id of the request, or else of the task, and that of the request's user on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record."""
        request_id = request_context.request_id.get()
        record.request_id = request_context.task_id.get() if request_id == request_context.NOTHING else request_id
        record.user_id = request_context.user_id.get()
        return True


class FailureFilter(logging.Filter):
    """Keep what failed with a traceback; that an answer is an error, our own request log says."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep a record with an exception."""
        return bool(record.exc_info)


class ConsoleFormatter(logging.Formatter):
    """A line for people, and the traceback below it."""

    def __init__(self, fmt: str = CONSOLE_LINE, style: Literal["{"] = "{") -> None:
        """Write lines as ``fmt`` says."""
        super().__init__(fmt, style=style)

    def format(self, record: logging.LogRecord) -> str:
        """Write ``record`` for a terminal."""
        return without_secrets(super().format(record))


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request and user id, and the extras."""

    def format(self, record: logging.LogRecord) -> str:
        """Write ``record`` as one line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            "request_id": getattr(record, "request_id", request_context.NOTHING),
            "user_id": getattr(record, "user_id", request_context.NOTHING),
        }
        extras = {name: value for name, value in vars(record).items() if name not in STANDARD_ATTRIBUTES}
        entry |= {name: without_secrets(value) if isinstance(value, str) else value for name, value in extras.items()}
        if record.exc_info:
            entry["exception"] = without_secrets(self.formatException(record.exc_info))
        return orjson.dumps(entry, default=str, option=orjson.OPT_UTC_Z).decode()
