"""What people sign in with, and whose account that is."""

from collections.abc import Mapping
from typing import Any

from finances import rate_limits, typed_text
from users.models import User

FIELDS = ("username", "email")


def login_in(data: Any) -> str | None:
    """Return the login that the body of a request names: the first of its two fields that says something.

    One reading for all: what is counted is also what is tried. Numbers are names too, as they are for DRF.
    """
    given = (data.get(field) for field in FIELDS) if isinstance(data, Mapping) else ()
    names = (str(value).strip() for value in given if isinstance(value, str | int) and not isinstance(value, bool))
    return next((name for name in names if name), None)


def identity(login: str) -> str:
    """Return for whom a try with this login counts: its user, by either name, or else the name itself."""
    name = typed_text.normalize_name(login)
    storable = len(name) <= typed_text.MAX_NAME_LENGTH and "\0" not in name
    user_id = User.objects.by_login(name).order_by().values_list("pk", flat=True).first() if storable else None
    return rate_limits.account_identity(login) if user_id is None else f"user:{user_id}"
