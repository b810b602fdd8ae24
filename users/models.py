"""People who keep their finances here, and where they are signed in."""

import re
import secrets
import uuid
import zoneinfo
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth import hashers
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from finances import typed_text
from finances.constraints import FieldUnique
from finances.models import TimestampedModel
from finances.time_zones import require_timezone, zone_of

# ASCII alone: nobody can take a name that only looks like another's, and every database agrees on what case means.
USERNAME_PATTERN = r"^[A-Za-z0-9_.+-]*\Z"
USERNAME_RULE = "A username has the letters A to Z, digits and . _ + - only."
# Codes of ISO 4217 for "no currency" and for tests: nothing can be counted in them.
NO_CURRENCIES = ("XTS", "XXX")
MIN_USERNAME_LENGTH, MAX_USERNAME_LENGTH = 3, 50
STAMP_LENGTH = 16
# How long after a refresh token was exchanged its second use counts as one of several requests at the same moment:
# as long as a request may wait for a busy database, and its answer for a slow network.
RACE_WINDOW = timedelta(seconds=20)


def default_base_currency() -> str:
    """Return the code that a new user's figures are given in until they choose."""
    return str(settings.DEFAULT_BASE_CURRENCY)


def base_currency_choices() -> Q:
    """Return which currencies figures can be given in."""
    return Q(is_active=True) & ~Q(code__in=NO_CURRENCIES)


def new_stamp() -> str:
    """Return a random security stamp. Random, not counted: two changes at once must not arrive at the same one."""
    return secrets.token_urlsafe(12)


def username_candidates(email: str) -> Iterator[str]:
    """Yield usernames for somebody who chose none: what stands before the @, then that with a random end."""
    base = re.sub(r"[^A-Za-z0-9_.+-]", "", typed_text.normalize_name(email.partition("@")[0])) or "user"
    if len(base) < MIN_USERNAME_LENGTH:
        base = f"{base}-user"
    yield base[:MAX_USERNAME_LENGTH]
    while True:
        ending = f"-{secrets.token_hex(3)}"
        yield base[: MAX_USERNAME_LENGTH - len(ending)] + ending


class UserQuerySet(models.QuerySet["User"]):
    """People by what they type to sign in, and by what they may do."""

    def by_login(self, login: str) -> Self:
        """Keep whoever has ``login`` as email or as username, whatever its case."""
        # Lower() on both sides: the database alone decides what case means, and has an index on it.
        username = Lower(Value(typed_text.normalize_name(login)))
        return self.alias(login_name=Lower("username")).filter(
            Q(email=typed_text.normalize_email(login)) | Q(login_name=username)
        )

    def active_superusers(self) -> Self:
        """Keep those who can administer."""
        return self.filter(is_superuser=True, is_active=True)

    def matching(self, text: str) -> Self:
        """Keep people whose email or username contains ``text``, whatever its case."""
        return self.filter(Q(email__icontains=text) | Q(username__icontains=text))


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes people; `createsuperuser` calls it."""

    def create_user(
        self, email: str, password: str | None = None, username: str | None = None, **fields: Any
    ) -> "User":
        """Store a new user with a hashed password; without a username, a free one is derived from the email.

        Raises:
            ValueError: there is no email.
            IntegrityError: the email, or the chosen username, is taken.
        """
        if not email:
            raise ValueError("A user needs an email address.")
        user: User = self.model(email=typed_text.normalize_email(email), **fields)
        user.set_password(password)
        if username:
            user.username = typed_text.normalize_name(username)
            user.save(using=self._db)
            return user
        return self.save_with_free_username(user)

    def save_with_free_username(self, user: "User") -> "User":
        """Store ``user`` under the first derived username that nobody has, also when two people race for it.

        Raises:
            IntegrityError: the email is taken.
        """
        candidates = username_candidates(user.email)
        while True:
            user.username = next(candidates)
            try:
                with transaction.atomic(using=self._db):
                    user.save(using=self._db, force_insert=True)
            except IntegrityError:
                if not self.by_login(user.username).exists():
                    raise
            else:
                return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a new user who may do everything. Whoever can do that here need not prove their address."""
        return self.create_user(email, password, **{"email_verified": True, **fields, "is_superuser": True})


