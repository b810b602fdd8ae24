"""The one way out to other people's servers: cached, counted, paced, and at rest when a server says so.

A provider declares a ``Policy`` and asks ``http.get(policy, url)``; what comes back is plain bytes in an ``Answer``,
and what goes wrong is one of the ``ProviderError`` classes. Caches, counters, pace and cool-down are shared by all
processes: in Redis where there is one, else in SQLite files under ``VAR_DIR``.
"""

from finances.http.asker import count_question
from finances.http.policy import Answer, ForTheClientError, Policy
from finances.http.session import Session, Stats, forget_sessions, get, session_for, stats

__all__ = [
    "Answer",
    "ForTheClientError",
    "Policy",
    "Session",
    "Stats",
    "count_question",
    "forget_sessions",
    "get",
    "session_for",
    "stats",
]
