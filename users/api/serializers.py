"""People and sign-in, as JSON."""

from typing import Any

from rest_framework import serializers

from finances.api.serializers import BaseModelSerializer
from users.models import User


class UserSerializer(BaseModelSerializer):
    """A person as they, and superusers, see them."""

    class Meta:
        model = User
        fields = (
            "id", "email", "username", "is_active", "is_superuser", "base_currency", "timezone",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("is_active", "is_superuser")


class LoginSerializer(serializers.Serializer[Any]):
    """What somebody types to sign in; either field takes an email or a username."""

    username = serializers.CharField(max_length=254, required=False)
    email = serializers.CharField(max_length=254, required=False)
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take whichever name is given."""
        login = attrs.get("username") or attrs.get("email")
        if not login:
            raise serializers.ValidationError({"username": "Give a username or an email address."}, code="required")
        return {"login": login, "password": attrs["password"]}


class TokenPairSerializer(serializers.Serializer[Any]):
    """What signing in gives."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField(default="bearer")
    expires_in = serializers.IntegerField(help_text="Seconds until the access token ends.")
