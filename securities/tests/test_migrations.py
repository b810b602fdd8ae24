from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("securities", "0003_bars_at_midnight")]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.fixture
def newest():
    """All migrations there are; the database is brought back to them."""
    leaves = [leaf for leaf in MigrationExecutor(connection).loader.graph.leaf_nodes() if leaf[0] == "securities"]
    yield leaves
    everything = MigrationExecutor(connection).loader.graph.leaf_nodes()
    migrate(everything)


def test_bars_go_to_the_day_that_it_was_at_their_exchange(newest):
    apps = migrate([("securities", "0001_initial")])
    security = apps.get_model("securities", "Security").objects.create(symbol="7203.T", timezone="Asia/Tokyo")
    at = datetime(2026, 8, 31, 15, tzinfo=UTC)  # the first of September in Tokyo
    apps.get_model("securities", "SecurityPrice").objects.create(
        security=security, interval="1d", timestamp=at, close=100
    )

    apps = migrate(newest)

    price = apps.get_model("securities", "SecurityPrice").objects.get()
    assert price.timestamp == datetime(2026, 9, 1, tzinfo=UTC)
    assert apps.get_model("securities", "Security").objects.get().prices_version == 1


def test_what_came_from_files_is_not_fetched_and_what_is_no_price_goes(newest):
    apps = migrate(BEFORE)
    securities, prices = (apps.get_model("securities", name).objects for name in ("Security", "SecurityPrice"))
    at = datetime(2026, 9, 1, tzinfo=UTC)
    file, synced = securities.create(symbol="FILE"), securities.create(symbol="SYNCED", last_synced_at=at)
    securities.create(symbol="NEW")
    for security in (file, synced):
        prices.create(security=security, interval="1d", timestamp=at, open=-1, high=3, low=0, close=2)

    apps = migrate(newest)

    fetched = dict(apps.get_model("securities", "Security").objects.values_list("symbol", "is_fetched"))
    assert fetched == {"FILE": False, "SYNCED": True, "NEW": True}
    values = apps.get_model("securities", "SecurityPrice").objects.values_list("open", "high", "low", "close")
    assert set(values) == {(None, Decimal(3), None, Decimal(2))}
