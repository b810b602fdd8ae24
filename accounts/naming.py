"""What people call amounts, values and holdings: by what was fetched with them, as nobody asks row by row."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from finances import money
from finances.local_days import day_of


def shown(amount: Decimal | None, currency: Any) -> str:
    """Write ``amount`` for people, rounded to the currency's minor unit and with its code; a dash when unknown."""
    if amount is None:
        return "-"
    if currency is None:
        return f"{money.plain(amount)} (currency unknown)"
    return f"{money.rounded(amount, decimal_places=currency.decimal_places):,f} {currency.pk}"


def known(row: Any, *path: str) -> Any:
    """Return what foreign keys lead to, as far as it was fetched; None where somebody would have to ask for it."""
    for name in path:
        if row is None or not row._meta.get_field(name).is_cached(row):
            return None
        row = getattr(row, name)
    return row


def when(at: datetime, owner: Any) -> str:
    """Return the day where the owner is, or the instant while that is not known."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if owner is None else str(day_of(at, owner.zone))


def name_of_value(row: Any) -> str:
    """Call a value by its account, day and amount: ``House, 2026-10-31: 748,150.00 CAD``."""
    account, amount = known(row, "account"), row.value if isinstance(row.value, Decimal) else None
    day = when(row.timestamp, known(row, "user") or known(account, "user"))
    if account is None or amount is None:
        return day
    currency = known(account, "currency")
    written = f"{money.plain(amount)} {account.currency_id}" if currency is None else shown(amount, currency)
    return f"{account.name}, {day}: {written}"


def name_of_holding(row: Any) -> str:
    """Call a holding by its quantity, security, account and day: ``20 ACME in Savings, 2026-10-31``."""
    account, security = known(row, "account"), known(row, "security")
    quantity = money.plain(row.quantity) if isinstance(row.quantity, Decimal) else str(row.quantity)
    held = quantity if security is None else f"{quantity} {security.symbol}"
    within = "" if account is None else f" in {account.name}"
    return f"{held}{within}, {when(row.timestamp, known(row, 'user') or known(account, 'user'))}"
