"""The same rows, whether PostgreSQL copies and merges or Django creates."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from securities import ingest
from securities.ingest import Ingested
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice
from securities.tests.factories import SecurityFactory
from securities.tests.shelf import at, bars, dividend, split

pytestmark = pytest.mark.django_db


def store(security, series, interval=Interval.DAY):
    return ingest.store_prices(security=security, interval=interval, bars=series)


@pytest.fixture(params=["bulk_create", "copy"])
def way(request, monkeypatch):
    """Store in each of the two ways, whatever the number of rows."""
    if request.param == "copy" and connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL copies")
    monkeypatch.setattr(ingest, "COPY_ROWS", 1 if request.param == "copy" else 10**9)


@pytest.mark.usefixtures("way")
def test_every_field_comes_back():
    security = SecurityFactory()
    given = bars(["118.69", "0.00000823", "1234567890123.0123456789"])
    given[1] = given[1]._replace(open=None, high=None, low=None, volume=None)

    assert store(security, given) == Ingested(inserted=3)

    stored = SecurityPrice.objects.order_by("timestamp").values_list(
        "timestamp", "open", "high", "low", "close", "volume"
    )
    assert list(stored) == [tuple(bar) for bar in given]


@pytest.mark.usefixtures("way")
def test_what_is_there_already_is_left_alone_or_brought_up_to_date():
    security, series = SecurityFactory(), bars(range(1, 11))
    store(security, series[:6])
    before = dict(SecurityPrice.objects.values_list("timestamp", "pk"))
    changed = series[5]._replace(volume=None, close=Decimal("6.5"))

    result = store(security, [*series[:5], changed, *series[6:]])

    assert result == Ingested(inserted=4, updated=1, unchanged=5)
    assert SecurityPrice.objects.get(timestamp=changed.at).close == Decimal("6.5")
    assert before.items() <= dict(SecurityPrice.objects.values_list("timestamp", "pk")).items()


@pytest.mark.usefixtures("way")
def test_a_second_run_writes_nothing():
    security, series = SecurityFactory(), bars(["1.10", "2.2000000000", "3e2"])
    store(security, series)

    assert store(security, series) == Ingested(unchanged=3)


@pytest.mark.usefixtures("way")
def test_digits_behind_the_tenth_place_are_rounded_half_to_even():
    security = SecurityFactory()

    store(security, bars(["1.00000000005", "1.00000000015"]))

    closes = list(SecurityPrice.objects.order_by("timestamp").values_list("close", flat=True))
    assert closes == [Decimal(1), Decimal("1.0000000002")]


@pytest.mark.usefixtures("way")
def test_a_broken_rule_stores_nothing_of_the_batch():
    security, series = SecurityFactory(), bars([1, 2, 3])
    series[1] = series[1]._replace(close=Decimal(0))

    with pytest.raises(IntegrityError), transaction.atomic():
        store(security, series)

    assert not SecurityPrice.objects.exists()


@pytest.mark.usefixtures("way")
def test_intervals_and_securities_are_apart():
    one, other, series = SecurityFactory(), SecurityFactory(), bars([1, 2])

    store(one, series)
    store(other, series)
    result = store(one, series, Interval.WEEK)

    assert result == Ingested(inserted=2)
    assert SecurityPrice.objects.count() == 6


@pytest.mark.usefixtures("way")
def test_an_instant_is_stored_to_the_second_in_utc():
    eastern = at("2026-03-02T14:30:00.25").astimezone(tz=None) - timedelta(0)
    security = SecurityFactory()

    store(security, [bars([1])[0]._replace(at=eastern)], Interval.MINUTE)

    assert SecurityPrice.objects.get().timestamp == at("2026-03-02T14:30")


def test_nothing_is_stored_from_nothing():
    assert store(SecurityFactory(), []) == Ingested()


# ---- What follows from prices and actions ----


def take_in(security, *, series=(), actions=()):
    return ingest.store(security=security, interval=Interval.DAY, intake=Intake(bars=series, actions=actions))


def test_the_version_grows_with_every_change_and_only_then():
    security, series = SecurityFactory(), bars([100, 100, 98])

    versions = []
    for given in ({"series": series}, {"series": series}, {"actions": [dividend("2026-03-04", 2)]}):
        take_in(security, **given)
        versions.append(Security.objects.get().prices_version)

    assert versions == [1, 1, 2]


def test_the_steps_of_adjustment_are_kept_with_the_security():
    security = SecurityFactory()

    take_in(
        security,
        series=bars([400, 400, 100, 99]),
        actions=[split("2026-03-04", 4), dividend("2026-03-05", 1), dividend("2026-03-03", 5, "EUR")],
    )

    security.refresh_from_db()
    assert security.adjustments == [["2026-03-04", "0.25", "0.2475"], ["2026-03-05", "1", "0.99"]]


def test_an_action_is_brought_up_to_date_and_one_in_an_unknown_currency_is_left_out():
    security = SecurityFactory()
    take_in(security, actions=[dividend("2026-03-04", 2)])

    take_in(security, actions=[dividend("2026-03-04", "2.5"), dividend("2026-03-05", 1, "QQQ")])

    assert list(SecurityAction.objects.values_list("value", flat=True)) == [Decimal("2.5")]
