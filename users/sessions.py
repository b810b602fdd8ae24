"""Signing in, staying signed in, signing out. A session is a family of tokens."""

import logging
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import Token

from finances import typed_text
from users import models, tokens
from users.models import TokenFamily, User

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenPair:
    """What a client needs to call the API and to stay signed in."""

    access_token: str
    refresh_token: str


def authenticate(*, login: str, password: str) -> User | None:
    """Return the active user with this email or username and password, or nothing.

    One query and one hash, for unknown and known logins alike, so that nobody can ask who exists.
    """
    user: User | None = User.objects.by_login(login).order_by().first()
    if user is None:
        make_password(typed_text.normalize_password(password))
        logger.warning("A sign-in was refused: nobody has that login")
        return None
    if not (user.check_password(password) and user.is_active):
        logger.warning("A sign-in was refused", extra={"user": str(user.pk)})
        return None
    logger.info("A password was accepted", extra={"user": str(user.pk)})
    return user


@transaction.atomic
def start(*, user: User) -> TokenPair:
    """Begin a session of ``user`` and remember when.

    The family takes its stamp from the row whose password was checked: if that changes now, the session is born dead.
    """
    now = timezone.now()
    family = TokenFamily(user=user, stamp=user.security_stamp, created_at=now)
    token = renew(family)
    family.save(force_insert=True)
    user.last_login = now
    User.objects.filter(pk=user.pk).update(last_login=now)
    return pair(token)


def refresh(*, token: tokens.RefreshToken) -> TokenPair | None:
    """Return the next pair of tokens for a refresh token that is the good one of its family, or nothing.

    A token that has been used before is in two hands, one of them a thief's: the whole family ends. Of several
    requests that bring the good token at about the same moment, as two tabs of a browser do, one gets the pair and
    the others nothing, and the family stands.
    """
    now = timezone.now()
    families = TokenFamily.objects.select_related("user")
    family = families.filter(pk=family_id(token), user_id=token["sub"]).first()
    if family is None or not family.lives(now=now):
        return None
    used = uuid.UUID(token["jti"])
    if family.refresh_id != used:
        if not family.has_just_replaced(used, now=now):
            TokenFamily.objects.filter(pk=family.pk).revoke(now=now)
            logger.warning("A refresh token was used twice; its family is revoked", extra={"family": str(family.pk)})
        return None
    renewed = renew(family)
    # Only columns of the row itself: after waiting for a lock, PostgreSQL looks at these anew, but not at a join.
    won = TokenFamily.objects.filter(pk=family.pk, refresh_id=used, stamp=family.stamp, revoked_at=None).update(
        refresh_id=family.refresh_id,
        previous_refresh_id=used,
        refreshed_at=family.refreshed_at,
        expires_at=family.expires_at,
    )
    return pair(renewed) if won else None


def end(*, family: uuid.UUID) -> None:
    """End one session. Its access tokens are refused from now on."""
    TokenFamily.objects.filter(pk=family).revoke(now=timezone.now())


@transaction.atomic
def end_all(*, user_ids: list[uuid.UUID]) -> int:
    """End every session of these people, those of the admin included, and return how many people there were."""
    count: int = sum(
        User.objects.filter(pk=pk).update(security_stamp=models.new_stamp(), pending_email="")
        for pk in sorted(user_ids, key=str)
    )
    TokenFamily.objects.filter(user_id__in=user_ids).revoke(now=timezone.now())
    return count


def end_outdated(*, user: User) -> None:
    """Note of the sessions that a new stamp has ended when that was. They are refused without it, by their stamp."""
    user.token_families.exclude(stamp=user.security_stamp).revoke(now=timezone.now())


def flush(*, dry_run: bool = False) -> int:
    """Forget the families whose every token has expired, and return how many these are."""
    expired = TokenFamily.objects.expired(now=timezone.now())
    return expired.count() if dry_run else expired.delete()[0]


def family_id(token: Token) -> uuid.UUID:
    """Return the id of the family that a verified token belongs to."""
    return uuid.UUID(token[tokens.FAMILY_CLAIM])


def renew(family: TokenFamily) -> tokens.RefreshToken:
    """Make the family's next refresh token and note it as the good one, unsaved."""
    token = tokens.RefreshToken.of_family(user_id=family.user_id, family_id=family.pk, stamp=family.stamp)
    family.refresh_id = uuid.UUID(token["jti"])
    family.refreshed_at = timezone.now()
    family.expires_at = family.refreshed_at + settings.REFRESH_TOKEN_LIFETIME
    return token


def pair(token: tokens.RefreshToken) -> TokenPair:
    """Sign a refresh token and the access token that goes with it."""
    return TokenPair(access_token=str(token.access_token), refresh_token=str(token))
