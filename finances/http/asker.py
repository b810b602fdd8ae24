"""Who waits for what is asked outside: somebody whose request is under way, or nobody in particular."""

from finances import rate_limits, request_context
from finances.exceptions import TooManyRequestsError

# Seconds that a request waits for its turn at a server: it keeps a thread of the web server, and somebody, waiting.
PATIENCE = 3.0


def count_question() -> None:
    """Count a question to a provider for the user whose request leads to it, whether a cache answers it or not.

    Raises:
        TooManyRequestsError: this user has asked too much in the last minute.
    """
    user = request_context.user_id.get()
    if user == request_context.NOTHING:
        return
    seconds = rate_limits.seconds_to_wait(scope="fetch", identity=f"user:{user}")
    if seconds is not None:
        raise TooManyRequestsError(
            f"You have asked for much that only a provider knows; try again in {seconds} seconds.", retry_after=seconds
        )


def patience(longest: float) -> float:
    """Return how many of ``longest`` seconds to wait for a turn."""
    return min(longest, PATIENCE) if request_context.is_awaited.get() else longest
