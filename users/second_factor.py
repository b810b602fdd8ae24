"""The second factor of those who administer: codes by time (TOTP), and codes that recover whoever lost their device.

django-otp checks the codes: none is good twice. Wrong ones are counted by users.tries, since django-otp's own waits are
for everybody, whoever typed the wrong one. Recovery codes have 120 random bits and are kept as digests alone; the key
of a device must be kept as it is, to compute with.
"""

import base64
import functools
import hashlib
import io
import logging
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import django_otp
import segno
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from finances.exceptions import ConflictError
from users import sessions
from users.models import User

logger = logging.getLogger(__name__)
NAME = "Second factor"
RECOVERY_CODES = 10
RECOVERY_BYTES = 15  # 24 letters and digits
TIMED_CODE = re.compile(r"[0-9]{6}")
PERMITTED_FOR = timedelta(minutes=15)


@dataclass(frozen=True)
class Missing:
    """What stands between somebody who gave their password and the admin: to ``enrol``, or else to give a code."""

    enrol: bool


def device_of(user: User) -> TOTPDevice | None:
    """Return the device whose codes are asked of ``user``, if there is one."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk").first()


def guards(user: Any) -> bool:
    """Tell whether the rights of ``user`` over other people are to be had with a second factor only."""
    return bool(user.is_superuser) and (settings.ADMIN_REQUIRE_OTP or device_of(user) is not None)


def missing(request: HttpRequest) -> Missing | None:
    """Return what the second factor still asks of whoever is signed in with ``request``, or nothing."""
    user: Any = request.user
    device = device_of(user)
    if device is None:
        return Missing(enrol=True) if settings.ADMIN_REQUIRE_OTP else None
    is_given = request.session.get(django_otp.DEVICE_ID_SESSION_KEY) == device.persistent_id
    return None if is_given else Missing(enrol=False)


def accept(request: HttpRequest) -> None:
    """Note in the session that the second factor was given, and give the session a new name."""
    user: Any = request.user
    request.session.cycle_key()
    django_otp.login(request, device_of(user))


def permission_for(user: User) -> str:
    """Return what lets ``user`` turn it on where it is required, once, within a quarter of an hour.

    It ends with whatever ends their sessions: turning it on does, and another password. A password alone must not be
    enough there: whoever has stolen it would bring a device of their own.
    """
    return signing.dumps(_permitted(user), salt=__name__)


def is_permitted(user: User, permission: str) -> bool:
    """Tell whether an operator lets ``user`` turn it on now."""
    try:
        said = signing.loads(permission.strip(), salt=__name__, max_age=PERMITTED_FOR)
    except signing.BadSignature:
        return False
    return bool(said == _permitted(user))


def _permitted(user: User) -> list[str]:
    return [str(user.pk), user.security_stamp]


def new_key() -> str:
    """Return a fresh key of 160 random bits for a device."""
    key: str = random_hex(20)
    return key


def as_text(key: str) -> str:
    """Write a key as people type it into a device."""
    return grouped(base64.b32encode(bytes.fromhex(key)).decode())


def as_picture(key: str, *, user: User) -> str:
    """Draw what a device scans as an SVG for a page."""
    code = segno.make(TOTPDevice(user=user, key=key).config_url, micro=False)
    drawn = io.BytesIO()
    code.save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, svgclass="qr-code", lineclass=None, light="#fff"
    )
    return drawn.getvalue().decode()


@transaction.atomic
def turn_on(*, user: User, key: str, code: str) -> list[str] | None:
    """Ask ``user`` for codes from now on, and return the recovery codes; nothing when ``code`` is not the key's.

    It ends all sessions, and with them what permitted it. ``user`` has the new security stamp then, by which the
    asking session can go on.

    Raises:
        ConflictError: it is on already, with another device, or their sessions were ended since ``user`` was read.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    if device_of(user) is not None:
        raise ConflictError("A second factor is on already.", code="duplicate")
    if locked.security_stamp != user.security_stamp:
        raise ConflictError("Your sessions were ended meanwhile; sign in anew.", code="session_ended")
    device = TOTPDevice.objects.create(user=user, name=NAME, key=key)
    if not device.verify_token(normalized(code)):
        device.delete()
        return None
    locked.renew_stamp()
    locked.save()
    sessions.end_outdated(user=locked)
    user.security_stamp, user.pending_email = locked.security_stamp, locked.pending_email
    logger.info("A second factor was turned on", extra={"user": str(user.pk)})
    return renew_recovery_codes(user=user)


@transaction.atomic
def is_good(*, user: User, code: str) -> bool:
    """Tell whether ``code`` is the device's of this moment or one for recovery, and use it up."""
    text = normalized(code)
    is_timed = TIMED_CODE.fullmatch(text) is not None
    kind = TOTPDevice if is_timed else StaticDevice
    devices = kind.objects.select_for_update().filter(user=user, confirmed=True).order_by("pk")
    given = text if is_timed else digest(text)
    accepted = any(device.verify_token(given) for device in devices)
    if not accepted:
        logger.warning("A code of a second factor was refused", extra={"user": str(user.pk)})
    elif not is_timed:
        logger.warning("A recovery code was used", extra={"user": str(user.pk)})
    return accepted


@transaction.atomic
def renew_recovery_codes(*, user: User) -> list[str]:
    """Make new recovery codes in place of all earlier ones, and return them in clear, which is kept nowhere."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=NAME)
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=digest(code)) for code in codes)
    return [grouped(code) for code in codes]


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes are unused."""
    count: int = StaticToken.objects.filter(device__user=user).count()
    return count


@transaction.atomic
def turn_off(*, user: User) -> bool:
    """Ask ``user`` for codes no more, and tell whether there was anything to forget."""
    forgotten = [kind.objects.filter(user=user).delete()[0] for kind in (TOTPDevice, StaticDevice)]
    if any(forgotten):
        tell = functools.partial(logger.warning, "A second factor was turned off", extra={"user": str(user.pk)})
        transaction.on_commit(tell)
    return any(forgotten)


@transaction.atomic
def reset(*, user: User) -> bool:
    """Turn off the second factor of somebody who lost it, and sign them out everywhere; tell whether there was one."""
    was_on = turn_off(user=user)
    if was_on:
        sessions.end_all(user_ids=[user.pk])
    return was_on


def normalized(code: str) -> str:
    """Return a code as it is compared, however it was typed."""
    return re.sub(r"[\s-]", "", code).upper()


def grouped(text: str) -> str:
    """Write a long code in groups of four."""
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def digest(recovery_code: str) -> str:
    """Return what is kept of a recovery code: as much of its SHA-256 as the library's column holds, 80 bits."""
    return base64.b32encode(hashlib.sha256(recovery_code.encode()).digest()[:10]).decode()
