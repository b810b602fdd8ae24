"""Rate limits of the API. Every view has all of these; `settings.THROTTLE_RATES` says how much each scope allows."""

from typing import Any

from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from finances import rate_limits


def count(request: Request, *, scope: str) -> None:
    """Count what only the body of a signed-in user's request shows.

    Raises:
        Throttled: there was too much of it.
    """
    seconds = rate_limits.seconds_to_wait(scope=scope, identity=f"user:{request.user.pk}")
    if seconds is not None:
        raise Throttled(seconds)


class RateThrottle(BaseThrottle):
    """Count a request under a scope and an identity, atomically; DRF's own throttles lose counts in a race."""

    def scope(self, request: Request, view: Any) -> str | None:
        """Name the rate that applies to this request, if one does."""
        raise NotImplementedError

    def identity(self, request: Request, view: Any) -> str | None:  # noqa: ARG002
        """Name who is counted: the user, or the address of somebody who is not signed in."""
        if request.user and request.user.is_authenticated:
            return f"user:{request.user.pk}"
        return f"address:{rate_limits.client_address(request.META)}"

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and tell whether it may pass."""
        self.seconds: int | None = None
        scope, identity = self.scope(request, view), self.identity(request, view)
        if scope and identity:
            self.seconds = rate_limits.seconds_to_wait(scope=scope, identity=identity)
        return self.seconds is None

    def wait(self) -> float | None:
        """Return the seconds until a new try makes sense."""
        return self.seconds


class CallerThrottle(RateThrottle):
    """Everything that one user, or one address without a user, asks."""

    def scope(self, request: Request, view: Any) -> str:  # noqa: ARG002
        """Allow users more than strangers."""
        return "user" if request.user and request.user.is_authenticated else "anon"


class ScopeThrottle(RateThrottle):
    """What a view with a ``throttle_scope`` is asked by one user or one address."""

    def scope(self, request: Request, view: Any) -> str | None:  # noqa: ARG002
        """Return the view's scope."""
        return getattr(view, "throttle_scope", None)


class AccountThrottle(RateThrottle):
    """What a view with a ``throttle_account`` method is asked about one account, from whatever addresses.

    Its rate is that of the view's scope with ``_account`` behind it. Accounts that do not exist are counted alike.
    """

    def scope(self, request: Request, view: Any) -> str | None:  # noqa: ARG002
        """Return the view's scope for accounts."""
        return f"{view.throttle_scope}_account" if hasattr(view, "throttle_account") else None

    def identity(self, request: Request, view: Any) -> str | None:
        """Ask the view whom the request is about."""
        name = view.throttle_account(request) if hasattr(view, "throttle_account") else None
        return rate_limits.account_identity(name) if name else None
