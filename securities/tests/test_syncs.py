"""Syncs against a provider that is a plug-in of its own: see `securities.tests.shelf`."""

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from finances.exceptions import ProviderNotFoundError, ProviderOutOfRangeError, ProviderUnavailableError
from securities import syncs
from securities.intervals import Interval
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice
from securities.providers.protocol import Limit
from securities.syncs import CurrencyMismatchError, SyncRunningError
from securities.tests.shelf import at, dividend, split
from securities.tests.syncing import closes, security, sync

__all__ = ["security"]
pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)


def test_the_first_sync_stores_everything(shelf, security):
    shelf.put("ACME", closes=[100, 101, 102], actions=[dividend("2026-03-04", 1)])

    result = sync(security)

    assert closes() == [100, 101, 102]
    assert result.message == "3 prices of ACME synced, 3 of them new."
    security.refresh_from_db()
    assert (security.currency_id, security.timezone) == ("USD", "America/New_York")
    assert security.last_synced_at == at("2026-03-13T22:00")
    assert security.sync_started_at is None
    assert SecurityAction.objects.get().value == 1


def test_the_next_sync_asks_for_the_end_only(shelf, security):
    shelf.put("ACME", closes=range(100, 110))
    sync(security)
    shelf.put("ACME", closes=range(100, 115))

    result = sync(security, on="2026-03-20")

    assert shelf.asked("history")[1] == ("ACME", Interval.DAY, date(2026, 3, 6), date(2026, 3, 21))
    assert (result.ingested.inserted, result.ingested.updated, result.ingested.unchanged) == (5, 0, 6)
    assert len(closes()) == 15


def test_the_last_bar_was_partial_and_is_corrected(shelf, security):
    shelf.put("ACME", closes=[100, 101, 102])
    sync(security)
    shelf.put("ACME", closes=[100, 101, 120, 121])

    result = sync(security)

    assert (result.ingested.updated, result.problem) == (1, "")
    assert closes() == [100, 101, 120, 121]


def test_an_earlier_start_is_filled_in(shelf, security):
    shelf.put("ACME", closes=range(100, 110))
    sync(security, since=date(2026, 3, 9))
    assert len(closes()) == 5

    sync(security, since=MONDAY)

    assert len(closes()) == 10
    assert shelf.asked("history")[1][2:] == (MONDAY, date(2026, 3, 9))


def test_minutes_are_fetched_window_by_window(shelf, security):
    shelf.limits[Interval.HOUR] = Limit(days_back=10, days_per_request=4)
    shelf.put("ACME", closes=[100] * 24 * 5, interval=Interval.HOUR, first=date(2026, 3, 9))

    sync(security, interval=Interval.HOUR)

    assert [call[2:] for call in shelf.asked("history")] == [
        (date(2026, 3, 3), date(2026, 3, 7)),
        (date(2026, 3, 7), date(2026, 3, 11)),
        (date(2026, 3, 11), date(2026, 3, 14)),
    ]
    assert len(closes()) == 120


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (date(2020, 1, 1), " The shelf keeps prices by 1h for 10 days; older ones cannot be had."),
        (date(2026, 3, 3), ""),
        (None, ""),
    ],
)
def test_what_is_asked_for_and_nobody_keeps_any_more_is_said(shelf, security, since, told):
    shelf.limits[Interval.HOUR] = Limit(days_back=10)
    shelf.put("ACME", closes=[100] * 24, interval=Interval.HOUR, first=date(2026, 3, 9))

    result = sync(security, interval=Interval.HOUR, since=since)

    assert result.message == f"24 prices of ACME synced, 24 of them new.{told}"


def test_an_interval_that_nobody_keeps_is_refused(shelf, security):
    shelf.put("ACME")
    del shelf.limits[Interval.MINUTE]

    with pytest.raises(ProviderOutOfRangeError, match="The shelf has no prices by 1m"):
        sync(security, interval=Interval.MINUTE)


