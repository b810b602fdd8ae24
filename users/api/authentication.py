"""Who is asking: the bearer of an access token."""

from datetime import UTC
from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError

from finances import marked, request_context
from finances.prepared import Parameter, PreparedRow
from users import tokens
from users.models import User

# A user's time zone says which day is today. Instants are in UTC, in and out, whoever asks; DRF would take that zone.
serializers.DateTimeField.timezone = UTC

# What hardly any request asks of a user: to read it takes its time, and passwords need not be in memory.
RARELY_ASKED = ("password", "last_login")
# Whom a token names, while the session that it belongs to is not revoked: one row by two primary keys.
IN_SESSION = PreparedRow(
    lambda: marked.with_marks(
        User.objects.filter(
            pk=Parameter("user_id", models.UUIDField()),
            token_families__pk=Parameter("family_id", models.UUIDField()),
            token_families__revoked_at=None,
        ).defer(*RARELY_ASKED)
    )
)
REFUSAL = "The access token is not valid, or no longer."


class TokenAuthentication(JWTAuthentication):
    """Accept an access token in the ``Authorization: Bearer`` header and nowhere else."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the user and the token, or nothing when there is no token; who has been found is not asked for again.

        Raises:
            AuthenticationFailed: there is a token, and it is of no use: one and the same answer whatever the reason.
        """
        found: tuple[Any, Any] | None = getattr(request, request_context.FOUND, None)
        if found is not None:
            return found
        try:
            result = super().authenticate(request)
        except (InvalidToken, TokenError, AuthenticationFailed) as exc:
            raise AuthenticationFailed(REFUSAL, "invalid_token") from exc
        if result is not None:
            user: Any = result[0]
            request_context.user_id.set(str(user.pk))
            timezone.activate(user.zone)  # until the end of the request, where the middleware takes it back
        return result

    def get_validated_token(self, raw_token: bytes) -> tokens.AccessToken:
        """Return the token if it is an access token of ours, unexpired.

        Raises:
            TokenError: it is something else.
        """
        return tokens.AccessToken(raw_token)  # type: ignore[arg-type]

    def get_user(self, validated_token: Any) -> Any:
        """Return the active user whom the token names, if their session still stands: one query for all of it.

        Raises:
            AuthenticationFailed: deleted, deactivated, signed out, or with a new password since.
        """
        user: User | None = IN_SESSION.get(
            user_id=validated_token.get("sub"), family_id=validated_token.get(tokens.FAMILY_CLAIM)
        )
        if user is None or not user.is_active or user.security_stamp != validated_token.get(tokens.STAMP_CLAIM):
            raise AuthenticationFailed(REFUSAL, "invalid_token")
        return user


class LenientTokenAuthentication(TokenAuthentication):
    """The same, but a token that is of no use is like none: who signs out may come with an expired one."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the user and the token, or nothing when there is no good token."""
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            return None


class TokenAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describe the scheme in the OpenAPI document."""

    target_class = TokenAuthentication
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        """Return HTTP bearer authentication with a JSON web token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": (
                "An access token from `auth/login`, good for 30 minutes. It is refused at once, before it expires, "
                "when its user signs out, changes or resets the password, is deactivated or deleted."
            ),
        }
