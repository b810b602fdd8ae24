"""The form of symbols."""

import re

from finances.exceptions import InvalidValueError

# BRK-B, ^GSPC, BTC-USD, EURUSD=X, 0700.HK, M&M.NS
SYMBOL_PATTERN = r"^[A-Z0-9^][A-Z0-9.^=&_-]{0,31}$"
SYMBOL_MESSAGE = "A symbol has up to 32 letters, digits and signs of . - = ^ & _, such as BRK-B or ^GSPC."


def require_symbol(text: str) -> str:
    """Return ``text`` as a symbol, in upper case.

    Raises:
        InvalidValueError: it does not look like one.
    """
    symbol = text.strip().upper()
    if not re.fullmatch(SYMBOL_PATTERN.strip("^$"), symbol) or not symbol.isascii():
        raise InvalidValueError(SYMBOL_MESSAGE, field="symbol")
    return symbol
