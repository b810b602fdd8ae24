"""Which published figures are rates that can be stored."""

import re
from decimal import Decimal
from functools import lru_cache

from finances import money

DIGITS_BEHIND_POINT = 12
TOO_LARGE = Decimal(10) ** 12
MAX_LENGTH = 64  # characters; no honest rate is longer

CODE = re.compile(r"[A-Z]{3,5}")
PLAIN = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,6})?")


@lru_cache(maxsize=512)
def read_code(text: str) -> str:
    """Return a currency's code.

    Raises:
        ValueError: it does not look like one.
    """
    if not CODE.fullmatch(text):
        raise ValueError("the code is not one of a currency")
    return text


def read_rate(text: str) -> Decimal:
    """Read a rate exactly as it was published.

    Raises:
        ValueError: it is no number, not above zero, or has more digits than can be stored; says which.
    """
    rate = Decimal(text) if PLAIN.fullmatch(text) else _read_unusual(text)
    if not rate:
        raise ValueError("the rate is zero")
    return rate


def _read_unusual(text: str) -> Decimal:
    if len(text) > MAX_LENGTH or not NUMBER.fullmatch(text):
        raise ValueError("the rate is not a number")
    rate = Decimal(text)
    if rate < 0:
        raise ValueError("the rate is negative")
    if rate >= TOO_LARGE:
        raise ValueError("the rate is too large to be stored")
    if rate != money.rounded(rate, decimal_places=DIGITS_BEHIND_POINT):
        raise ValueError(f"the rate has more than {DIGITS_BEHIND_POINT} digits behind the point")
    return rate