def test_pence_become_pounds(shelf, security):
    shelf.put("ACME", closes=["1455", "1460"], currency="GBp", actions=[dividend("2026-03-03", "12.5")])

    sync(security)

    security.refresh_from_db()
    assert (closes(), security.currency_id) == ([14.55, 14.6], "GBP")
    assert SecurityAction.objects.get().value == Decimal("0.125")


def test_prices_in_another_currency_are_refused(shelf, security):
    shelf.put("ACME", closes=[100, 101], currency="EUR")
    Security.objects.update(currency="USD")

    with pytest.raises(CurrencyMismatchError, match="come in EUR; the stored ones are in USD"):
        sync(security)

    assert closes() == []
    assert Security.objects.get().sync_started_at is None


# ---- Splits ----


def test_a_split_leaves_old_rows_as_they_are_and_the_adjusted_series_continuous(shelf, security):
    traded = [400 + day for day in range(10)]
    shelf.put("ACME", closes=traded)
    sync(security)
    before = list(SecurityPrice.objects.order_by("timestamp").values())
    shelf.put("ACME", closes=[*traded, 103, 104], actions=[split("2026-03-16", 4)])

    result = sync(security, on="2026-03-17")

    assert (result.problem, result.ingested.updated) == ("", 0)
    assert list(SecurityPrice.objects.order_by("timestamp").values())[:10] == before
    assert closes() == [*traded, 103, 104]
    assert len(shelf.asked("history")) == 2
    security.refresh_from_db()
    assert security.adjustments == [["2026-03-16", "0.25", "0.25"]]


def test_a_split_before_the_first_sync_is_put_back(shelf, security):
    shelf.put("ACME", closes=[400, 404, 101, 102], actions=[dividend("2026-03-03", 4), split("2026-03-04", 4)])

    sync(security)

    assert closes() == [400, 404, 101, 102]
    assert SecurityAction.objects.get(kind="dividend").value == 4


def test_a_split_that_nobody_told_stops_the_sync_and_keeps_what_is_stored(shelf, security):
    traded = [400 + day for day in range(10)]
    shelf.put("ACME", closes=traded)
    sync(security)
    item = shelf.put("ACME", closes=[*traded, 103])
    item.secret_splits = [split("2026-03-16", 4)]

    result = sync(security, on="2026-03-17")

    assert closes() == traded
    assert result.ingested.total == 0
    assert "are 0.25 times the stored ones and no split explains it" in result.problem
    assert set(QuarantinedRecord.objects.values_list("reason", flat=True)) == {"unexplained_jump"}
    security.refresh_from_db()
    assert security.sync_problem == result.problem
    assert shelf.asked("history")[-1][2] == MONDAY  # all was fetched again before giving up


def test_the_sync_goes_on_once_the_split_is_told(shelf, security):
    traded = [400 + day for day in range(10)]
    shelf.put("ACME", closes=traded)
    sync(security)
    item = shelf.put("ACME", closes=[*traded, 103])
    item.secret_splits = [split("2026-03-16", 4)]
    sync(security, on="2026-03-17")
    item.secret_splits, item.actions = [], [split("2026-03-16", 4)]

    result = sync(security, on="2026-03-18")

    assert closes() == [*traded, 103]
    security.refresh_from_db()
    assert (result.problem, security.sync_problem) == ("", "")
    assert not QuarantinedRecord.objects.exists()


def test_a_change_of_unit_is_held_back(shelf, security):
    shelf.put("ACME", closes=[100] * 10)
    sync(security)
    shelf.put("ACME", closes=[10_000] * 11)

    result = sync(security, on="2026-03-17")

    assert closes() == [100] * 10
    assert "unit mistake" in result.problem


def test_old_splits_are_learnt_when_prices_came_from_a_file(shelf, security):
    shelf.put("ACME", closes=[400] * 3 + [100] * 30, actions=[split("2026-03-05", 4)])
    SecurityPrice.objects.create(security=security, timestamp=at("2026-03-02"), close=400)
    SecurityPrice.objects.create(security=security, timestamp=at("2026-04-06"), close=100)

    sync(security, on="2026-04-10")

    security.refresh_from_db()
    assert security.adjustments == [["2026-03-05", "0.25", "0.25"]]


