"""Writes of many rates or currencies at once: entered by a person, asked of the providers, or new in ISO 4217."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import batched

from django.db import transaction
from django.utils import timezone

from currencies import conversion, iso4217, rate_days, rate_upsert, sources
from currencies.conversion import MAX_RATE_AGE
from currencies.models import Currency, CurrencyRate
from currencies.providers import registry
from currencies.providers.protocol import Capability, PublishedTable, RateProvider
from currencies.rate_upsert import Row
from currencies.tally import SyncResult, Tally
from finances.exceptions import (
    InvalidValueError,
    ProviderError,
    ProviderNotFoundError,
    ProviderRateLimitedError,
    ProviderUnavailableError,
)

HISTORY_PROVIDERS = (registry.ARCHIVE.name, "ecb")  # what needs no network first, then the days that it lacks
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CurrenciesResult:
    """The codes of the currencies that were added, and of those that turned out to have ended."""

    added: tuple[str, ...]
    ended: tuple[str, ...]


@transaction.atomic
def enter_rates(*, base: Currency, on: date, rates: Mapping[str, Decimal]) -> SyncResult:
    """Store rates that a person entered: units of each currency for one ``base``. All of them or none.

    A rate that is there already for the pair and day is replaced, and no sync replaces one of these.

    Raises:
        InvalidValueError: a code is unknown, is the base itself, or is of a currency that the euro has replaced by
            then; the rate of such a one is fixed.
    """
    _require_not_replaced(base.pk, on=on, field="base_currency")
    known = Currency.objects.in_bulk(rates)
    for code in rates:
        field = f"rates.{code}"
        if code not in known or code == base.pk:
            reason = "is the base itself" if code == base.pk else "is no currency that is known here"
            raise InvalidValueError(f"{code} {reason}.", code="unknown_currency", field=field)
        _require_not_replaced(code, on=on, field=field)
    changed = rate_upsert.upsert(Row(base.pk, code, on, rate, sources.MANUAL) for code, rate in rates.items())
    return SyncResult(base.pk, on, len(rates), 0, f"{len(rates)} rates of {base.pk} entered for {on}.", changed)


def _require_not_replaced(code: str, *, on: date, field: str) -> None:
    if conversion.is_replaced(code, on=on):
        message = f"The euro has replaced {code} by {on}, and its rate is fixed for ever."
        raise InvalidValueError(message, code="replaced_currency", field=field)


def sync_rates(*, base: str, on: date, provider: str | None = None, dry_run: bool = False) -> SyncResult:
    """Store the newest rates of ``base`` that were published on or before ``on``, at most a week before.

    Asks ``provider``, or else the ones that the settings choose, in turn, until one has them. When none can be asked,
    the result is about the rates that are stored already, and is stale. A dry run stores nothing.

    Raises:
        InvalidValueError: there is no such currency or provider.
        ProviderError: nobody has the rates, and none are stored either.
    """
    require_currency(base)
    tally = Tally()
    for candidate in _candidates(provider):
        try:
            table = _table_of(candidate, base=base, on=on)
        except ProviderError as exc:
            tally.failures.append(exc)
        else:
            _store((table,), tally, known=_known_codes(), dry_run=dry_run)
            return tally.result(base=base, on=on)
    if provider:
        raise tally.failures[0]
    return _stored_already(tally, base=base, on=on)


def require_currency(code: str) -> None:
    """Refuse a currency that is not stored.

    Raises:
        InvalidValueError: there is none of this ``code``.
    """
    if not Currency.objects.filter(pk=code).exists():
        raise InvalidValueError(f"There is no currency {code}.", code="unknown_currency", field="base_currency")


def catch_up(*, base: str, on: date, provider: str | None = None, dry_run: bool = False) -> list[SyncResult]:
    """Store the newest rates as ``sync_rates`` does, and before them those of the days that were missed, if any.

    Raises:
        InvalidValueError, ProviderError: as ``sync_rates`` does; what was missed and had is stored all the same.
    """
    require_currency(base)
    # First, for once the newest rates are here, only longer holes before them are seen.
    missed = sync_missed(base=base, on=on, provider=provider, dry_run=dry_run)
    newest = sync_rates(base=base, on=on, provider=provider, dry_run=dry_run)
    return [newest, missed] if missed else [newest]


def sync_missed(*, base: str, on: date, provider: str | None = None, dry_run: bool = False) -> SyncResult | None:
    """Store all that a provider published since the days that were missed, if any: see ``_missed_since``.

    Asks ``provider``, or else the ones that the settings choose, in turn; of either only who gives all days by one
    question. They are stored oldest first, some days a transaction, so that a later run goes on where this one ended.

    Raises:
        InvalidValueError: there is no such provider.
    """
    tally, known, missed_since = Tally(), _known_codes(), None
    for source in _range_providers(provider):
        since = _missed_since(source, on=on)
        if since is None:
            continue
        missed_since = missed_since or since
        try:
            tables = sorted(source.history(base=base, since=since, until=on), key=lambda table: table.on)
        except ProviderError as exc:
            tally.failures.append(exc)
            continue
        for some in batched(tables, source.days_a_batch):
            _store(some[::-1], tally, known=known, dry_run=dry_run)
    if missed_since is None:
        return None
    result = tally.result(base=base, on=on)
    return replace(result, summary=f"Days were missed since {missed_since}: {result.summary}")


def sync_history(
    *,
    since: date,
    until: date,
    provider: str | None = None,
    base: str = "EUR",
    dry_run: bool = False,
    on_progress: Callable[[int], None] = lambda _days: None,
) -> SyncResult:
    """Store all rates that were published from ``since`` to ``until``, newest first, some days a transaction.

    Asks ``provider``, or else the ECB's archive and then the ECB itself for the days after it; these know the euro as
    their only base. Doing it again changes nothing, and is quick. What a provider gave before it failed is stored.
    ``on_progress`` is told the days dealt with.

    Raises:
        InvalidValueError: there is no such provider.
    """
    tally, known, start = Tally(), _known_codes(), since
    for name in [provider] if provider else HISTORY_PROVIDERS:
        source = registry.by_name(name)
        try:
            published = source.history(base=base, since=start, until=until)
            for tables in _batches(published, source.days_a_batch):
                _store(tables, tally, known=known, dry_run=dry_run, is_settled=name == registry.ARCHIVE.name)
                on_progress((tables[0].on - tables[-1].on).days + 1)
        except ProviderError as exc:
            tally.failures.append(exc)
        start = tally.newest.on + ONE_DAY if tally.newest else since
    return tally.result(base=base, on=until)


def is_archive_loaded() -> bool:
    """Tell whether the ECB's archive is stored, by its newest and its oldest day, and one of each transaction between.

    Raises:
        ProviderError: the archive is not installed.
    """
    days = registry.ARCHIVE.days()
    probes = {*days[:: registry.ARCHIVE.days_a_batch], days[-1]}
    stored = CurrencyRate.objects.filter(base_id="EUR", target_id="USD", date__in=probes)
    return stored.filter(source__in=sources.at_least(registry.ARCHIVE.source)).count() == len(probes)


@transaction.atomic
def sync_currencies() -> CurrenciesResult:
    """Add the currencies that ISO 4217 has and we lack, and mark the ones that ended as no longer in use.

    Names, symbols and digits stay as they are, since a superuser may have changed them; so does whatever is no
    currency of ISO 4217's, past or present.
    """
    known = {currency.pk: currency for currency in Currency.objects.all()}
    active, ended = iso4217.active_currencies(), iso4217.ended_currencies()
    missing = [Currency(**facts._asdict()) for facts in active if facts.code not in known]
    missing += [Currency(**facts._asdict(), is_active=False) for facts in ended if facts.code not in known]
    Currency.objects.bulk_create(missing, ignore_conflicts=True)
    in_use = {facts.code for facts in active}
    over = [code for code, row in known.items() if row.is_active and code not in in_use and iso4217.has_been(code)]
    if over:
        Currency.objects.filter(pk__in=over).update(is_active=False, updated_at=timezone.now())
    return CurrenciesResult(added=tuple(sorted(row.pk for row in missing)), ended=tuple(sorted(over)))


def _batches(tables: Iterable[PublishedTable], size: int) -> Iterator[list[PublishedTable]]:
    """Yield ``tables`` in lists of ``size``, and what there is before an error goes on its way."""
    batch: list[PublishedTable] = []
    try:
        for table in tables:
            batch.append(table)
            if len(batch) == size:
                yield batch
                batch = []
    except ProviderError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _candidates(provider: str | None) -> list[RateProvider]:
    if provider:
        return [registry.by_name(provider)]
    # The archive comes last: it has most of the past, and no need of a network.
    return [*registry.chosen(Capability.LATEST), registry.ARCHIVE]


def _range_providers(provider: str | None) -> list[RateProvider]:
    candidates = [registry.by_name(provider)] if provider else registry.chosen(Capability.RANGE)
    return [candidate for candidate in candidates if Capability.RANGE in candidate.capabilities]


def holes(*, until: date) -> list[rate_days.Hole]:
    """Return where no rate counts for days of the last weeks, though there are newer ones."""
    start = until - rate_days.LOOKED_BACK
    last_before = CurrencyRate.objects.newest_published_day(until=start)
    days = CurrencyRate.objects.published_days(since=last_before or start, until=until)
    return rate_days.holes(days, since=start)


def _missed_since(source: RateProvider, *, on: date) -> date | None:
    """Return the day before what was missed: the newest one of ``source``, or an earlier one that a hole comes after.

    Somebody may have asked for a newer day alone, or the days before it could not be had.
    """
    if found := holes(until=on):
        return found[0].after
    newest = CurrencyRate.objects.newest_day_of(source.source, until=on)
    if newest is None:
        return None
    days = CurrencyRate.objects.published_days(since=newest, until=on)
    return newest if rate_days.is_any_missed(days, after=newest, until=on) else None


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
    return stored.filter(source__in=sources.at_least(newest.source)).count() >= count


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
