"""Signing in and one's own profile."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import RetrieveUpdateAPIView
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import RefreshToken

from finances.api.parsing import ExactJSONParser, LimitedFormParser
from finances.api.viewsets import TaggedMixin
from users import services
from users.api.serializers import LoginSerializer, TokenPairSerializer, UserSerializer
from users.models import User


class LoginView(APIView):
    """Sign in by email or username, as JSON or as a form."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    parser_classes: tuple[type[BaseParser], ...] = (ExactJSONParser, LimitedFormParser)

    def get_authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Name the scheme, so that a failed sign-in is a 401."""
        return 'Bearer realm="api"'

    @extend_schema(request=LoginSerializer, responses=TokenPairSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Return an access and a refresh token.

        Raises:
            AuthenticationFailed: unknown, wrong password or deactivated; the answer does not tell which.
        """
        serializer = LoginSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = services.authenticate(**serializer.validated_data)
        if user is None:
            raise AuthenticationFailed("The login or the password is wrong.", "invalid_credentials")
        refresh = RefreshToken.for_user(user)
        return Response(
            {
                "access_token": str(refresh.access_token),
                "refresh_token": str(refresh),
                "token_type": "bearer",
                "expires_in": int(settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
            }
        )


class MeView(TaggedMixin, RetrieveUpdateAPIView[Any]):
    """One's own profile."""

    serializer_class = UserSerializer

    def get_object(self) -> User:
        """Return whoever is asking."""
        return self.request.user  # type: ignore[return-value]

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the fields that are sent."""
        return super().update(request, *args, **{**kwargs, "partial": True})
