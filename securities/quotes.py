"""The latest prices of many securities by a few questions: each is the close, so far, of its last day of trading."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from fractions import Fraction
from itertools import batched

from django.core.cache import caches
from django.db import transaction
from django.utils import timezone

from finances.exceptions import FinancesError, InvalidValueError
from finances.local_days import FIRST_INSTANT
from finances.time_zones import zone_of
from securities import batches, derived, ingest, quality, stored, units
from securities.adjustment import LaterSplits
from securities.bars import Bar
from securities.batches import Outcome
from securities.ingest import Ingested
from securities.intake import Intake
from securities.intervals import Interval, instant_of
from securities.models import Security, SecurityPrice
from securities.providers import registry
from securities.providers.protocol import Capability, Quote
from securities.syncs import CurrencyMismatchError, SyncResult

AT_ONCE = 50
# Quotes tell of no split. What moved by more than this since the close before is left to the sync, which knows.
LARGEST_MOVE = Fraction(5, 4)
SEEN_FOR = 7 * 86_400  # seconds


class NoQuoteError(InvalidValueError):
    """There is no price of now, or none that can be believed by itself."""

    code = "no_quote"


def refresh(names: Sequence[str], *, dry_run: bool = False, on_done: Callable[[int], None] = lambda _: None) -> Outcome:
    """Store the latest price of each stored security called one of ``names``; one that fails does not stop the others.

    Raises:
        ProviderError: no provider can be asked; what was stored before that is kept.
    """
    outcome = Outcome(len(names))
    for some in batched(names, AT_ONCE):
        found = {}
        for name in some:
            try:
                found[name] = batches.stored(name)
            except FinancesError as exc:
                outcome.fail(name, exc)
        # no network call inside a transaction
        quotes = ask(sorted({security.symbol for security in found.values()}))
        for name, security in found.items():
            try:
                outcome.add(take(security=security, quote=quotes.get(security.symbol), keep=not dry_run))
            except FinancesError as exc:
                outcome.fail(name, exc)
        on_done(len(some))
    return outcome


def ask(symbols: Sequence[str]) -> dict[str, Quote]:
    """Return the latest prices of those that a provider knows; one question."""
    if not symbols:
        return {}
    _, quotes = registry.ask(Capability.QUOTES, lambda provider: provider.quotes(symbols))
    return quotes


@transaction.atomic
def take(*, security: Security, quote: Quote | None, keep: bool = True) -> SyncResult:
    """Store a quote as the close of its day, with the day's high and low widened to it; an older one changes nothing.

    Raises:
        NoQuoteError: there is none, or no daily prices before it, or it is too far from them to be believed.
        CurrencyMismatchError: it is in another currency.
    """
    security = Security.objects.select_for_update().get(pk=security.pk)
    if quote is None:
        raise NoQuoteError(f"There is no price of {security.symbol} now.")
    currency, factor = units.main_unit(quote.currency)
    if currency != security.currency_id:
        raise CurrencyMismatchError(
            f"{security.symbol} is quoted in {currency or 'no currency'}; its prices are in {security.currency_id}."
        )
    day = day_of(quote, security)
    last = _last_bar(security)
    if last is None:
        raise NoQuoteError(f"There are no daily prices of {security.symbol} yet; sync it first.")
    if last.at > instant_of(day) or quote.at <= _seen_until(security):
        return SyncResult(security, Interval.DAY, ingested=Ingested(unchanged=1))
    bar = Bar(instant_of(day), None, None, None, quote.price * factor, None)
    require_credible(security, bar)
    if last.at == bar.at:
        bar = widened(last, bar)
    if keep:
        caches["default"].set(_key(security), quote.at.isoformat(), timeout=SEEN_FOR)
    ingested = ingest.store(security=security, interval=Interval.DAY, intake=Intake([bar]))
    transaction.set_rollback(not keep)
    return SyncResult(security, Interval.DAY, ingested=ingested)


def day_of(quote: Quote, security: Security) -> date:
    """Return the day of trading that a quote is of, by the exchange's calendar."""
    return quote.at.astimezone(zone_of(security.timezone)).date()


def require_credible(security: Security, bar: Bar) -> None:
    """Let through what can be the price of a day, by itself and by the close of the day before.

    Raises:
        NoQuoteError: it cannot, or it may be that of a split which is not stored yet.
    """
    verdict = quality.examine([bar], now=timezone.now())
    if verdict.held_back:
        raise NoQuoteError(f"The price of {security.symbol} is no price: {verdict.held_back[0].reason}.")
    before = stored.known_close(security, Interval.DAY, before=bar.at)
    if before is None:
        return
    splits = [action for action in derived.stored_actions(security) if action.on <= bar.at.date()]
    expected = Fraction(before.close) / LaterSplits(splits).after(before.day)
    move = Fraction(bar.close) / expected
    if not 1 / LARGEST_MOVE < move < LARGEST_MOVE:
        raise NoQuoteError(
            f"The price of {security.symbol} has changed {float(move):.4g} times; the sync will tell whether it split."
        )


def widened(stored_bar: Bar, latest: Bar) -> Bar:
    """Return the bar of a day with its latest price; what is not known of the day stays unknown."""
    high = None if stored_bar.high is None else max(stored_bar.high, latest.close)
    low = None if stored_bar.low is None else min(stored_bar.low, latest.close)
    return Bar(latest.at, stored_bar.open, high, low, latest.close, stored_bar.volume)


def _seen_until(security: Security) -> datetime:
    """Return the instant of what is stored of the last day: of the last sync, or of a quote that came after it."""
    told = caches["default"].get(_key(security))
    seen = [security.last_synced_at, datetime.fromisoformat(told) if told else None]
    return max((at for at in seen if at is not None), default=FIRST_INSTANT)


def _key(security: Security) -> str:
    return f"quote-of:{security.pk}"


def _last_bar(security: Security) -> Bar | None:
    prices = SecurityPrice.objects.filter(security=security, interval=Interval.DAY)
    row = prices.order_by("-timestamp").values_list(*ingest.COLUMNS).first()
    return None if row is None else Bar(*row)
