from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from finances import caching
from finances.tests.conftest import NO_REDIS
from securities import adjustment, ingest
from securities.api.serializers import PricePointSerializer
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security, SecurityPrice
from securities.tests.factories import SecurityFactory
from securities.tests.shelf import at, bars, dividend, split

pytestmark = pytest.mark.django_db
URL = "/api/v1/securities/ACME/prices"
FRIDAY = "2026-03-13T22:00:30Z"


def store(*closes, interval=Interval.DAY, actions=(), security=None, first=date(2026, 3, 2)):
    security = security or SecurityFactory(symbol="ACME")
    series = bars(closes, first=first, interval=interval)
    ingest.store(security=security, interval=interval, intake=Intake(bars=series, actions=list(actions)))
    return security


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(FRIDAY, tick=False):
        yield


def get(api, **query):
    return api.get(URL, query)


def closes(response, name="close"):
    return [point[name] for point in response.json()["prices"]]


def test_the_series_of_a_month(api, django_assert_num_queries):
    store(*range(100, 110))

    with django_assert_num_queries(3):  # who asks, the security, the series
        response = get(api)

    body = response.json()
    assert body["prices"][0] == {
        "timestamp": "2026-03-02T00:00:00Z",
        "open": 100,
        "high": 101,
        "low": 99.9,
        "close": 100,
        "volume": 1000,
        "adj_close": 100,
    }
    assert {name: body[name] for name in body if name not in {"prices", "security"}} == {
        "interval_type": "1d",
        "adjusted": "splits",
        "count": 10,
        "requested_start": "2026-02-11T00:00:00Z",
        "requested_end": "2026-03-13T23:59:59Z",
        "actual_start": "2026-03-02T00:00:00Z",
        "actual_end": "2026-03-13T00:00:00Z",
        "data_completeness": "partial",
    }
    assert body["security"]["symbol"] == "ACME"
    assert closes(response) == list(range(100, 110))
    assert response["X-Total-Count"] == "10"


def test_prices_carry_all_their_digits(api):
    store("0.0000082301", "1234567890123.0123456789", "1.5000")

    response = get(api)

    assert b'"close":0.0000082301,' in response.content
    assert b'"close":1234567890123.0123456789,' in response.content
    assert b'"close":1.5,' in response.content


def test_what_a_source_did_not_tell_is_null(api):
    security = SecurityFactory(symbol="ACME")
    bar = bars([100])[0]._replace(open=None, high=None, low=None, volume=None)
    ingest.store_prices(security=security, interval=Interval.DAY, bars=[bar])

    (point,) = get(api).json()["prices"]

    assert (point["open"], point["high"], point["low"], point["volume"]) == (None, None, None, None)


def test_a_security_without_prices(api):
    SecurityFactory(symbol="ACME")

    body = get(api).json()

    assert (body["prices"], body["count"], body["data_completeness"]) == ([], 0, "empty")
    assert (body["actual_start"], body["actual_end"]) == (None, None)


# ---- Ranges ----


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"start": "2026-03-04", "end": "2026-03-05"}, [102, 103]),
        ({"start": "2026-03-04T00:00:00Z", "end": "2026-03-05T00:00:00Z"}, [102, 103]),
        ({"start": "2026-03-04T00:01", "end": "2026-03-05T12:00"}, [103]),
        ({"start": "2026-03-12"}, [108, 109]),
        ({"end": "2026-03-03"}, [100, 101]),
        ({"start": "2026-03-05T01:00:00+02:00", "end": "2026-03-05"}, [103]),
        ({"start": "0001-01-01", "end": "9999-12-31", "limit": 2}, [100, 101]),
        ({"limit": 2, "offset": 3}, [103, 104]),
        ({"limit": 2, "skip": 9}, [109]),
        ({"offset": 10}, []),
    ],
)
def test_a_range_includes_both_its_ends(api, query, found):
    store(*range(100, 110))

    assert closes(get(api, **query)) == found


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("1m", "2026-03-12T22:00:00Z", "2026-03-13T22:00:00Z"),
        ("1h", "2026-02-11T22:00:00Z", "2026-03-13T22:00:00Z"),
        ("1d", "2026-02-11T00:00:00Z", "2026-03-13T23:59:59Z"),
        ("1wk", "2026-02-11T00:00:00Z", "2026-03-13T23:59:59Z"),
        ("1mo", "2026-02-11T00:00:00Z", "2026-03-13T23:59:59Z"),
    ],
)
def test_default_ranges(api, interval, start, end):
    SecurityFactory(symbol="ACME")

    body = get(api, interval=interval).json()

    assert (body["requested_start"], body["requested_end"], body["interval_type"]) == (start, end, interval)


