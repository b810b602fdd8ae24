"""The invented rates that are served with no internet: the real providers understand them, up to today."""

from datetime import UTC, datetime, timedelta

from currencies.providers.ecb import Ecb
from currencies.providers.open_er_api import OpenErApi
from tests.stand_in import offline_rates


def test_the_table_of_today_is_there(stand_in):
    stand_in.answers = offline_rates.ROUTES

    table = OpenErApi().latest(base="CAD")

    assert table.on == datetime.now(UTC).date()
    assert {"USD", "EUR", "JPY"} <= set(table.rates)
    assert table.skipped == ()


def test_each_working_day_of_the_last_weeks_is_there(stand_in):
    stand_in.answers = offline_rates.ROUTES
    today = datetime.now(UTC).date()
    fortnight = [today - timedelta(days=age) for age in reversed(range(14))]

    tables = list(Ecb().history(base="EUR", since=fortnight[0], until=today))

    assert sorted(table.on for table in tables) == [day for day in fortnight if day.isoweekday() < 6]
    assert all({"USD", "CAD", "JPY", "GBP", "CHF"} <= set(table.rates) for table in tables)
