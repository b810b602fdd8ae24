"""Forgetting old prices by the minute and the hour."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from securities.models import Security, SecurityPrice
from securities.tests.factories import SecurityFactory


@pytest.fixture
def stored(db):
    """Two securities with bars of a minute, an hour and a day, ten and a hundred days ago; one with a day's."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    both, days = SecurityFactory.create_batch(2), SecurityFactory()
    bars = [(each, interval, age) for each in both for interval in ("1m", "1h", "1d") for age in (10, 100)]
    SecurityPrice.objects.bulk_create(
        SecurityPrice(security=security, interval=interval, timestamp=today - timedelta(days=age), close=5)
        for security, interval, age in [*bars, (days, "1d", 100)]
    )
    return both


def kept(interval):
    now = timezone.now()
    return sorted(
        (now - at).days for at in SecurityPrice.objects.filter(interval=interval).values_list("timestamp", flat=True)
    )


def trim(**options):
    said = StringIO()
    call_command("trim_prices", stdout=said, **options)
    return said.getvalue().strip()


def test_without_a_setting_everything_stays(stored):
    said = trim()

    assert said == "All prices are kept: KEEP_MINUTE_PRICES and KEEP_HOURLY_PRICES are 0."
    assert SecurityPrice.objects.count() == 13


def test_bars_go_after_the_days_that_the_settings_name_and_no_others(stored, settings):
    settings.KEPT_PRICES = {"1m": 60, "1h": 0}

    said = trim()

    assert said == "Deleted: 2 bars of 1m of 2 securities, older than 60 days."
    assert (kept("1m"), kept("1h"), kept("1d")) == ([10, 10], [10, 10, 100, 100], [10, 10, 100, 100, 100])


def test_an_interval_can_be_named_and_only_securities_that_lost_bars_have_another_version(stored):
    before = dict(Security.objects.values_list("pk", "prices_version"))

    said = trim(interval="1h", older_than=7)

    assert said == "Deleted: 4 bars of 1h of 2 securities, older than 7 days."
    after = dict(Security.objects.values_list("pk", "prices_version"))
    assert {key for key in after if after[key] != before[key]} == {security.pk for security in stored}


def test_a_dry_run_counts_only(stored):
    said = trim(interval="1m", older_than=60, dry_run=True)

    assert said.startswith("Dry run, nothing is kept: Deleted: 2 bars of 1m of 2 securities")
    assert SecurityPrice.objects.count() == 13


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"interval": "1m"}, "--interval and --older-than go together"),
        ({"older_than": 60}, "--interval and --older-than go together"),
        ({"interval": "1m", "older_than": 6}, "At least 7 days are kept"),
        ({"interval": "1m", "older_than": -1}, "At least 7 days are kept"),
    ],
)
def test_what_would_delete_too_much_is_refused(stored, options, told):
    with pytest.raises(CommandError, match=told):
        trim(**options)

    assert SecurityPrice.objects.count() == 13
