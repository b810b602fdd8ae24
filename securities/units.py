"""Currencies of which exchanges quote the hundredth part."""

from decimal import Decimal

# What providers call the part: the main unit's ISO 4217 code, and how many parts make one.
SUB_UNITS: dict[str, tuple[str, int]] = {
    "GBp": ("GBP", 100),
    "GBX": ("GBP", 100),
    "GBx": ("GBP", 100),
    "ZAc": ("ZAR", 100),
    "ZAC": ("ZAR", 100),
    "ILA": ("ILS", 100),
    "ILa": ("ILS", 100),
    "USX": ("USD", 100),
    "USc": ("USD", 100),
    "EUc": ("EUR", 100),
}


def main_unit(currency: str) -> tuple[str, Decimal]:
    """Return the ISO 4217 code behind a quoted ``currency``, and by what prices are to be multiplied.

    ``GBp`` is told from ``GBP`` by its case alone; every other code is taken in upper case.
    """
    code = currency.strip()
    if code in SUB_UNITS:
        main, parts = SUB_UNITS[code]
        return main, Decimal(1) / parts
    return code.upper(), Decimal(1)
