"""What is done for people: their accounts, passwords and addresses."""

import functools
import logging
import secrets
import uuid
from typing import Any

from django.contrib.auth import password_validation
from django.db import IntegrityError, transaction

from finances import kept_days, typed_text
from finances.exceptions import ConflictError, InvalidValueError
from users import links, mails, sessions
from users.models import TokenFamily, User

logger = logging.getLogger(__name__)
INVALID_LINK = "This link is used, expired or wrong; ask for a new one."


def require_good_password(password: str, *, user: User) -> None:
    """Refuse a password that is short, common, all digits or like the user's own names.

    Raises:
        ValidationError: with every reason.
    """
    password_validation.validate_password(typed_text.normalize_password(password), user)


@transaction.atomic
def register(*, email: str, password: str, username: str | None = None, **fields: Any) -> User:
    """Store a new user, and mail them a link that verifies their address.

    Raises:
        IntegrityError: the email or the username is taken.
    """
    user: User = User.objects.create_user(email, password, username, **fields)
    ask_to_verify(user=user)
    return user


def ask_to_verify(*, user: User) -> None:
    """Mail ``user`` a link that verifies their address, once they are stored: a mail cannot be taken back."""
    transaction.on_commit(functools.partial(mails.post, mails.send_verification, user.email))


@transaction.atomic
def create_first_admin(*, email: str) -> tuple[User, str] | None:
    """Make an administrator with a random password when there is nobody yet.

    Returns:
        The user and the password in clear, which is kept nowhere; nothing when somebody exists.
    """
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(15)
    return User.objects.create_superuser(email, password), password


# ---- Passwords and addresses ----


@transaction.atomic
def change_password(*, user_id: Any, current_password: str, new_password: str, family: uuid.UUID) -> User:
    """Change the password and end all sessions but the refresh token of ``family``, which is the asking one.

    Returns:
        Whose it was.

    Raises:
        InvalidValueError: ``current_password`` is wrong.
        ValidationError: ``new_password`` is too weak.
    """
    user: User = User.objects.select_for_update().get(pk=user_id)
    require_current_password(current_password, user=user)
    require_good_password(new_password, user=user)
    old_stamp = user.security_stamp
    user.set_password(new_password)
    user.save()
    TokenFamily.objects.filter(pk=family, user=user, stamp=old_stamp).update(stamp=user.security_stamp)
    sessions.end_outdated(user=user)
    transaction.on_commit(functools.partial(mails.post, mails.send_password_changed, user.email))
    return user


@transaction.atomic
def reset_password(*, token: str, new_password: str) -> User:
    """Change the password of whom the mailed ``token`` names, end all their sessions, and take the mail as read.

    Returns:
        Whose it was.

    Raises:
        InvalidValueError: the token is used, expired or wrong.
        ValidationError: ``new_password`` is too weak; the token is still good.
    """
    # Locked before the token is checked: of two uses at once, the second sees the new password.
    user = links.user_of_reset_token(token, User.objects.select_for_update())
    if user is None:
        raise InvalidValueError(INVALID_LINK, code="invalid_token", field="token")
    require_good_password(new_password, user=user)
    user.set_password(new_password)
    user.email_verified = True
    user.save()
    sessions.end_outdated(user=user)
    transaction.on_commit(functools.partial(mails.post, mails.send_password_changed, user.email))
    return user


@transaction.atomic
def verify_email(*, token: str) -> User:
    """Note that whom the mailed ``token`` names reads mail at their address, or at the new one that they asked for.

    A new address takes the place of the old one only now, and ends all sessions.

    Raises:
        InvalidValueError: the token is used, expired, wrong, or of an address that has been changed or taken.
    """
    proven = links.user_of_verification_token(token, User.objects.select_for_update())
    if proven is None:
        raise InvalidValueError(INVALID_LINK, code="invalid_token", field="token")
    user, is_new_address = proven
    if is_new_address:
        put_new_address(user=user)
        return user
    user.email_verified = True
    user.save()
    return user


