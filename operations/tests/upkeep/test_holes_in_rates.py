"""The doctor finds days without rates that lie between days with some."""

from datetime import date

import pytest

from accounts.tests.factories import AccountFactory
from currencies.tests.factories import CurrencyRateFactory
from operations.doctor import freshness
from operations.doctor.findings import ok, warning

# A Sunday, and the newest rates of its Friday.
SUNDAY, NEWEST = "2026-11-29 12:00Z", date(2026, 11, 27)
FRESH = ok("The 2 currencies in use have fresh rates.")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_currencies(time_machine):
    time_machine.move_to(SUNDAY)
    AccountFactory(currency_id="USD", user__base_currency_id="CAD")
    published(NEWEST)


def published(*days, source="ecb"):
    for day in days:
        CurrencyRateFactory(target_id="CAD", date=day, source=source)
        CurrencyRateFactory(target_id="USD", date=day, source=source)


def hole(told, *, since):
    return warning(
        f"No rate counts for days between others, so figures of these are incomplete: {told}.",
        f"Run `manage.py sync_rates --since {since}`.",
    )


def test_the_days_between_the_archive_and_today_are_a_hole():
    published(date(2026, 10, 30))

    assert list(freshness.check_rates()) == [FRESH, hole("2026-11-07 to 2026-11-26", since="2026-10-30")]


def test_every_hole_is_named_and_one_remedy_mends_all():
    published(date(2026, 10, 12), date(2026, 10, 21), date(2026, 10, 22), date(2026, 11, 4), date(2026, 11, 19))

    assert list(freshness.check_rates()) == [
        FRESH,
        hole("2026-10-20, 2026-10-30 to 2026-11-03, 2026-11-12 to 2026-11-18", since="2026-10-12"),
    ]


@pytest.mark.parametrize(
    "before",
    [
        date(2026, 11, 19),  # the week after it counts on it, to the last day before the newest
        date(2026, 11, 20),
    ],
)
def test_days_for_which_an_older_rate_counts_are_none(before):
    published(before)

    assert list(freshness.check_rates()) == [FRESH]


def test_a_weekend_alone_is_none():
    published(date(2026, 11, 6), date(2026, 11, 16), date(2026, 11, 23))

    # 2026-11-14 and 15 are more than seven days after a Friday, and nobody works on them.
    assert list(freshness.check_rates()) == [FRESH]


def test_a_hole_that_begins_long_ago_is_told_for_the_last_sixty_days():
    published(date(2025, 1, 6))

    assert list(freshness.check_rates()) == [FRESH, hole("2026-09-30 to 2026-11-26", since="2025-01-06")]


def test_one_that_ended_before_them_is_not_told():
    published(date(2025, 1, 6), date(2026, 9, 30), *(date(2026, 10, day) for day in (7, 14, 21, 28)))
    published(date(2026, 11, 4), date(2026, 11, 11), date(2026, 11, 18), date(2026, 11, 25))

    assert list(freshness.check_rates()) == [FRESH]


def test_before_the_first_rates_there_is_none():
    assert list(freshness.check_rates()) == [FRESH]


def test_what_a_person_entered_for_a_day_does_not_fill_it():
    published(date(2026, 10, 30))
    published(date(2026, 11, 6), date(2026, 11, 13), date(2026, 11, 20), source="manual")

    assert list(freshness.check_rates()) == [FRESH, hole("2026-11-07 to 2026-11-26", since="2026-10-30")]
