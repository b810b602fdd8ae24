"""What is known of the request under way, for whoever writes a log line. Empty outside requests."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
user_id: ContextVar[str] = ContextVar("user_id", default="-")
