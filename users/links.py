"""One-time links in mails. A token names the user and proves who wrote it; nothing about it is stored."""

import hashlib
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import signing
from django.db.models import QuerySet
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from users.models import User

VERIFICATION_SALT = "users.verify-email"
VERIFICATION_LIFETIME = timedelta(days=3)


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Tokens that end with the password, the address or the security stamp they were made for.

    Unlike Django's, they outlive a sign-in: whoever remembers the password need not ask for a second mail.
    """

    key_salt = "users.reset-password"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        """Join what the token is good for."""
        return "|".join([str(user.pk), user.password, user.security_stamp, user.email, str(timestamp)])


generator = ResetTokenGenerator()


def reset_token(user: User) -> str:
    """Return a token that changes the password of ``user`` once, within ``PASSWORD_RESET_TIMEOUT`` seconds."""
    return f"{urlsafe_base64_encode(user.pk.bytes)}.{generator.make_token(user)}"


def user_id_in(token: str) -> uuid.UUID | None:
    """Return the id that a reset token begins with, unproven, or nothing."""
    try:
        return uuid.UUID(bytes=urlsafe_base64_decode(token.partition(".")[0]))
    except ValueError:
        return None


def user_of_reset_token(token: str, people: QuerySet[User]) -> User | None:
    """Return the active user among ``people`` whose password the token may change, or nothing."""
    user_id = user_id_in(token)
    user = people.filter(pk=user_id, is_active=True).first() if user_id else None
    proven = generator.check_token(user or User(), token.partition(".")[2])
    return user if proven else None


def verification_token(user: User) -> str:
    """Return a token that shows, once, that whoever has it reads mail at the address of ``user``."""
    return signing.dumps([user.pk.hex, fingerprint(user)], salt=VERIFICATION_SALT)


def new_address_token(user: User) -> str:
    """Return a token that shows, once, that whoever has it reads mail at the new address that ``user`` asked for."""
    return signing.dumps([user.pk.hex, new_address_fingerprint(user)], salt=VERIFICATION_SALT)


def user_of_verification_token(token: str, people: QuerySet[User]) -> tuple[User, bool] | None:
    """Return the active user among ``people`` whose address the token proves, or nothing.

    With them, whether it is the new address that they asked for.
    """
    try:
        user_id, expected = signing.loads(token, salt=VERIFICATION_SALT, max_age=VERIFICATION_LIFETIME)
    except signing.BadSignature:
        return None
    user = people.filter(pk=user_id, is_active=True).first()
    if user is None or expected not in {fingerprint(user), new_address_fingerprint(user)}:
        return None
    return user, expected != fingerprint(user)


def fingerprint(user: User) -> str:
    """Return what changes with the address of ``user``, and once it is verified."""
    return hashlib.sha256(f"{user.pk}|{user.email}|{user.email_verified}".encode()).hexdigest()[:32]


def new_address_fingerprint(user: User) -> str:
    """Return what changes with the new address that ``user`` asked for, and with whatever ends their sessions."""
    return hashlib.sha256(f"{user.pk}|{user.pending_email}|{user.security_stamp}|new".encode()).hexdigest()[:32]
