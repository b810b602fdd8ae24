"""People: oneself, and everybody for superusers."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from finances import typed_text
from finances.api import conditional, throttling
from finances.api.permissions import IsSuperuser
from finances.api.viewsets import BaseViewSet
from users import second_factor, services
from users.api.filters import UserFilter
from users.api.serializers import (
    AdministeredRegistrationSerializer,
    AdministeredUserSerializer,
    CurrentPasswordSerializer,
    UserSerializer,
)
from users.models import User

CHANGING_NAMES = (
    "Change the fields that are sent. Another `email` of one's own needs `current_password` (400 without it), waits as "
    "`pending_email`, and takes the place of the old one, ending all sessions, when the link that is mailed to it is "
    "followed; the answer is the same if it is somebody else's. Other fields need no password. Tries with a password, "
    "and new usernames, are limited (429). Days that were recorded stay those days in another `timezone`."
)
CHANGING_PEOPLE = (
    " Superusers may change anybody, an address without proof and at once. Only they set `is_active` and "
    "`is_superuser`; from others these are ignored. The last active superuser stays one (409). Whom a second factor "
    "guards changes neither of the two here, not even their own (403)."
)
IN_THE_ADMIN = "People, and their rights, are administered in the admin, which asks for a second factor."
BY_ONESELF = "Delete yourself at auth/me, with your password."
RIGHTS = ("is_active", "is_superuser")


def count_tries(request: Request, user: User) -> None:
    """Count a try of one's password, a new time zone, and a new name, since its answer says whether it is taken.

    Raises:
        Throttled: there were too many.
    """
    if user.pk != request.user.pk or not isinstance(request.data, Mapping):
        return
    if request.data.get("timezone", user.timezone) != user.timezone:
        throttling.count(request, scope="timezone")
    email, username = (request.data.get(name, getattr(user, name)) for name in ("email", "username"))
    if not isinstance(email, str) or typed_text.normalize_email(email) != user.email:
        throttling.count(request, scope="confirm")
    if username != user.username:
        throttling.count(request, scope="rename")


@extend_schema_view(
    update=extend_schema(description=CHANGING_NAMES), partial_update=extend_schema(description=CHANGING_NAMES)
)
class MeViewSet(BaseViewSet):
    """One's own profile."""

    queryset = User.objects.all()
    serializer_class = state_serializer_class = UserSerializer
    throttle_scope: str | None = None
    delete_takes_body = True

    def get_throttles(self) -> list[Any]:
        """Limit how often the password can be tried here."""
        if self.request.method == "DELETE":
            self.throttle_scope = "confirm"
        return super().get_throttles()

    def get_object(self) -> Any:
        """Return whoever is asking; for a write, locked and in the state that ``If-Match`` expects."""
        user: Any = self.request.user
        if self.request.method in {"PUT", "PATCH"}:
            user = User.objects.select_for_update().get(pk=user.pk)
            conditional.require_match(self.request, lambda: self.state_of(user))
            count_tries(self.request, user)
        return user

    @extend_schema(request=CurrentPasswordSerializer, responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Delete oneself with everything one owns, for good. The last active superuser cannot (409)."""
        serializer = CurrentPasswordSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            services.lock_superusers()
            # The row as it is now: the password may have been changed since the token was looked at.
            user = get_object_or_404(User.objects.select_for_update(), pk=request.user.pk)
            conditional.require_match(request, lambda: self.state_of(user))
            services.require_current_password(serializer.validated_data["current_password"], user=user)
            services.delete_users(user_ids=[user.pk])
        return Response(status=204)


@extend_schema_view(
    list=extend_schema(description="All people. For superusers."),
    create=extend_schema(
        description="Make an account for somebody; they get a mail that verifies their address. For superusers.",
        responses={201: AdministeredUserSerializer},
    ),
    retrieve=extend_schema(description="Oneself or, for superusers, anybody."),
    update=extend_schema(description=CHANGING_NAMES + CHANGING_PEOPLE),
    partial_update=extend_schema(description=CHANGING_NAMES + CHANGING_PEOPLE),
    destroy=extend_schema(
        description="Delete somebody else with everything they own. For superusers; oneself one deletes at `auth/me`, "
        "with the password (403)."
    ),
)
class UserViewSet(BaseViewSet):
    """People, for superusers; for everybody else only themselves exist."""

    queryset = User.objects.all()
    filterset_class = UserFilter
    state_serializer_class = UserSerializer

    def get_queryset(self) -> Any:
        """Return whom the asking user may know of."""
        people = super().get_queryset()
        return people if self.request.user.is_superuser else people.filter(pk=self.request.user.pk)

    def get_permissions(self) -> list[BasePermission]:
        """Let superusers list and create."""
        return [IsSuperuser()] if self.action in {"list", "create"} else [IsAuthenticated()]

    def check_object_permissions(self, request: Request, obj: Any) -> None:
        """Let superusers delete others; oneself one deletes at ``auth/me``, which a token alone does not open."""
        if self.action == "destroy" and obj.pk == request.user.pk:
            self.permission_denied(request, BY_ONESELF)

    def check_permissions(self, request: Request) -> None:
        """Leave other people to the admin where it asks for a second factor, which a token says nothing of."""
        super().check_permissions(request)
        is_self = str(request.user.pk) == str(self.kwargs.get("pk"))
        if request.method not in SAFE_METHODS and not is_self and second_factor.guards(request.user):
            self.permission_denied(request, IN_THE_ADMIN)

    def get_serializer_class(self) -> Any:
        """Let superusers set more."""
        if self.action == "create":
            return AdministeredRegistrationSerializer
        superuser = getattr(self.request.user, "is_superuser", False)
        return AdministeredUserSerializer if superuser or self.request.user is None else UserSerializer

    def get_object(self) -> Any:
        """Return the row, locked for a write; superusers are locked before it, always in the same order."""
        if self.request.method in {"PUT", "PATCH", "DELETE"} and self.request.user.is_superuser:
            services.lock_superusers()
        user = super().get_object()
        if self.request.method in {"PUT", "PATCH"}:
            count_tries(self.request, user)
        return user

    def perform_update(self, serializer: Any) -> None:
        """Change the locked row; whom a second factor guards keeps the rights they have, as far as a token goes."""
        user, changes = serializer.instance, serializer.validated_data
        gives_or_takes = any(name in changes and changes[name] != getattr(user, name) for name in RIGHTS)
        if gives_or_takes and second_factor.guards(self.request.user):
            self.permission_denied(self.request, IN_THE_ADMIN)
        super().perform_update(serializer)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete somebody with everything they own."""
        with transaction.atomic():
            return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: User) -> None:
        """Delete the locked row."""
        services.delete_users(user_ids=[instance.pk])