class User(TimestampedModel, AbstractBaseUser, PermissionsMixin):
    """A person: signs in by email or username, sees figures in their base currency and days in their time zone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254)
    username = models.CharField(
        max_length=MAX_USERNAME_LENGTH,
        validators=[
            MinLengthValidator(MIN_USERNAME_LENGTH),
            RegexValidator(USERNAME_PATTERN, USERNAME_RULE),
        ],
    )
    base_currency = models.ForeignKey(
        "currencies.Currency",
        on_delete=models.PROTECT,
        related_name="+",
        default=default_base_currency,
        limit_choices_to=base_currency_choices,
        db_index=False,  # below, without the second index by pattern that PostgreSQL would get
    )
    timezone = models.CharField(max_length=64, default="UTC", validators=[require_timezone])
    is_active = models.BooleanField(default=True, help_text="Whether this person may sign in.")
    email_verified = models.BooleanField(
        default=False, editable=False, help_text="Whether this person has shown that they read mail at the address."
    )
    pending_email = models.EmailField(
        blank=True,
        default="",
        editable=False,
        help_text="The address that takes the place of `email` once the link that was mailed to it is followed.",
    )
    # Every token and session carries the stamp of its day: a new one ends them all.
    security_stamp = models.CharField(max_length=STAMP_LENGTH, default=new_stamp, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        ordering = ("email",)
        constraints = (
            FieldUnique(
                field="email",
                fields=("email",),
                name="user_email_unique",
                violation_error_code="duplicate",
                violation_error_message="This email address is taken.",
            ),
            FieldUnique(
                Lower("username"),
                field="username",
                name="user_username_unique",
                violation_error_code="duplicate",
                violation_error_message="This username is taken.",
            ),
            models.CheckConstraint(
                condition=Q(username__regex=USERNAME_PATTERN),
                name="user_username_form",
                violation_error_message=USERNAME_RULE,
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")),
                name="user_email_lower",
                violation_error_message="An email address is kept in lower case.",
            ),
        )
        indexes = (models.Index(fields=("base_currency",), name="user_base_currency"),)

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Tell Django's admin whom to let in: superusers."""
        return self.is_superuser

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone that decides which day it is for this person; UTC once theirs has no name any more."""
        return zone_of(self.timezone)

    def clean(self) -> None:
        """Bring what was typed into its stored form, which may be longer, and hold that against the rules.

        Usernames are ASCII, which has but one form.

        Raises:
            ValidationError: the address is none in its stored form.
        """
        self.email = typed_text.normalize_email(self.email)
        field: Any = self._meta.get_field("email")
        try:
            field.run_validators(self.email)
        except ValidationError as exc:
            raise ValidationError({"email": exc.error_list}) from exc

    def set_password(self, raw_password: str | None) -> None:
        """Hash a new password and end every session; the caller saves."""
        super().set_password(None if raw_password is None else typed_text.normalize_password(raw_password))
        self.renew_stamp()

    def renew_stamp(self) -> None:
        """End every session, all tokens and the admin's, and a change of address under way. The caller saves."""
        self.security_stamp = new_stamp()
        self.pending_email = ""

    def check_password(self, raw_password: str | None) -> bool:
        """Tell whether this is the password; where it is, renew a hash that was made with other parameters.

        Not for a deactivated user: the time that this takes would say that the password was right.
        """
        renew = self.renew_hash if self.is_active else None
        password = None if raw_password is None else typed_text.normalize_password(raw_password)
        return hashers.check_password(password, self.password, renew)

    def renew_hash(self, raw_password: str) -> None:
        """Store the same password under a new hash, unless it was changed in the meantime."""
        encoded = hashers.make_password(raw_password)
        if User.objects.filter(pk=self.pk, password=self.password).update(password=encoded):
            self.password = encoded

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Tie the admin's sessions to the stamp, where Django ties them to the password's hash."""
        return salted_hmac("users.session", self.security_stamp, secret=secret, algorithm="sha256").hexdigest()


class TokenFamilyQuerySet(models.QuerySet["TokenFamily"]):
    """Families of tokens by whether they still give access."""

    def living(self, *, now: datetime) -> Self:
        """Keep the families whose refresh token still works."""
        return self.filter(revoked_at=None, expires_at__gt=now, stamp=F("user__security_stamp"), user__is_active=True)

    def expired(self, *, now: datetime) -> Self:
        """Keep the families whose every token has expired; nothing is lost with them."""
        return self.filter(expires_at__lte=now)

    def revoke(self, *, now: datetime) -> int:
        """End the families at once, access tokens included, and return how many still stood."""
        return self.filter(revoked_at=None).update(revoked_at=now)


class TokenFamily(models.Model):
    """One signing-in and all tokens that came of it, of which one refresh token is good. No token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    refresh_id = models.UUIDField(help_text="The id (jti) of the one refresh token that still works.")
    previous_refresh_id = models.UUIDField(
        null=True, blank=True, help_text="That of the token which the good one was given for, at `refreshed_at`."
    )
    stamp = models.CharField(max_length=STAMP_LENGTH, help_text="The user's security stamp; another ends the family.")
    created_at = models.DateTimeField(default=timezone.now)
    refreshed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenFamilyQuerySet.as_manager()

    class Meta:
        verbose_name = "session"
        ordering = ("-refreshed_at", "id")

    def __str__(self) -> str:
        return f"Signed in at {self.created_at:%Y-%m-%d %H:%M}"

    def lives(self, *, now: datetime) -> bool:
        """Tell whether the family's refresh token still works."""
        current = self.user.is_active and self.stamp == self.user.security_stamp
        return current and self.revoked_at is None and self.expires_at > now

    def has_just_replaced(self, refresh_id: uuid.UUID, *, now: datetime) -> bool:
        """Tell whether that was the good refresh token until a moment ago: then its second use is a race, no theft."""
        return refresh_id == self.previous_refresh_id and now - self.refreshed_at < RACE_WINDOW
