"""Writes of several rates at once: entered by a person, or asked of the providers."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import batched

from django.db import transaction

from currencies import rate_upsert
from currencies.conversion import MAX_RATE_AGE
from currencies.models import Currency, CurrencyRate
from currencies.providers import registry
from currencies.providers.protocol import Capability, PublishedTable, RateProvider
from currencies.tally import SyncResult, Tally
from finances.exceptions import (
    InvalidValueError,
    ProviderError,
    ProviderNotFoundError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)

logger = logging.getLogger(__name__)

MANUAL = "manual"
ARCHIVE = "ecb-archive"
HISTORY_PROVIDERS = (ARCHIVE, "ecb")  # what needs no network first, then the days that it lacks
TABLES_A_TRANSACTION = 250  # a year of days: some 8 000 rates
ONE_DAY = timedelta(days=1)


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


def sync_rates(*, base: str, on: date, provider: str | None = None, dry_run: bool = False) -> SyncResult:
    """Store the newest rates of ``base`` that were published on or before ``on``, at most a week before.

    Asks ``provider``, or else the ones that the settings choose, in turn, until one has them. When none can be asked,
    the result is about the rates that are stored already, and is stale. A dry run stores nothing.

    Raises:
        InvalidValueError: there is no such currency or provider.
        ProviderError: nobody has the rates, and none are stored either.
    """
    if not Currency.objects.filter(pk=base).exists():
        raise InvalidValueError(f"There is no currency {base}.", code="unknown_currency", field="base_currency")
    tally = Tally()
    for candidate in _candidates(provider):
        try:
            table = _table_of(candidate, base=base, on=on)
        except ProviderError as exc:
            logger.info("no rates of %s for %s from %s: %s", base, on, candidate.name, exc)
            tally.failures.append(exc)
        else:
            _store((table,), tally, known=_known_codes(), dry_run=dry_run)
            return tally.result(base=base, on=on)
    if provider:
        raise tally.failures[0]
    return _stored_already(tally, base=base, on=on)


def sync_history(
    *,
    since: date,
    until: date,
    provider: str | None = None,
    base: str = "EUR",
    dry_run: bool = False,
    on_progress: Callable[[int], None] = lambda _days: None,
) -> SyncResult:
    """Store all rates that were published from ``since`` to ``until``, newest first, a year of days a transaction.

    Asks ``provider``, or else the ECB's archive and then the ECB itself for the days after it; these know the euro as
    their only base. Doing it again changes nothing, and is quick. ``on_progress`` is told the days dealt with.

    Raises:
        InvalidValueError: there is no such provider.
    """
    tally, known, start = Tally(), _known_codes(), since
    for name in [provider] if provider else HISTORY_PROVIDERS:
        source = registry.by_name(name)
        try:
            published = source.history(base=base, since=start, until=until)
            for tables in batched(published, TABLES_A_TRANSACTION):
                _store(tables, tally, known=known, dry_run=dry_run, is_settled=name == ARCHIVE)
                on_progress((tables[0].on - tables[-1].on).days + 1)
        except ProviderError as exc:
            logger.info("no rates from %s to %s from %s: %s", start, until, name, exc)
            tally.failures.append(exc)
        start = tally.newest.on + ONE_DAY if tally.newest else since
    return tally.result(base=base, on=until)


def _candidates(provider: str | None) -> list[RateProvider]:
    if provider:
        return [registry.by_name(provider)]
    # The archive comes last: it has most of the past, and no need of a network.
    return [*registry.chosen(Capability.LATEST), registry.by_name(ARCHIVE)]


def _table_of(provider: RateProvider, *, base: str, on: date) -> PublishedTable:
    """Return the provider's newest table that counts for ``on``.

    Raises:
        ProviderError: it has none, or none with ``base``.
    """
    oldest = on - min(MAX_RATE_AGE, on - date.min)
    table = provider.latest(base=base) if Capability.LATEST in provider.capabilities else None
    if table is None or table.on > on:
        table = next(iter(provider.history(base=base, since=oldest, until=on)), None)
    if table is None or table.on < oldest:
        raise ProviderNotFoundError(f"{provider.name} has no rates of {on} or the week before.")
    if base != table.base and base not in table.rates:
        raise ProviderNotFoundError(f"{provider.name} does not publish rates of {base}.")
    return table


def _known_codes() -> frozenset[str]:
    return frozenset(Currency.objects.values_list("code", flat=True))


def _store(
    tables: Sequence[PublishedTable],
    tally: Tally,
    *,
    known: Collection[str],
    dry_run: bool,
    is_settled: bool = False,
) -> None:
    """Store ``tables`` in one transaction; those ``is_settled``, which never change, only when some are missing."""
    rows = tally.take(tables, known=known)
    if is_settled and _are_stored(tables, len(rows)):
        return
    with transaction.atomic():
        tally.changed_count += rate_upsert.upsert(rows)
        transaction.set_rollback(dry_run)


def _are_stored(tables: Sequence[PublishedTable], count: int) -> bool:
    newest, oldest = tables[0], tables[-1]
    stored = CurrencyRate.objects.filter(base_id=newest.base, date__range=(oldest.on, newest.on))
    return stored.filter(source=newest.source).count() >= count


def _stored_already(tally: Tally, *, base: str, on: date) -> SyncResult:
    """Fall back on what is stored when no provider helped.

    Raises:
        ProviderError: nothing is; rather the error of a provider that may help later.
    """
    newest = CurrencyRate.objects.newest_dates(base, on)[0]
    if newest is None:
        passing = (ProviderRateLimitedError, ProviderUnavailableError)
        raise next((failure for failure in tally.failures if isinstance(failure, passing)), tally.failures[0])
    return tally.stale_result(base=base, on=newest)
