from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, models, transaction
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


MIDNIGHT = datetime(2026, 9, 1, tzinfo=UTC)
CHECKS = ("security_price_of_a_day_at_midnight", "security_price_positive")


def add_price(apps, security, at=MIDNIGHT, **prices):
    values = {"open": 1, "high": 2, "low": 1, "close": 2, **prices}
    return apps.get_model("securities", "SecurityPrice").objects.create(
        security_id=security, interval="1d", timestamp=at, **values
    )


def unchecked(names):
    """Return which constraints PostgreSQL has not read all rows for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname, convalidated FROM pg_constraint WHERE conname = ANY(%s)", [list(names)])
        return {name for name, is_validated in cursor.fetchall() if not is_validated}


def test_prices_go_forwards_and_backwards_as_they_are(newest):
    apps = migrate([("securities", "0002_move_bars_to_midnight")])
    security = apps.get_model("securities", "Security").objects.create(symbol="ACME").pk
    for day in range(3):
        add_price(apps, security, MIDNIGHT + timedelta(days=day))
    before = list(apps.get_model("securities", "SecurityPrice").objects.order_by("pk").values())

    for targets in (newest, [("securities", "0002_move_bars_to_midnight")], newest):
        apps = migrate(targets)
        assert list(apps.get_model("securities", "SecurityPrice").objects.order_by("pk").values()) == before

    for wrong in (
        {"at": MIDNIGHT + timedelta(days=9, microseconds=1)},
        {"at": MIDNIGHT + timedelta(days=9), "low": -1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            add_price(apps, security, **wrong)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no constraints that hold for new rows only.")
def test_what_is_stored_is_read_in_a_migration_of_its_own(newest):
    migrate([("securities", "0002_move_bars_to_midnight")])  # what was validated stays so until it is taken away
    migrate([("securities", "0007_bars_at_midnight_exactly")])
    assert unchecked(CHECKS) == set(CHECKS)

    migrate(newest)

    assert unchecked(CHECKS) == set()


@pytest.mark.parametrize("microseconds", [1, 400_000, 999_999])
@pytest.mark.parametrize("is_taken", [False, True])
def test_fractions_of_a_second_are_cut_off(newest, microseconds, is_taken):
    apps = migrate([("securities", "0006_how_splits_are_read")])
    security = apps.get_model("securities", "Security").objects.create(symbol="ACME").pk
    if is_taken:
        add_price(apps, security, close=3)
    prices = apps.get_model("securities", "SecurityPrice")
    strict = next(each for each in prices._meta.constraints if each.name == CHECKS[0])
    lenient = models.CheckConstraint(condition=models.Q(close__gt=0), name=CHECKS[0])
    others = [each for each in prices._meta.constraints if each is not strict]
    prices._meta.constraints = others  # SQLite makes its table anew from them
    with connection.schema_editor() as editor:
        editor.remove_constraint(prices, strict)
    prices._meta.constraints = [*others, lenient]
    with connection.schema_editor() as editor:
        editor.add_constraint(prices, lenient)
    add_price(apps, security, MIDNIGHT + timedelta(microseconds=microseconds))

    apps = migrate(newest)

    stored = apps.get_model("securities", "SecurityPrice").objects.values_list("timestamp", "close")
    assert list(stored) == [(MIDNIGHT, 3 if is_taken else 2)]
    held_back = apps.get_model("securities", "QuarantinedRecord").objects.values_list("reason", "detail")
    assert [reason for reason, _ in held_back] == (["duplicate"] if is_taken else [])
    assert apps.get_model("securities", "Security").objects.get().prices_version == 1
