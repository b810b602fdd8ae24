"""Who is asking: the bearer of an access token."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError

from finances import request_context
from users.models import User

REFUSAL = "The access token is not valid, or no longer."


class TokenAuthentication(JWTAuthentication):
    """Accept an access token in the ``Authorization: Bearer`` header and nowhere else."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the user and the token, or nothing when there is no token.

        Raises:
            AuthenticationFailed: there is a token, and it is of no use: one and the same answer whatever the reason.
        """
        try:
            result = super().authenticate(request)
        except (InvalidToken, TokenError, AuthenticationFailed) as exc:
            raise AuthenticationFailed(REFUSAL, "invalid_token") from exc
        if result is not None:
            request_context.user_id.set(str(result[0].pk))
        return result

    def get_user(self, validated_token: Any) -> Any:
        """Return the active user whom the token names.

        Raises:
            AuthenticationFailed: there is none.
        """
        people: QuerySet[User] = User.objects.filter(is_active=True, pk=validated_token.get("user_id"))
        user = people.first()
        if user is None:
            raise AuthenticationFailed(REFUSAL, "invalid_token")
        return user


class TokenAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describe the scheme in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        """Return HTTP bearer authentication with a JSON web token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
