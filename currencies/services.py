"""Writes of several rates at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from currencies.models import Currency, CurrencyRate
from finances.exceptions import InvalidValueError

MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of a sync: the day is the one that the source gives."""

    base_currency: str
    date: date
    synced_count: int
    failed_count: int
    message: str


@transaction.atomic
def enter_rates(*, base: Currency, on: date, rates: Mapping[str, Decimal]) -> SyncResult:
    """Store rates that a person entered: units of each currency for one ``base``. All of them or none.

    A rate that is there already for the pair and day is replaced, and no sync replaces one of these.

    Raises:
        InvalidValueError: a code is unknown, or is the base itself.
    """
    targets = Currency.objects.in_bulk(rates)
    for code in rates:
        if code not in targets or code == base.pk:
            reason = "is the base itself" if code == base.pk else "is no currency that is known here"
            raise InvalidValueError(f"{code} {reason}.", code="unknown_currency", field=f"rates.{code}")
    CurrencyRate.objects.bulk_create(
        [
            CurrencyRate(base=base, target=targets[code], date=on, rate=rate, source=MANUAL)
            for code, rate in rates.items()
        ],
        update_conflicts=True,
        unique_fields=["base", "target", "date"],
        update_fields=["rate", "source", "updated_at"],
    )
    return SyncResult(base.pk, on, len(rates), 0, f"{len(rates)} rates of {base.pk} entered for {on}.")
