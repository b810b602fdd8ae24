"""Decimals: how they are written and rounded. The only module that rounds."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

# Wide enough for the largest amount times the finest rate; results are exact or rounded once, half to even.
CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN)
# For what needs no rounding: digits enough for any product of two columns, and a trap should they ever not be.
EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])


def plain(value: Decimal) -> str:
    """Write ``value`` with all its digits, without exponent and without zeros that say nothing: ``1234.5``.

    Raises:
        ValueError: ``value`` is NaN or infinite.
    """
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that can be written")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def rounded(value: Decimal, *, decimal_places: int) -> Decimal:
    """Round ``value`` half to even to ``decimal_places`` digits behind the point."""
    return value.quantize(Decimal(1).scaleb(-decimal_places), context=CONTEXT)


def rounded_as_in_sql(value: Decimal, *, decimal_places: int) -> Decimal:
    """Round ``value`` half away from zero, as PostgreSQL's ``round`` does, so that all databases answer alike."""
    return value.quantize(Decimal(1).scaleb(-decimal_places), rounding=ROUND_HALF_UP, context=CONTEXT)


def from_fraction(value: Fraction) -> Decimal:
    """Return ``value`` exactly where its digits end, else rounded half to even to `CONTEXT`'s 50 digits."""
    return CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def rounded_fraction(value: Fraction, *, decimal_places: int) -> Decimal:
    """Round ``value`` once, half to even, to ``decimal_places`` digits behind the point."""
    return Decimal(round(value * 10**decimal_places)).scaleb(-decimal_places, EXACT)


def significant_fraction(value: Fraction, *, digits: int) -> Decimal:
    """Round ``value`` once, half to even, to ``digits`` significant digits."""
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    return context.divide(Decimal(value.numerator), Decimal(value.denominator))


def significant(value: Decimal, *, digits: int) -> Decimal:
    """Round ``value`` half to even to ``digits`` significant digits."""
    return Context(prec=digits, rounding=ROUND_HALF_EVEN).plus(value)


def product(left: Decimal, right: Decimal) -> Decimal:
    """Multiply with all digits, however many there are."""
    return EXACT.multiply(left, right)


def difference(left: Decimal, right: Decimal) -> Decimal:
    """Subtract with all digits."""
    return EXACT.subtract(left, right)


def percentage(part: Decimal, *, of: Decimal, decimal_places: int) -> Decimal:
    """Return how many percent of ``of`` is ``part``, rounded once.

    Raises:
        ZeroDivisionError: ``of`` is zero.
    """
    return rounded_fraction(Fraction(part) / Fraction(of) * 100, decimal_places=decimal_places)
