"""JSON web tokens: how they are signed and what they carry, which is nothing about the person but the id."""

import functools
import hashlib
import time
import uuid
from datetime import timedelta
from typing import Any

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac
from rest_framework_simplejwt import tokens as simplejwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken, TokenError

ALGORITHM = "HS256"
ISSUER, AUDIENCE = "finances", "finances-api"
FAMILY_CLAIM, STAMP_CLAIM = "family", "stamp"
REMEMBERED_TOKENS = 1024  # some 2 KB each
# A token may have been signed so far in the future, by a clock that was set back since or by that of another machine;
# nobody is signed out by that. No token lives longer for it: the end of each is looked at without.
CLOCKS_DIFFER_BY = timedelta(days=1)


@functools.lru_cache(maxsize=8)
def derive_keys(secrets: tuple[str, ...]) -> dict[str, bytes]:
    """Return a signing key for each of Django's secrets, by the id that names it in a token's header."""
    keys = [salted_hmac(__name__, "signing key", secret=secret, algorithm="sha256").digest() for secret in secrets]
    return {hashlib.sha256(key).hexdigest()[:16]: key for key in keys}


def signing_keys() -> dict[str, bytes]:
    """Return the keys that tokens may be signed with; the first signs, the others are on their way out."""
    return derive_keys(secrets_in_use())


def secrets_in_use() -> tuple[str, ...]:
    """Return the secrets that signing keys are derived from."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


class RotatingKeyBackend(TokenBackend):
    """Sign with the key of ``SECRET_KEY``; accept those of ``SECRET_KEY_FALLBACKS`` too.

    A new secret therefore logs nobody out as long as the old one stays among the fallbacks: access tokens live for
    minutes, and refresh tokens are signed anew each time they are used.
    """

    def encode(self, payload: dict[str, Any]) -> str:
        """Sign ``payload`` and name the key in the header."""
        key_id, key = next(iter(signing_keys().items()))
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": key_id})

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """Return what a token says. Its signature is checked once in a process, its end each time.

        Raises:
            TokenBackendError: it is not ours, or expired.
        """
        if not verify:
            return super().decode(token, verify)
        claims = self.signed_claims(token, secrets_in_use())
        if claims.get("exp", 0) <= time.time():
            raise TokenBackendExpiredToken("Token is expired")
        return dict(claims)

    @functools.lru_cache(maxsize=REMEMBERED_TOKENS)  # noqa: B019 - there is one backend, for ever
    def signed_claims(self, token: Any, _secrets: tuple[str, ...]) -> dict[str, Any]:
        """Return what a token says, once it has been checked with the secrets in use.

        Raises:
            TokenBackendError: it is not ours, or expired.
        """
        claims: dict[str, Any] = super().decode(token)
        return claims

    def get_verifying_key(self, token: Any) -> bytes:
        """Return the key that the token's header names.

        Raises:
            TokenBackendError: it is none of ours. The header decides nothing else; the algorithm is fixed.
        """
        key = signing_keys().get(str(jwt.get_unverified_header(token).get("kid")))
        if key is None:
            raise TokenBackendError("Token is signed with an unknown key")
        return key


backend = RotatingKeyBackend(ALGORITHM, issuer=ISSUER, audience=AUDIENCE, leeway=CLOCKS_DIFFER_BY)


class AccessToken(simplejwt.AccessToken):
    """Lets its bearer call the API for half an hour, as long as its family and its user's stamp stand."""

    def get_token_backend(self) -> TokenBackend:
        """Use keys that can be rotated."""
        return backend


class RefreshToken(simplejwt.RefreshToken):
    """Buys one new pair of tokens, once, within a week."""

    access_token_class = AccessToken

    def get_token_backend(self) -> TokenBackend:
        """Use keys that can be rotated."""
        return backend

    @classmethod
    def of_family(cls, *, user_id: uuid.UUID, family_id: uuid.UUID, stamp: str) -> "RefreshToken":
        """Make the next refresh token of a family; its ``access_token`` carries the same claims."""
        token = cls()
        token["sub"], token[FAMILY_CLAIM], token[STAMP_CLAIM] = str(user_id), family_id.hex, stamp
        return token


def read_refresh_token(raw: str) -> RefreshToken | None:
    """Return the refresh token that ``raw`` is; nothing when it is expired, of another kind, or not ours."""
    try:
        return RefreshToken(raw)  # type: ignore[arg-type]
    except TokenError:
        return None