def test_an_empty_range_shows_what_lies_within_seven_days_on_either_side(api, django_assert_num_queries):
    store(*range(100, 110))  # to Friday the 13th

    with django_assert_num_queries(4):
        after = get(api, start="2026-03-18", end="2026-03-19")
    between = get(api, start="2026-03-07", end="2026-03-08")
    far = get(api, start="2026-03-23", end="2026-03-24")

    assert closes(after) == [107, 108, 109]
    assert (after.json()["data_completeness"], after.json()["requested_start"]) == ("sparse", "2026-03-18T00:00:00Z")
    assert len(closes(between)) == 10
    assert (closes(far), far.json()["data_completeness"]) == ([], "empty")


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ({"start": "2026-03-02", "end": "2026-03-13"}, "complete"),
        ({"start": "2026-03-02", "end": "2026-12-31"}, "complete"),  # the rest is the future
        ({"start": "2026-02-23", "end": "2026-03-13"}, "partial"),  # 10 of 15
        ({"start": "2025-12-01", "end": "2026-03-13"}, "sparse"),
    ],
)
def test_completeness(api, query, verdict):
    store(*range(100, 110))

    assert get(api, **query).json()["data_completeness"] == verdict


def test_pages_are_linked(api):
    store(*range(100, 110))

    response = get(api, limit=4, offset=4)

    assert response["X-Total-Count"] == "10"
    assert 'offset=8>; rel="next"' in response["Link"]
    assert 'offset=0>; rel="prev"' in response["Link"]


def test_intervals_are_apart(api):
    security = store(*range(100, 110))
    store(1, 2, 3, interval=Interval.HOUR, security=security, first=date(2026, 3, 13))

    response = get(api, interval="1h")

    assert closes(response) == [1, 2, 3]
    assert response.json()["prices"][2]["timestamp"] == "2026-03-13T02:00:00Z"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"interval": "2d"}, "interval"),
        ({"start": "soon"}, "start"),
        ({"start": "2026-03-02", "end": "2026-03-01"}, "end"),
        ({"adjusted": "yes"}, "adjusted"),
        ({"limit": 10_001}, "limit"),
        ({"offset": -1}, "offset"),
    ],
)
def test_a_bad_question_names_its_field(api, query, field):
    SecurityFactory(symbol="ACME")

    response = get(api, **query)

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


# ---- Adjustment ----

ACTIONS = [split("2026-03-04", 4), dividend("2026-03-05", 1)]


@pytest.mark.parametrize(
    ("adjusted", "found", "volumes"),
    [
        ("none", [400, 400, 100, 99], [1000, 1000, 1000, 1000]),
        ("splits", [100, 100, 100, 99], [4000, 4000, 1000, 1000]),
        ("all", [99, 99, 99, 99], [4000, 4000, 1000, 1000]),
    ],
)
def test_prices_are_shown_for_todays_shares_or_as_traded(api, adjusted, found, volumes, django_assert_num_queries):
    store(400, 400, 100, 99, actions=ACTIONS)

    with django_assert_num_queries(3):
        response = get(api, adjusted=adjusted)

    assert closes(response) == found
    assert closes(response, "volume") == volumes
    assert closes(response, "adj_close") == [99, 99, 99, 99]


@pytest.mark.parametrize("adjusted", ["none", "splits", "all"])
def test_the_database_adjusts_like_the_pure_functions(api, adjusted):
    actions = [
        split("2026-03-04", 7), dividend("2026-03-05", "0.82"), split("2026-03-09", "0.05"),
        dividend("2026-03-09", "1.11"), dividend("2026-03-11", "0.3333"), split("2026-03-12", "1.5"),
    ]  # fmt: skip
    values = ["645.57", "93.7011", "93.7", "94.25", "94.48", "1890.01", "1825.8", "1840", "1226.5", "1226.67"]
    security = store(*values, actions=actions)
    expected = adjustment.adjusted(bars(values), steps=adjustment.steps_from(security.adjustments), mode=adjusted)

    prices = get(api, adjusted=adjusted).json()["prices"]

    names = list(PricePointSerializer().fields)
    assert [list(point) for point in prices] == [names] * 10
    for point, (bar, adjusted_close) in zip(prices, expected, strict=True):
        assert [Decimal(str(point[name])) for name in names[1:5]] == list(bar[1:5])
        assert (point["volume"], Decimal(str(point["adj_close"]))) == (bar.volume, adjusted_close)


# ---- Long series are kept ----

LONG = {"start": "2000-01-01", "end": "2026-03-13T23:59:59Z"}


@NO_REDIS
def test_a_long_series_is_read_once_and_then_the_same_from_the_cache(api, django_assert_num_queries):
    store(*range(100, 110))
    first = get(api, **LONG)
    caching.answers.clear()

    with django_assert_num_queries(2):  # who asks, the security
        second = get(api, **LONG)

    assert (second.content, second["X-Total-Count"], second["Link"]) == (first.content, "10", first["Link"])
    assert closes(second) == list(range(100, 110))


