"""What people sign in with."""

from collections.abc import Mapping
from typing import Any

FIELDS = ("username", "email")


def login_in(data: Any) -> str | None:
    """Return the login that the body of a request names: the first of its two fields that says something.

    One reading for all: what is counted is also what is tried. Numbers are names too, as they are for DRF.
    """
    given = (data.get(field) for field in FIELDS) if isinstance(data, Mapping) else ()
    names = (str(value).strip() for value in given if isinstance(value, str | int) and not isinstance(value, bool))
    return next((name for name in names if name), None)
