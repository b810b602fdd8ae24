"""Rate limits of the API. Every view has all of these; `settings.THROTTLE_RATES` says how much each scope allows."""

from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from finances import rate_limits

# By this a request knows that it has been counted.
COUNTED = "is_counted"


def count(request: Request, *, scope: str, weight: int = 1) -> None:
    """Count what only the body of a signed-in user's request shows, as ``weight`` requests.

    Raises:
        Throttled: there was too much of it.
    """
    require(rate_limits.seconds_to_wait(scope=scope, identity=caller_of(request), weight=weight))


def require(seconds: int | None) -> None:
    """Let a request go on that a limit lets pass.

    Raises:
        Throttled: it is to wait for so many seconds.
    """
    if seconds is not None:
        raise Throttled(seconds)


def count_refused(request: Request) -> None:
    """Count a request that is refused before the throttle of its view was asked, as DRF refuses tokens and rights.

    Raises:
        Throttled: there were too many.
    """
    if not getattr(request, COUNTED, False):
        setattr(request, COUNTED, True)
        scope, caller = everything_of(request)
        require(rate_limits.seconds_to_wait(scope=scope, identity=caller))


def everything_of(request: Request) -> tuple[str, str]:
    """Return under which scope, and as whose, each request of a caller counts."""
    caller = caller_of(request)
    return "user" if caller.startswith("user:") else "anon", caller


def caller_of(request: Request) -> str:
    """Name who is counted: the user, or the address of somebody who is not signed in."""
    if request.user and request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{rate_limits.client_address(request.META)}"


class Throttle(BaseThrottle):
    """Everything that one caller asks, then what they ask under the view's scope, then what is asked of one account.

    One throttle for all three, since DRF asks every throttle of a view even after one has refused. The body is read
    last, and only for those who may go on.

    A view may have a ``throttle_scope``, and a method ``throttle_account(request)`` that returns which account the
    request is about: one that it proves to speak for, from whatever address, or else one together with the caller, for
    it would be refused to its owner because of others. Its rate is that of the scope with ``_account`` behind it.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, atomically, and tell whether it may pass; DRF's own throttles lose counts in a race."""
        setattr(request, COUNTED, True)
        self.seconds = rate_limits.first_refusal(self.steps(request, view))
        return self.seconds is None

    def wait(self) -> float | None:
        """Return the seconds until a new try makes sense."""
        return self.seconds

    def steps(self, request: Request, view: Any) -> Iterator[tuple[str, str]]:
        """Yield scopes and who is counted under them, what is cheap to know first."""
        everything, caller = everything_of(request)
        yield everything, caller
        scope = getattr(view, "throttle_scope", None)
        if scope is None:
            return
        yield scope, caller
        if hasattr(view, "throttle_account") and rate_limits.limit_of(f"{scope}_account") is not None:
            account = view.throttle_account(request)
            if account is not None:
                yield f"{scope}_account", account


class ScopeThrottle(Throttle):
    """What one caller asks under the view's scope alone, which may be more than they may ask of everything."""

    def steps(self, request: Request, view: Any) -> Iterator[tuple[str, str]]:
        """Yield the scope and who is counted under it."""
        yield view.throttle_scope, caller_of(request)
