"""What is done for people: signing in, the first administrator."""

import secrets

from django.contrib.auth.hashers import make_password
from django.db import transaction

from users.models import User


def authenticate(*, login: str, password: str) -> User | None:
    """Return the active user with this email or username and password, or nothing.

    Takes as long for an unknown login as for a wrong password, so that nobody can ask who exists.
    """
    user = User.objects.by_login(login).order_by("email").first()
    if user is None:
        make_password(password)
        return None
    return user if user.check_password(password) and user.is_active else None


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
