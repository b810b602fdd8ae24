"""What a provider declares about its server, and what an answer is."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from finances.exceptions import ProviderError

# For how long an answer that has expired still serves when the server is away.
STALE_IF_ERROR = timedelta(days=7)
# For how long, at most, an answer is fresh that is still going on, such as the prices of a day that is not over.
CURRENT_TTL = timedelta(minutes=15)


def accept_everything(_status: int, _body: bytes) -> None:
    """Raise nothing: for servers whose status code alone tells whether they answered."""


def itself(url: str) -> str:
    """Return ``url``: for servers whose URLs say what is asked, and nothing else."""
    return url


def never(_url: str) -> bool:
    """Tell that what is asked will not change: for servers that tell of what is over."""
    return False


class ForTheClientError(ProviderError):
    """An answer that a client library is to see for itself, such as one that asks it for another cookie. Never kept."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How one provider's server is to be asked.

    ``name`` keys its pace and its cool-down, ``title`` names it in sentences. ``ttl`` says for how long an answer is
    fresh, by the first pattern that is found in the URL; a URL without a pattern is never cached.

    ``examine(status, body)`` looks at every answer before it may be cached, except redirects, 429 and 5xx, and raises
    a ``ProviderError`` for one that is none: servers send error bodies and maintenance pages with status 200.

    ``is_current(url)`` tells whether it asks for what is still going on: such an answer is fresh for a quarter of an
    hour at most, whatever ``ttl`` says.

    ``key_url(url)`` gives the URL under which an answer is kept, where two URLs ask the same.
    """

    name: str
    title: str
    ttl: Mapping[str | re.Pattern[str], timedelta]
    examine: Callable[[int, bytes], None] = accept_everything
    gap: timedelta = timedelta(seconds=1)
    at_once: int = 4
    max_wait: timedelta = timedelta(seconds=10)
    max_bytes: int = 8 * 1024 * 1024
    key_url: Callable[[str], str] = itself
    is_current: Callable[[str], bool] = never

    def keeps(self, url: str) -> bool:
        """Tell whether the answer to a GET of ``url`` may be kept."""
        return any(re.search(pattern, url) for pattern in self.ttl)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, or once answered: ``is_stale`` when it is an expired copy because the server is away."""

    url: str
    body: bytes
    fetched_at: datetime
    is_stale: bool = False
