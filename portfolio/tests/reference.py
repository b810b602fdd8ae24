"""Net worth once more, as slowly and plainly as the rules read: what the program is tested against.

Knows nothing of leaves, tallies, memory or searches; only of docs/valuation.md.
"""

from decimal import Decimal
from fractions import Fraction

from currencies import conversion
from currencies.conversion import RateNotFoundError


def net_worth(accounts, rates, *, on, currency):
    """Return what is known of net worth, and whether that is all."""
    total, complete = Fraction(0), True
    for account in accounts:
        for amount, code in amounts(account, on, rates):
            value = None if amount is None else converted(amount, code, rates, on, currency)
            complete = complete and value is not None
            total += (value or 0) * (-1 if account.is_liability else 1)
    return total, complete


def amounts(account, on, rates):
    if not is_there(account, on):
        return []
    recorded = [value for value in account.values if value.on <= on]
    held = [(position.security, quantity) for position in account.positions if (quantity := held_on(position, on))]
    cash = recorded[-1].cash if recorded else None
    if not held:
        return of_recorded(account, recorded[-1] if recorded else None)
    return [
        (None if cash is None else Fraction(cash), account.currency),
        *((worth(security, segment, on), security.currency) for security, segment in held),
        *([(None, account.currency)] if cash is not None and hides(account, recorded[-1], on, rates) else []),
    ]


def is_there(account, on):
    days = [value.on for value in account.values]
    days += [segment.since for position in account.positions for segment in position.segments]
    return not days or min(days) <= on


def of_recorded(account, recorded):
    if recorded is None:
        return [(None, account.currency)]
    if not account.is_investment or recorded.cash is None:
        return [(Fraction(recorded.value), account.currency)]
    return [(Fraction(recorded.cash), account.currency), (Fraction(recorded.value - recorded.cash), account.currency)]


def hides(account, recorded, on, rates):
    """Whether much of what was recorded is in none of the holdings, all as of the day it was recorded."""
    itemised = Fraction(0)
    for position in account.positions:
        if not [segment for segment in position.segments if segment.since <= on]:
            continue  # nobody knew of it on the day that is valued
        first = position.segments[0]
        segment = first if first.since > recorded.on else held_on(position, recorded.on)
        value = worth(position.security, segment, recorded.on) if segment and segment.quantity is not None else None
        if value is not None:
            itemised += converted(value, position.security.currency, rates, recorded.on, account.currency) or 0
    securities = Fraction(recorded.value - recorded.cash)
    gap = securities - itemised
    return gap > 0 and gap > securities / 20 and gap > Fraction(recorded.value) / 100


def held_on(position, on):
    told = [segment for segment in position.segments if segment.since <= on]
    return told[-1] if told and told[-1].quantity is not None else None


def worth(security, segment, on):
    closes = [close for close in security.closes if close.on <= on and (on - close.on).days <= 10]
    if not closes or security.currency is None:
        return None
    close = closes[-1]
    value = Fraction(segment.quantity) * Fraction(close.price)
    for split in security.splits:
        if segment.since < split.on <= on:  # the quantity is in units of before the split
            value *= split.ratio
        if on < split.on <= segment.since:  # the quantity was told later, in units of after the split
            value /= split.ratio
        if close.on < split.on <= on:  # the price is of a unit of before the split
            value /= split.ratio
    return value


def converted(amount, code, rates, on, currency):
    if not amount:
        return amount
    try:
        one = conversion.convert(Decimal(1), base=code, quote=currency, on=on, rates=rates)
    except RateNotFoundError:
        return None
    return amount * one.ratio
