"""Net worth once more, as slowly and plainly as the rules read: what the program is tested against.

Knows nothing of leaves, tallies, memory or searches; only of docs/valuation.md. That these rules are the right ones is
for the examples worked out by hand to show, in test_reconciliation.py.
"""

from decimal import Decimal
from fractions import Fraction
from itertools import dropwhile, pairwise
from math import prod

from currencies import conversion
from currencies.conversion import RateNotFoundError
from portfolio.timeline import Segment


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
        *([(None, account.currency)] if cash is not None and not agrees(account, recorded[-1], on, rates) else []),
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


def agrees(account, recorded, on, rates):
    """Whether nothing speaks against the holdings and the cash, as far as was told until the day ``on``."""
    itemised = traded = Fraction(0)
    has_unknown = False
    for position in account.positions:
        told = compared_with(position, recorded.on, on)
        if not told:
            continue
        value = in_account(account, position, told[0].since, told[0].quantity, recorded.on, rates)
        has_unknown = has_unknown or value is None
        itemised += value or 0
        for earlier, later in pairwise(told):
            change = abs(Fraction(later.quantity or 0) - quantity_of(earlier, later.since, position.security))
            traded += in_account(account, position, later.since, change, recorded.on, rates) or 0
    rest = Fraction(recorded.value - recorded.cash) - itemised
    if has_unknown and rest >= 0:
        rest = 0  # what has no price may be worth it
    return not is_much(abs(rest), recorded) and not is_much(traded, recorded)


def compared_with(position, recorded_on, on):
    """What was held on the day of the recorded value, or else was told first after it, and what was told since."""
    told = [segment for segment in position.segments if segment.since <= on]
    known = held_on(position, recorded_on)
    later = [segment for segment in told if segment.since > recorded_on]
    return [known, *later] if known else list(dropwhile(lambda segment: segment.quantity is None, later))


def quantity_of(segment, on, security):
    splits = [split.ratio for split in security.splits if segment.since < split.on <= on]
    return Fraction(segment.quantity or 0) * prod(splits)


def in_account(account, position, since, quantity, on, rates):
    """What a quantity, in units of the day ``since``, was worth on the day ``on`` in the account's currency."""
    value = worth(position.security, Segment(since, quantity), on)
    return None if value is None else converted(value, position.security.currency, rates, on, account.currency)


def is_much(amount, recorded):
    least = min(abs(recorded.value - recorded.cash), abs(recorded.value))
    return amount * 20 > Fraction(least) and amount * 100 > Fraction(abs(recorded.value))


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
