"""Who may do what, beyond being signed in."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class IsSuperuser(BasePermission):
    """Let superusers in."""

    message = "Only a superuser may do this."

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        """Tell whether the user is one."""
        return bool(request.user and request.user.is_superuser)