def put_new_address(*, user: User) -> None:
    """Put the proven new address of ``user``, a locked row, in place of the old one, and tell the old one.

    Raises:
        InvalidValueError: somebody else has the address by now.
    """
    old_email, user.email, user.email_verified = user.email, user.pending_email, True
    user.renew_stamp()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as exc:
        raise InvalidValueError(INVALID_LINK, code="invalid_token", field="token") from exc
    sessions.end_outdated(user=user)
    transaction.on_commit(functools.partial(mails.post, mails.send_email_changed, old_email))


@transaction.atomic
def ask_for_new_address(*, user: User, email: str, current_password: str) -> None:
    """Keep ``email`` until its owner has followed the link that is mailed there; the address of ``user`` is told.

    Taken addresses are kept alike: whether one is taken is not for everybody to know.

    Raises:
        InvalidValueError: ``current_password`` is wrong.
    """
    require_current_password(current_password, user=user)
    user.pending_email = email
    user.save()
    transaction.on_commit(functools.partial(mails.post, mails.send_new_address, str(user.pk), actor=user.pk))
    transaction.on_commit(functools.partial(mails.post, mails.send_email_change_asked, user.email))


def require_current_password(password: str, *, user: User) -> None:
    """Refuse what a thief of a token could do as well, who does not know the password.

    Raises:
        InvalidValueError: it is wrong.
    """
    if not user.check_password(password):
        raise InvalidValueError("The current password is wrong.", code="invalid_password", field="current_password")


# ---- Changing and deleting people ----


def lock_superusers() -> list[uuid.UUID]:
    """Lock the active superusers, always in the same order, and return their ids.

    Whoever may demote or delete one calls this first, within the transaction: of two who would each leave the other
    as the last, the second waits and then sees that there is none left.
    """
    people = User.objects.active_superusers().select_for_update().order_by("pk")
    return list(people.values_list("pk", flat=True))


def require_another_superuser(*, than: list[uuid.UUID]) -> None:
    """Refuse to lose the last active superuser, since nobody could make another through the API.

    Raises:
        ConflictError: every active superuser is among ``than``.
    """
    superusers = set(lock_superusers())
    if superusers and superusers <= set(than):
        raise ConflictError(
            "The last active superuser cannot be deleted, deactivated or demoted.", code="last_superuser"
        )


@transaction.atomic
def change_user(*, user: User, **changes: Any) -> User:
    """Change the given fields of ``user``, a row that is locked or was just read.

    For administrators, who need no proof: a new address is unverified, gets a mail with a link, and the old one is
    told. Who is deactivated is signed out for good. Days that were recorded stay those days in another time zone.

    Raises:
        ConflictError: it would leave no active superuser.
    """
    old_email, old_zone = user.email, user.zone
    if changes.get("is_superuser") is False or changes.get("is_active") is False:
        require_another_superuser(than=[user.pk])
    if changes.get("is_active") is False:
        user.renew_stamp()
    for name, value in changes.items():
        setattr(user, name, value)
    if user.email != old_email:
        user.email_verified, user.pending_email = False, ""
        ask_to_verify(user=user)
        transaction.on_commit(functools.partial(mails.post, mails.send_email_changed, old_email))
    user.save()
    if user.zone != old_zone:
        kept_days.keep(user_id=user.pk, was=old_zone, becomes=user.zone)
    sessions.end_outdated(user=user)
    return user


@transaction.atomic
def set_active(*, user_ids: list[uuid.UUID], active: bool) -> int:
    """Let people sign in, or sign them out and let them in no more; return how many changed.

    Raises:
        ConflictError: it would leave no active superuser.
    """
    if not active:
        require_another_superuser(than=user_ids)
    people = list(User.objects.select_for_update().filter(pk__in=user_ids).exclude(is_active=active).order_by("pk"))
    for user in people:
        change_user(user=user, is_active=active)
    return len(people)


@transaction.atomic
def delete_users(*, user_ids: list[uuid.UUID]) -> None:
    """Delete people with everything they own.

    Raises:
        ConflictError: it would leave no active superuser.
    """
    require_another_superuser(than=user_ids)
    for user in User.objects.select_for_update().filter(pk__in=user_ids).order_by("pk"):
        user.delete()
        logger.info("A user was deleted", extra={"deleted_user": str(user.pk)})
