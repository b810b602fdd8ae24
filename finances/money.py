"""Decimals: how they are written and rounded. The only module that rounds."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from math import floor

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


def scaled(value: Decimal, *, decimal_places: int) -> int:
    """Return how many units of ``decimal_places`` digits behind the point ``value`` is: 12.5 are 1250 of two.

    Raises:
        ValueError: it has more digits than that.
    """
    units = value.scaleb(decimal_places, context=EXACT)
    if units != units.to_integral_value():
        raise ValueError(f"{value} has more than {decimal_places} decimal places")
    return int(units)


def scaled_digits(digits: str, *, decimal_places: int) -> int:
    """Return what `scaled` does of a decimal that is written plainly, without exponent: fit for many of them.

    Raises:
        ValueError: it has more digits than that, or is no number.
    """
    whole, _, behind = digits.partition(".")
    if len(behind) > decimal_places:
        return scaled(Decimal(digits), decimal_places=decimal_places)  # zeros that say nothing, perhaps
    return int(whole + behind.ljust(decimal_places, "0"))


def exact_text(value: Fraction) -> str:
    """Write ``value`` with nothing lost: as a decimal where its digits end, else as a ratio such as ``10/3``."""
    rest, places = value.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        places = max(places, count)
    if rest != 1:
        return f"{all_digits(value.numerator)}/{all_digits(value.denominator)}"
    digits = all_digits(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, behind = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{'-' if value < 0 else ''}{whole}{'.' if places else ''}{behind}"


def all_digits(number: int) -> str:
    """Write a whole number of any length; ``str`` refuses those of more than 4300 digits."""
    return str(Decimal(number))


def shares(parts: Sequence[Fraction], *, decimal_places: int) -> list[Decimal] | None:
    """Return the share of each of ``parts`` in their sum, rounded so that the shares add up to exactly 1.

    By the largest remainder: each share is rounded down, and the units that are left go to those that lost most, the
    earlier of equals first. None when the sum is zero, since nothing has a share of nothing.
    """
    whole = sum(parts)
    if not whole:
        return None
    unit = 10**decimal_places
    exact = [part / whole * unit for part in parts]
    units = [floor(share) for share in exact]
    by_loss = sorted(range(len(parts)), key=lambda place: units[place] - exact[place])
    for place in by_loss[: unit - sum(units)]:
        units[place] += 1
    return [Decimal(count).scaleb(-decimal_places, context=EXACT) for count in units]
