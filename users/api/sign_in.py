"""Endpoints for signing up, in and out, and for passwords and addresses."""

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers as drf
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from finances import rate_limits
from finances.api import openapi, throttling
from finances.api.idempotency import IdempotentMixin
from finances.api.parsing import ExactJSONParser, LimitedFormParser
from users import links, mails, services, sessions, tokens, tries
from users.api.authentication import REFUSAL, LenientTokenAuthentication, TokenAuthentication
from users.api.serializers import (
    EmailSerializer,
    LoginSerializer,
    MessageSerializer,
    NewPasswordSerializer,
    PasswordChangeSerializer,
    RefreshTokenSerializer,
    RegistrationSerializer,
    TokenPairSerializer,
    TokenSerializer,
    UserSerializer,
    faults_of,
)
from users.models import User

MAILED = "If there is an account with this address, a mail is on its way."
OPTIONAL_BEARER: Any = [{}, {"bearer": []}]
DEAD_TOKEN = "The refresh token is not valid, or no longer."  # noqa: S105


def problem(status: HTTPStatus, description: str) -> dict[Any, OpenApiResponse]:
    """Describe a failure of an operation for the OpenAPI document."""
    return {(int(status), openapi.PROBLEM_MEDIA_TYPE): OpenApiResponse(openapi.ProblemSerializer, description)}


