"""The currencies of the world as libraries know them. Pure: no database, no network.

Codes and minor units are those of ISO 4217's list one (the ``iso4217`` package ships it); names and symbols are the
English ones of the Unicode CLDR (``babel`` ships it), which people know better than ISO's: "British Pound", not
"Pound Sterling".
"""

from typing import NamedTuple

import iso4217
from babel import Locale
from babel.numbers import get_currency_name, get_currency_precision, get_currency_symbol

LOCALE = "en"

# ISO gives metals, bond units and the like no minor unit; amounts of them still need digits behind the point.
PLACES_WITHOUT_MINOR_UNIT = 4

# Currencies that ended but live on in old statements: those in the ECB's files, and all that the euro replaced.
ENDED_CODES = (
    "ATS", "BEF", "BGN", "CYP", "DEM", "EEK", "ESP", "FIM", "FRF", "GRD", "HRK", "IEP", "ITL", "LTL", "LUF", "LVL",
    "MTL", "NLG", "PTE", "ROL", "SIT", "SKK", "TRL",
)  # fmt: skip


class CurrencyFacts(NamedTuple):
    """What is known of a currency: ``decimal_places`` are the digits of its minor unit."""

    code: str
    name: str
    symbol: str
    decimal_places: int


def active_currencies() -> list[CurrencyFacts]:
    """Return every active currency of ISO 4217, funds and metals among them, by code."""
    return sorted(
        described(
            currency.code,
            fallback=currency.currency_name,
            decimal_places=PLACES_WITHOUT_MINOR_UNIT if currency.exponent is None else currency.exponent,
        )
        for currency in iso4217.Currency
    )


def ended_currencies() -> list[CurrencyFacts]:
    """Return the currencies that are no longer active but still turn up, by code."""
    return [described(code, fallback=code, decimal_places=get_currency_precision(code)) for code in ENDED_CODES]


def has_been(code: str) -> bool:
    """Tell whether ``code`` is a currency of ISO 4217's, past or present, and not one that people agreed on."""
    return code in Locale(LOCALE).currencies


def described(code: str, *, fallback: str, decimal_places: int) -> CurrencyFacts:
    """Return a currency with its English name, or ``fallback`` where CLDR has none, and its symbol."""
    known = code in Locale(LOCALE).currencies
    name = get_currency_name(code, locale=LOCALE) if known else fallback
    return CurrencyFacts(code, name, get_currency_symbol(code, locale=LOCALE), decimal_places)