@pytest.mark.parametrize(
    ("query", "before", "after"),
    [
        ({}, list(range(100, 110)), [50, 50.5, 51, 51.5, 52, 52.5, 106, 107, 108, 109]),
        ({"adjusted": "none"}, list(range(100, 110)), list(range(100, 110))),
        ({"limit": 600, "offset": 5}, [105, 106, 107, 108, 109], [52.5, 106, 107, 108, 109]),
        ({"interval": "1h"}, [], []),
    ],
)
def test_a_long_series_is_never_one_from_before_a_split(api, query, before, after):
    security = store(*range(100, 110))
    assert [closes(get(api, **{**LONG, **query})) for _ in range(2)] == [before, before]

    store(actions=[split("2026-03-10", 2)], security=security)  # the seventh bar

    assert closes(get(api, **{**LONG, **query})) == after


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda prices: prices.filter(close=100).update(close=99), [99, 101]),
        (lambda prices: prices.filter(close=100).delete(), [101]),
        (lambda prices: prices.get(close=100).delete(), [101]),
        (lambda _: store(103, first=date(2026, 3, 4), security=Security.objects.get()), [100, 101, 103]),
        (lambda _: Security.objects.update(currency_id="EUR"), [100, 101]),
    ],
    ids=["changed", "deleted", "one deleted", "added", "of another currency"],
)
def test_a_long_series_shows_whatever_was_done_to_its_prices(api, change, found):
    store(100, 101)
    before = [get(api, **LONG).json() for _ in range(2)]
    assert [point["close"] for point in before[1]["prices"]] == [100, 101]

    change(SecurityPrice.objects.all())

    after = get(api, **LONG).json()
    assert before[0] == before[1] != after
    assert [point["close"] for point in after["prices"]] == found


# ---- Conditional requests ----


def test_an_unchanged_series_is_a_304_that_does_not_read_it(api, django_assert_num_queries):
    store(*range(100, 110))
    tag = get(api)["ETag"]

    with django_assert_num_queries(2), time_machine.travel("2026-03-13T22:20:00Z", tick=False):
        response = api.get(URL, headers={"If-None-Match": tag})

    assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


def test_whatever_changes_the_answer_changes_the_tag(api):
    security = store(*range(100, 110))
    tags = {get(api)["ETag"]}

    for query in ({"interval": "1h"}, {"adjusted": "all"}, {"limit": 5}, {"offset": 1}, {"start": "2026-03-01"}):
        tags.add(get(api, **query)["ETag"])
    store(110, security=security, first=date(2026, 3, 16))
    tags.add(get(api)["ETag"])
    store(actions=[split("2026-03-10", 2)], security=security)
    tags.add(get(api)["ETag"])
    security.sync_started_at = datetime.fromisoformat(FRIDAY) - timedelta(minutes=1)
    security.save()
    tags.add(get(api)["ETag"])

    assert len(tags) == 9


def test_the_tag_changes_when_time_makes_the_same_bars_too_few(api):
    security = SecurityFactory(symbol="ACME", asset_class="cryptocurrency")
    minute = bars([100])[0]._replace(at=at("2026-03-13T22:00:00"))
    ingest.store_prices(security=security, interval=Interval.MINUTE, bars=[minute])
    asked = {"interval": "1m", "start": "2026-03-13T22:00:00Z", "end": "2026-03-14"}

    early = get(api, **asked)
    with time_machine.travel("2026-03-13T22:20:00Z", tick=False):
        late = api.get(URL, asked, headers={"If-None-Match": early["ETag"]})

    assert (early.status_code, late.status_code) == (200, 200)
    assert (early.json()["data_completeness"], late.json()["data_completeness"]) == ("complete", "sparse")


def test_a_sync_that_brings_nothing_keeps_the_tag(api):
    security = store(*range(100, 110))
    tag = get(api)["ETag"]

    store(*range(100, 110), security=security)

    assert get(api)["ETag"] == tag


def test_minutes_of_a_day_that_is_no_trading_day(api):
    security = SecurityFactory(symbol="ACME", asset_class="cryptocurrency")
    bar = bars([100])[0]._replace(at=at("2026-03-13T21:59:00"))
    ingest.store_prices(security=security, interval=Interval.MINUTE, bars=[bar])

    body = get(api, interval="1m").json()

    assert (body["count"], body["data_completeness"]) == (1, "sparse")
    assert datetime.fromisoformat(body["actual_end"]) == datetime(2026, 3, 13, 21, 59, tzinfo=UTC)