def checked(serializer: drf.Serializer[Any]) -> dict[str, Any]:
    """Return the valid input.

    Raises:
        ValidationError: it is not valid.
    """
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def pair_response(pair: sessions.TokenPair) -> Response:
    """Answer with a pair of tokens."""
    return Response(
        {
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "token_type": "bearer",
            "expires_in": int(settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
        }
    )


class OpenAuthView(APIView):
    """An endpoint for people who cannot have a token yet: open to all, narrowly limited, never cached."""

    permission_classes = (AllowAny,)
    authentication_classes: Any = ()
    throttle_scope: str

    def get_authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        """Name the scheme, so that a failed sign-in is a 401."""
        return 'Bearer realm="api"'

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep tokens out of caches."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class AddressView(OpenAuthView):
    """An endpoint that takes an address, which anybody may name: it is counted for whoever does."""

    def throttle_account(self, request: Request) -> str | None:
        """Return the address that the request is about, for this caller.

        Those that nobody has share some counts; that they are looked for takes the same time and tells nothing.
        """
        email = request.data.get("email") if isinstance(request.data, Mapping) else None
        if not isinstance(email, str) or not email:
            return None
        return tries.Account.by_address(email).at(throttling.caller_of(request))


class RegisterView(AddressView):
    """Sign up."""

    throttle_scope = "register"

    @extend_schema(
        request=RegistrationSerializer,
        responses={201: UserSerializer} | problem(HTTPStatus.CONFLICT, "The email or the username is taken."),
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Make an account and mail a link that verifies its address.

        This cannot avoid saying whether an address is taken (409), so it is narrowly limited.
        """
        serializer = RegistrationSerializer(data=request.data, context={"request": request})
        checked(serializer)
        serializer.save()
        return Response(serializer.data, status=HTTPStatus.CREATED)


class LoginView(OpenAuthView):
    """Sign in by email or username, as JSON or as a form."""

    throttle_scope = "login"
    parser_classes: tuple[type[BaseParser], ...] = (ExactJSONParser, LimitedFormParser)

    @extend_schema(
        request=LoginSerializer,
        responses={200: TokenPairSerializer}
        | problem(HTTPStatus.UNAUTHORIZED, "Unknown, wrong password or deactivated; the answer does not tell which.")
        | problem(HTTPStatus.FORBIDDEN, "The address is not verified, where the server asks for that."),
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Begin a session: an access token for 30 minutes and a refresh token for 7 days.

        Raises:
            AuthenticationFailed: unknown, wrong password or deactivated; the answer does not tell which.
            PermissionDenied: the password is right, but the address is not verified as it has to be.
            Throttled: there were too many failed tries.
        """
        given = checked(LoginSerializer(data=request.data))
        account, address = tries.Account.by_login(given["login"]), rate_limits.client_address(request.META)
        attempt = tries.Try(kind="login", account=account, address=address)
        throttling.require(attempt.seconds_to_wait())
        user = sessions.authenticate(**given)
        if user is None:
            raise AuthenticationFailed("The login or the password is wrong.", "invalid_credentials")
        if settings.EMAIL_VERIFICATION_REQUIRED and not user.email_verified:
            raise PermissionDenied("Confirm your email address first; we mailed you a link.", "email_unverified")
        attempt.succeed(user=user)
        return pair_response(sessions.start(user=user))


class RefreshView(OpenAuthView):
    """Stay signed in."""

    throttle_scope = "refresh"

    @cached_property
    def token(self) -> tokens.RefreshToken | None:
        """The refresh token of the body, else of the ``Authorization`` header, if it is one of ours and unexpired."""
        raw = checked(RefreshTokenSerializer(data=self.request.data)).get("refresh_token") or self.bearer()
        if not raw:
            raise drf.ValidationError({"refresh_token": "Give the refresh token."}, code="required")
        return tokens.read_refresh_token(raw)

    def bearer(self) -> str:
        """Return the token in the ``Authorization`` header, or nothing."""
        scheme, _, raw = self.request.headers.get("Authorization", "").partition(" ")
        return raw.strip() if scheme.lower() == "bearer" else ""

    def throttle_account(self, request: Request) -> str | None:  # noqa: ARG002
        """Count by the user whom a good token names."""
        return None if self.token is None else str(self.token["sub"])

    @extend_schema(
        request=RefreshTokenSerializer,
        responses={200: TokenPairSerializer}
        | problem(HTTPStatus.UNAUTHORIZED, "Used, expired, revoked or not a refresh token."),
        auth=OPTIONAL_BEARER,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        """Exchange a refresh token, in the body or as the bearer token, for a new pair; it works once.

        Using one a second time ends the whole session: somebody else has it. Only within 20 seconds of the exchange
        does the token that was exchanged last count as sent twice at the same moment, as by two tabs of a browser:
        one request gets the new pair, the others a 401, and the session goes on.

        Raises:
            AuthenticationFailed: the token is used, expired, revoked or none.
        """
        pair = None if self.token is None else sessions.refresh(token=self.token)
        if pair is None:
            raise AuthenticationFailed(DEAD_TOKEN, "invalid_token")
        return pair_response(pair)


class LogoutView(OpenAuthView):
    """Sign out."""

    throttle_scope = "refresh"
    authentication_classes = (LenientTokenAuthentication,)

    @extend_schema(
        request=RefreshTokenSerializer,
        responses={200: MessageSerializer}
        | problem(HTTPStatus.UNAUTHORIZED, "Neither a refresh token of ours nor a valid access token."),
        auth=OPTIONAL_BEARER,
    )
    def post(self, request: Request) -> Response:
        """End the session of `refresh_token`; without one, end all of the user's sessions.

        A refresh token is enough; a valid access token is needed only where there is none. Access tokens of an ended
        session are refused from then on. Signing out twice with the same refresh token is no fault; an access token
        of a session that has ended is refused here as everywhere.

        Raises:
            AuthenticationFailed: what there is is of no use.
            NotAuthenticated: there is neither.
        """
        raw = checked(RefreshTokenSerializer(data=request.data)).get("refresh_token")
        # A refresh token that is expired, or none of ours, means the session that is asking.
        token: Any = (tokens.read_refresh_token(raw) if raw else None) or request.auth
        if token is None:
            raise self.refusal(raw)
        if raw:
            sessions.end(family=sessions.family_id(token))
        else:
            sessions.end_all(user_ids=[token["sub"]])
        return Response({"message": "You are signed out."})

    def refusal(self, refresh_token: str | None) -> APIException:
        """Return what is wrong with what the request brought, which is more than nothing or not."""
        if "Authorization" in self.request.headers:
            return AuthenticationFailed(REFUSAL, "invalid_token")
        return AuthenticationFailed(DEAD_TOKEN, "invalid_token") if refresh_token else NotAuthenticated()


class ForgotPasswordView(AddressView):
    """Ask for a mail to choose a new password."""

    throttle_scope = "forgot"

    @extend_schema(request=EmailSerializer, responses=MessageSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Mail a link, good once and for 30 minutes, if there is such an account.

        The answer and its time are the same if there is none: what is done for an account is done after the answer.
        """
        mails.post(mails.send_password_reset, checked(EmailSerializer(data=request.data))["email"])
        return Response({"message": MAILED})


class ResetPasswordView(OpenAuthView):
    """Choose a new password with a mailed token."""

    throttle_scope = "reset"

    def throttle_account(self, request: Request) -> str | None:
        """Count by the user whom a good token names: an id alone is no secret."""
        token = request.data.get("token") if isinstance(request.data, Mapping) else None
        user = links.user_of_reset_token(token, User.objects.all()) if isinstance(token, str) else None
        return str(user.pk) if user else None

    @extend_schema(request=NewPasswordSerializer, responses=MessageSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Set a new password by the token of the mail, and end all sessions.

        A used, expired or wrong token is a 400 with the code `invalid_token`. The address counts as verified after
        this.
        """
        data = checked(NewPasswordSerializer(data=request.data))
        with faults_of("new_password"):
            user = services.reset_password(**data)
        tries.know(user=user, meta=request.META)
        return Response({"message": "Your password is changed; sign in with the new one."})


class VerifyEmailView(OpenAuthView):
    """Prove an address with a mailed token."""

    throttle_scope = "verify"

    @extend_schema(request=TokenSerializer, responses=MessageSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Verify the address by the token of the mail; it works once, for 3 days, until the address changes.

        The token of a mail to a new address, asked for at `auth/me`, puts it in place of the old one and ends all
        sessions; that one also ends with the next password, and with whatever else ends all sessions.
        """
        services.verify_email(**checked(TokenSerializer(data=request.data)))
        return Response({"message": "Your email address is confirmed."})


class ResendVerificationView(AddressView):
    """Ask for the mail that verifies an address once more."""

    throttle_scope = "forgot"

    @extend_schema(request=EmailSerializer, responses=MessageSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Mail a link, if there is such an account and its address is not verified; the answer is always the same."""
        mails.post(mails.send_verification, checked(EmailSerializer(data=request.data))["email"])
        return Response({"message": MAILED})


class ChangePasswordView(IdempotentMixin, APIView):
    """Change one's own password."""

    throttle_scope = "confirm"
    authentication_classes = (TokenAuthentication,)

    @extend_schema(request=PasswordChangeSerializer, responses=MessageSerializer)
    def post(self, request: Request) -> Response:
        """Change the password and end all other sessions.

        Every access token is refused from then on, the one that asked included. The refresh token of the session that
        asked still works: exchange it at `auth/refresh` to go on. A wrong `current_password` is a 400.
        """
        data = checked(PasswordChangeSerializer(data=request.data))
        token: Any = request.auth
        with faults_of("new_password"):
            user = services.change_password(user_id=request.user.pk, family=sessions.family_id(token), **data)
        tries.know(user=user, meta=request.META)
        return Response({"message": "Your password is changed; all other sessions are ended."})
