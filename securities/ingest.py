"""Writing prices and actions in bulk: the same rows whether PostgreSQL copies and merges, or Django creates."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from finances import money
from securities import derived
from securities.actions import ACTION_PLACES, Action
from securities.bars import Bar
from securities.intake import Intake
from securities.intervals import Interval, instant_of
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice

# From so many rows on, COPY and merge are faster than INSERT … VALUES (benchmarks/ingest.py).
COPY_ROWS = 500
COPY_CHUNK = 10_000
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")
VALUES = COLUMNS[1:]


class Ingested(NamedTuple):
    """How many rows are new, changed, and as they were."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def written(self) -> int:
        """Return how many rows were written."""
        return self.inserted + self.updated

    @property
    def total(self) -> int:
        """Return how many rows are now as the source has them."""
        return self.written + self.unchanged


@transaction.atomic
def store(*, security: Security, interval: Interval, intake: Intake) -> Ingested:
    """Store the bars and actions of ``intake`` and keep what was held back: all of it or nothing.

    Brings the security's version and its steps of adjustment up to date. The caller holds the security's lock.
    """
    is_new_action = store_actions(security=security, actions=intake.actions)
    ingested = store_prices(security=security, interval=interval, bars=intake.bars)
    quarantine(security=security, interval=interval, intake=intake)
    if is_new_action or ingested.written:
        derived.refresh(security)
    return ingested


@transaction.atomic
def store_prices(*, security: Security, interval: Interval, bars: Sequence[Bar]) -> Ingested:
    """Store ``bars``, as traded and in whole units; a bar that is there already is brought up to date.

    One time stamp occurs once in ``bars``. Prices are rounded to the ten places of their columns.
    """
    rows = [bar.as_stored() for bar in bars]
    if connection.vendor == "postgresql" and len(rows) >= COPY_ROWS:
        return _copy_and_merge(security, interval, rows)
    return _create_or_update(security, interval, rows)


def _create_or_update(security: Security, interval: Interval, rows: Sequence[Bar]) -> Ingested:
    if not rows:
        return Ingested()
    stored = stored_bars(security, interval, [row.at for row in rows])
    changed = [row for row in rows if stored.get(row.at) != row]
    SecurityPrice._meta.base_manager.bulk_create(  # `derived.refresh` counts once for all
        [SecurityPrice(security=security, interval=interval, **_values(row)) for row in changed],
        update_conflicts=True,
        unique_fields=["security", "interval", "timestamp"],
        update_fields=VALUES,
    )
    updated = sum(row.at in stored for row in changed)
    return Ingested(len(changed) - updated, updated, len(rows) - len(changed))


def stored_bars(security: Security, interval: Interval, instants: Collection[datetime]) -> dict[datetime, Bar]:
    """Return what is stored between the first and the last of ``instants``, of which there is one; one query."""
    stored = SecurityPrice.objects.filter(
        security=security, interval=interval, timestamp__range=(min(instants), max(instants))
    )
    return {row[0]: Bar(*row) for row in stored.order_by().values_list(*COLUMNS)}


def _values(row: Bar) -> dict[str, Any]:
    return dict(zip(COLUMNS, row, strict=True))


INCOMING = """
CREATE TEMPORARY TABLE incoming_prices (
    "timestamp" timestamptz NOT NULL, open numeric, high numeric, low numeric, close numeric NOT NULL, volume bigint
) ON COMMIT DROP
"""
COPY = 'COPY incoming_prices ("timestamp", open, high, low, close, volume) FROM STDIN'
# What has not changed is left out before the conflict is looked for: that is what makes a second run cheap.
MERGE = """
WITH merged AS (
    INSERT INTO securities_securityprice AS stored
        (security_id, interval, "timestamp", open, high, low, close, volume)
    SELECT %(security)s, %(interval)s, incoming."timestamp", incoming.open, incoming.high, incoming.low,
           incoming.close, incoming.volume
    FROM incoming_prices AS incoming
    LEFT JOIN securities_securityprice AS present
        ON present.security_id = %(security)s AND present.interval = %(interval)s
        AND present."timestamp" = incoming."timestamp"
    WHERE (present.open, present.high, present.low, present.close, present.volume)
        IS DISTINCT FROM (incoming.open, incoming.high, incoming.low, incoming.close, incoming.volume)
    ON CONFLICT (security_id, interval, "timestamp") DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume
        WHERE (stored.open, stored.high, stored.low, stored.close, stored.volume)
            IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
    RETURNING stored.xmax
)
SELECT count(*) FILTER (WHERE xmax = 0), count(*) FILTER (WHERE xmax <> 0) FROM merged
"""


