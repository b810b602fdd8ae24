"""What is known of the request under way, for whoever writes a log line. `NOTHING` outside requests."""

from contextvars import ContextVar

NOTHING = "-"
request_id: ContextVar[str] = ContextVar("request_id", default=NOTHING)
user_id: ContextVar[str] = ContextVar("user_id", default=NOTHING)
