"""People who keep their finances here."""

import unicodedata
import uuid
import zoneinfo
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from finances.models import TimestampedModel

USERNAME_PATTERN = r"^[\w.+-]+\Z"


def default_base_currency() -> str:
    """Return the code that a new user's figures are given in until they choose."""
    return str(settings.DEFAULT_BASE_CURRENCY)


def require_timezone(name: str) -> None:
    """Refuse a name that the IANA time zone database does not hold.

    Raises:
        ValidationError: there is no such zone.
    """
    if name not in zoneinfo.available_timezones():
        raise ValidationError("There is no time zone of this name in the IANA database.", code="invalid_timezone")


class UserQuerySet(models.QuerySet["User"]):
    """People by what they type to sign in."""

    def by_login(self, login: str) -> "UserQuerySet":
        """Keep whoever has ``login`` as email or as username, whatever its case."""
        normalized = unicodedata.normalize("NFKC", login).strip()
        return self.filter(Q(email__iexact=normalized) | Q(username__iexact=normalized))


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes people; `createsuperuser` calls it."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a new user with a hashed password; without a username, one is derived from the email.

        Raises:
            ValueError: there is no email.
        """
        if not email:
            raise ValueError("A user needs an email address.")
        fields.setdefault("username", email.partition("@")[0])
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a new user who may do everything."""
        return self.create_user(email, password, **{**fields, "is_superuser": True, "is_staff": True})


class User(TimestampedModel, AbstractBaseUser, PermissionsMixin):
    """A person: signs in by email or username, sees figures in their base currency and days in their time zone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    username = models.CharField(
        max_length=50,
        validators=[
            MinLengthValidator(3),
            RegexValidator(USERNAME_PATTERN, "A username has letters, digits and . _ + - only."),
        ],
    )
    base_currency = models.ForeignKey(
        "currencies.Currency", on_delete=models.PROTECT, related_name="+", default=default_base_currency
    )
    timezone = models.CharField(max_length=64, default="UTC", validators=[require_timezone])
    is_active = models.BooleanField(default=True, help_text="Whether this person may sign in.")
    is_staff = models.BooleanField(default=False, help_text="Whether this person may open the admin.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", violation_error_message="This email address is taken."
            ),
            models.UniqueConstraint(
                Lower("username"), name="user_username_unique", violation_error_message="This username is taken."
            ),
        )

    def __str__(self) -> str:
        return self.email
