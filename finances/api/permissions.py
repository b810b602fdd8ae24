"""Who may do what, beyond being signed in."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request


class IsSuperuser(BasePermission):
    """Let superusers in."""

    message = "Only a superuser may do this."

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        """Tell whether the user is one."""
        return bool(request.user and request.user.is_superuser)


class IsSuperuserOrReadOnly(IsSuperuser):
    """Let everybody read and superusers write."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether this is a read, or the user a superuser."""
        return request.method in SAFE_METHODS or super().has_permission(request, view)
