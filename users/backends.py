"""How Django's own sign-in, that of the admin, knows people."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from users import sessions
from users.models import User


class LoginBackend(ModelBackend):
    """Sign in by email or username, by the same check as the API and in the same time for everybody."""

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        """Return the active user with this login and password, or nothing."""
        login = username or credentials.get(User.USERNAME_FIELD)
        return sessions.authenticate(login=login, password=password) if login and password else None