def _copy_and_merge(security: Security, interval: Interval, rows: Sequence[Bar]) -> Ingested:
    """Copy into a temporary table and merge from there."""
    with connection.cursor() as cursor:
        cursor.execute(INCOMING)
        with cursor.copy(COPY) as copy:
            for block in _blocks(rows):
                copy.write(block)
        cursor.execute(MERGE, {"security": security.pk, "interval": interval.value})
        inserted, updated = cursor.fetchone()
        cursor.execute("DROP TABLE incoming_prices")  # a second call in this transaction makes its own
    return Ingested(inserted, updated, len(rows) - inserted - updated)


def _blocks(rows: Sequence[Bar]) -> Iterator[str]:
    r"""Yield ``rows`` in PostgreSQL's text format, where ``\N`` is null."""
    for some in itertools.batched(rows, COPY_CHUNK):
        yield "".join(["\t".join([r"\N" if value is None else str(value) for value in row]) + "\n" for row in some])


# ---- Splits and dividends ----


@transaction.atomic
def store_actions(*, security: Security, actions: Sequence[Action]) -> bool:
    """Store splits and dividends as traded; tell whether that changed anything.

    A dividend in a currency that is not among ours is left out: its amount would say nothing.
    """
    stored = {(row.kind, row.date): row for row in SecurityAction.objects.filter(security=security)}
    known = currencies_of(action.currency for action in actions)
    rows = []
    for action in actions:
        if action.currency is not None and action.currency not in known:
            continue
        value = money.rounded(action.value, decimal_places=ACTION_PLACES)
        present = stored.get((action.kind, action.on))
        if value > 0 and (present is None or (present.value, present.currency_id) != (value, action.currency)):
            rows.append(
                SecurityAction(
                    security=security, kind=action.kind, date=action.on, value=value, currency_id=action.currency
                )
            )
    SecurityAction._meta.base_manager.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["security", "kind", "date"],
        update_fields=["value", "currency", "updated_at"],
    )
    return bool(rows)


def currencies_of(codes: Any) -> set[str]:
    """Return which of ``codes`` are currencies of ours."""
    from currencies.models import Currency

    wanted = {code for code in codes if code}
    return set(Currency.objects.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()


# ---- What was held back ----


def quarantine(*, security: Security, interval: Interval, intake: Intake) -> None:
    """Keep what was held back, and forget what has been told rightly since."""
    records = [
        QuarantinedRecord(
            security=security, subject="price", interval=interval, timestamp=held.bar.at, reason=held.reason,
            detail=_described(held.bar),
        )
        for held in intake.held_back_bars
    ] + [
        QuarantinedRecord(
            security=security, subject=held.action.kind, interval="", timestamp=instant_of(held.action.on),
            reason=held.reason, detail=f"{held.action.value} {held.action.currency or ''}".strip(),
        )
        for held in intake.held_back_actions
    ]  # fmt: skip
    unique = {(row.subject, row.timestamp): row for row in records}
    if intake.bars:
        instants = [bar.at for bar in intake.bars]
        QuarantinedRecord.objects.filter(
            security=security, subject="price", interval=interval, timestamp__range=(min(instants), max(instants))
        ).delete()
    QuarantinedRecord.objects.bulk_create(
        unique.values(),
        update_conflicts=True,
        unique_fields=["security", "subject", "interval", "timestamp"],
        update_fields=["reason", "detail", "found_at"],
    )


def _described(bar: Bar) -> str:
    names = ("open", "high", "low", "close", "volume")
    return ", ".join(f"{name} {value}" for name, value in zip(names, bar[1:], strict=True) if value is not None)[:300]