# ---- Failures and claims ----


@pytest.mark.parametrize("failure", [ProviderUnavailableError("It is away."), RuntimeError("a fault of ours")])
def test_a_failure_changes_nothing_and_frees_the_security(shelf, security, failure):
    shelf.put("ACME", closes=[100])
    shelf.failure = failure

    with pytest.raises(type(failure)):
        sync(security)

    security.refresh_from_db()
    assert (closes(), security.is_syncing, security.last_synced_at) == ([], False, None)


def test_a_security_that_nobody_knows_any_more_is_marked_and_kept(shelf, security):
    shelf.put("ACME", closes=[100, 101])
    sync(security)
    shelf.items.clear()

    with pytest.raises(ProviderNotFoundError):
        sync(security, on="2026-03-16")

    security.refresh_from_db()
    assert security.unknown_since == at("2026-03-16T22:00")
    assert len(closes()) == 2


def test_a_second_sync_meanwhile_is_refused(shelf, security):
    shelf.put("ACME", closes=[100])
    refusals = []

    def sync_again():
        with pytest.raises(SyncRunningError) as refusal:
            syncs.sync_security(security=security)
        refusals.append(refusal.value.code)

    shelf.during_history = sync_again

    sync(security)

    assert refusals == ["sync_running"]
    assert closes() == [100]


def test_a_sync_that_died_frees_the_security_after_ten_minutes(shelf, security):
    shelf.put("ACME", closes=[100])
    Security.objects.update(sync_started_at=at("2026-03-13T21:50:01"))
    with pytest.raises(SyncRunningError):
        sync(security)

    Security.objects.update(sync_started_at=at("2026-03-13T21:49:59"))

    assert sync(security).ingested.inserted == 1


def test_a_sync_that_another_took_over_stores_nothing(shelf, security):
    shelf.put("ACME", closes=[100])
    theirs = timezone.now() + timedelta(days=1)
    shelf.during_history = lambda: Security.objects.update(sync_started_at=theirs)

    with pytest.raises(SyncRunningError, match="took too long"):
        sync(security)

    assert closes() == []
    assert Security.objects.get().sync_started_at == theirs


def test_a_dry_run_tells_what_would_be_and_keeps_nothing(shelf, security):
    shelf.put("ACME", closes=[100, 101])

    result = sync(security, dry_run=True)

    assert result.ingested.inserted == 2
    security.refresh_from_db()
    assert (closes(), security.prices_version, security.last_synced_at, security.is_syncing) == ([], 0, None, False)


KILLED = """
import os, django
django.setup()
from securities import ingest, syncs
from securities.models import Security
from securities.providers import registry
from securities.tests import shelf
provider = registry.by_name(shelf.PATH)
provider.put("ACME", closes=range(100, 1100))
store = ingest.store_prices
def store_and_die(**given):
    store(**given)
    os.kill(os.getpid(), 9)
ingest.store_prices = store_and_die
syncs.sync_security(security=Security.objects.get(symbol="ACME"))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a second process needs the same database")
def test_a_process_killed_in_the_middle_leaves_no_half_series(shelf, security, settings):
    import os

    database = connection.settings_dict
    address = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_ENV": "test",
        "PRICE_PROVIDERS": "securities.tests.shelf.Shelf",
    }
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"

    died = subprocess.run([sys.executable, "-c", KILLED], env=environment, cwd=settings.BASE_DIR, check=False)  # noqa: S603

    assert died.returncode == -9
    assert closes() == []
    assert Security.objects.get().is_syncing
    shelf.put("ACME", closes=range(100, 1100))
    Security.objects.update(sync_started_at=timezone.now() - timedelta(minutes=11))
    with time_machine.travel("2030-12-31T00:00:00Z", tick=False):
        assert syncs.sync_security(security=security).ingested.inserted == 1000
