"""People and sign-in, as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from currencies.models import Currency
from finances import typed_text
from finances.api.serializers import BaseModelSerializer
from users import logins, models, services
from users.models import User

MAX_TOKEN_LENGTH = 4096


class PasswordField(serializers.CharField):
    """A password as typed: white space is part of it, and nothing is cut off."""

    def __init__(self, **kwargs: Any) -> None:
        """Fix how long a password may be."""
        style = {"input_type": "password"}
        super().__init__(
            max_length=typed_text.MAX_PASSWORD_LENGTH, trim_whitespace=False, write_only=True, style=style, **kwargs
        )


class AddressField(serializers.EmailField):
    """An email address, in the form in which it is stored."""

    def __init__(self, **kwargs: Any) -> None:
        """Fix how long an address may be."""
        super().__init__(max_length=typed_text.MAX_NAME_LENGTH, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the address in lower case, without white space around it."""
        return typed_text.normalize_email(super().to_internal_value(data))


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3,5}$", "description": "Code of an active currency."})
class BaseCurrencyField(serializers.PrimaryKeyRelatedField[Currency]):
    """The code of an active currency, whatever its case."""

    default_error_messages = {
        "does_not_exist": "{pk_value} is no currency in use.",
        "incorrect_type": "Give the code of a currency.",
    }

    def to_internal_value(self, data: Any) -> Any:
        """Find the currency."""
        code: Any = data.upper() if isinstance(data, str) else data
        return super().to_internal_value(code)


class UserSerializer(BaseModelSerializer):
    """A person as they see themselves. Changing one's own address takes the password, and a link in a mail."""

    email = AddressField(help_text="One's own changes once the link that is mailed to the new one is followed.")
    current_password = PasswordField(required=False, help_text="Needed to change one's own `email`, for nothing else.")
    pending_email = serializers.CharField(
        read_only=True, help_text="The address that takes the place of `email` once its link is followed, or empty."
    )
    base_currency = BaseCurrencyField(queryset=Currency.objects.filter(models.base_currency_choices()), required=False)

    class Meta:
        model = User
        fields = (
            "id", "email", "username", "is_active", "is_superuser", "base_currency", "timezone", "email_verified",
            "pending_email", "current_password", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = ("is_active", "is_superuser", "email_verified")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Keep one's own new address apart: whether it is taken is not said, and it needs the password."""
        password = attrs.pop("current_password", None)
        if self.instance is None or self.instance.pk != self.context["request"].user.pk:
            return super().validate(attrs)
        email = attrs.pop("email", self.instance.email)
        checked = super().validate(attrs)
        if email == self.instance.email:
            return checked
        if password is None:
            raise serializers.ValidationError({"current_password": "Give your password to change the address."})
        return {**checked, "new_address": {"email": email, "current_password": password}}

    def update(self, instance: User, validated_data: dict[str, Any]) -> User:
        """Change what was sent, with all that follows from it."""
        new_address = validated_data.pop("new_address", None)
        if new_address:
            services.ask_for_new_address(user=instance, **new_address)
        if self.is_so_already(instance, validated_data):
            return instance
        return services.change_user(user=instance, **validated_data)


class AdministeredUserSerializer(UserSerializer):
    """A person as superusers see, and change, them."""

    class Meta(UserSerializer.Meta):
        read_only_fields = ("email_verified",)


class RegistrationSerializer(UserSerializer):
    """What somebody gives to get an account."""

    password = PasswordField(help_text="At least 8 characters, not common, not all digits, not like the names.")

    class Meta(UserSerializer.Meta):
        fields = ("email", "password", "username", "base_currency", "timezone")  # type: ignore[assignment]
        read_only_fields = ()
        extra_kwargs = {
            "username": {"required": False, "help_text": "Without one, a free one is derived from the email."}
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the password against the person, then the person against the table."""
        password = attrs.pop("password")
        with faults_of("password"):
            services.require_good_password(password, user=User(**attrs))
        # Without a username one is derived that is free: there is nothing to check, and the empty one is no name.
        checked = super().validate(attrs)
        return {**checked, "password": password}

    def create(self, validated_data: dict[str, Any]) -> User:
        """Store the new user."""
        return services.register(**validated_data)

    def to_representation(self, instance: User) -> Any:
        """Show the new user like any other."""
        return UserSerializer(instance, context=self.context).data


class AdministeredRegistrationSerializer(RegistrationSerializer):
    """What a superuser gives to make an account for somebody."""

    class Meta(RegistrationSerializer.Meta):
        fields = (*RegistrationSerializer.Meta.fields, "is_active", "is_superuser")  # type: ignore[assignment]


@contextmanager
def faults_of(field: str) -> Iterator[None]:
    """Tell a weak password as a fault of the input field that it came in.

    Raises:
        ValidationError: with every reason, under ``field``.
    """
    try:
        yield
    except DjangoValidationError as exc:
        raise serializers.ValidationError({field: serializers.as_serializer_error(exc)["non_field_errors"]}) from exc


class LoginSerializer(serializers.Serializer[Any]):
    """What somebody types to sign in; either field takes an email or a username."""

    username = serializers.CharField(
        max_length=typed_text.MAX_NAME_LENGTH, required=False, help_text="A username or an email address."
    )
    email = serializers.CharField(
        max_length=typed_text.MAX_NAME_LENGTH, required=False, help_text="The same; one of the two is needed."
    )
    password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take whichever name is given."""
        login = logins.login_in(self.initial_data)
        if login is None:
            raise serializers.ValidationError({"username": "Give a username or an email address."}, code="required")
        return {"login": login, "password": attrs["password"]}


class TokenPairSerializer(serializers.Serializer[Any]):
    """What signing in gives."""

    access_token = serializers.CharField(help_text="For `Authorization: Bearer`; good for 30 minutes.")
    refresh_token = serializers.CharField(help_text="For `auth/refresh`, once; good for 7 days.")
    token_type = serializers.CharField(default="bearer")
    expires_in = serializers.IntegerField(help_text="Seconds until the access token ends.")


class RefreshTokenSerializer(serializers.Serializer[Any]):
    """A refresh token."""

    refresh_token = serializers.CharField(
        max_length=MAX_TOKEN_LENGTH, required=False, allow_null=True, allow_blank=True
    )


class EmailSerializer(serializers.Serializer[Any]):
    """An email address, known here or not."""

    email = AddressField()


class TokenSerializer(serializers.Serializer[Any]):
    """The token out of a mailed link."""

    token = serializers.CharField(max_length=MAX_TOKEN_LENGTH)


class NewPasswordSerializer(TokenSerializer):
    """A mailed token and the password that it shall set."""

    new_password = PasswordField()


class CurrentPasswordSerializer(serializers.Serializer[Any]):
    """The password, to prove that it is not just somebody with a token."""

    current_password = PasswordField()


class PasswordChangeSerializer(CurrentPasswordSerializer):
    """The old and the new password."""

    new_password = PasswordField()


class MessageSerializer(serializers.Serializer[Any]):
    """A sentence for people."""

    message = serializers.CharField()
