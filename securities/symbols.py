"""The form of symbols."""

import re

from finances.exceptions import InvalidValueError

# BRK-B, ^GSPC, BTC-USD, EURUSD=X, 0700.HK, M&M.NS
SYMBOL_PATTERN = r"^[A-Z0-9^][A-Z0-9.^=&_-]{0,31}$"
SYMBOL_MESSAGE = "A symbol has up to 32 letters, digits and signs of . - = ^ & _, such as BRK-B or ^GSPC."


def is_symbol(text: str) -> bool:
    """Tell whether ``text`` has the form of one."""
    return re.fullmatch(SYMBOL_PATTERN[1:-1], text) is not None


def require_symbol(text: str) -> str:
    """Return ``text`` as a symbol, in upper case.

    Raises:
        InvalidValueError: it does not look like one.
    """
    symbol = text.strip().upper()
    if not is_symbol(symbol):
        raise InvalidValueError(SYMBOL_MESSAGE, field="symbol")
    return symbol
