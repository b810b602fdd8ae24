from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from finances import changelists
from finances.exceptions import ProviderUnavailableError
from securities import ingest
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice
from securities.tests.factories import (
    QuarantinedRecordFactory,
    SecurityActionFactory,
    SecurityFactory,
    SecurityPriceFactory,
)
from securities.tests.shelf import at, bars, split

pytestmark = pytest.mark.django_db
SECURITIES = reverse("admin:securities_security_changelist")
PRICES = reverse("admin:securities_securityprice_changelist")
ACTIONS = reverse("admin:securities_securityaction_changelist")


@pytest.fixture(autouse=True)
def _signed_in(client, superuser):
    client.force_login(superuser)


def shown(response):
    return response.context["cl"].result_list


def test_securities_show_their_last_price_and_state(client):
    acme = SecurityFactory(symbol="ACME", sync_problem="Held back: 1 spike.")
    ingest.store_prices(security=acme, interval=Interval.DAY, bars=bars([100, "101.5"]))
    SecurityFactory(symbol="GONE", unknown_since=timezone.now())

    page = client.get(SECURITIES).text

    for text in ("101.5", "March 3, 2026", "held back", "unknown to the providers"):
        assert text in page


def test_a_list_of_many_securities_costs_as_many_queries_as_one_of_one(client):
    SecurityPriceFactory()
    client.get(SECURITIES)
    with CaptureQueriesContext(connection) as one:
        client.get(SECURITIES)
    SecurityPriceFactory.create_batch(20)

    with CaptureQueriesContext(connection) as many:
        client.get(SECURITIES)

    assert len(many) == len(one)


def test_the_page_of_a_security_has_a_picture_under_the_content_security_policy(client):
    security = SecurityFactory()
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday() + 28)
    series = bars([400, 404, 101, 102], first=monday)
    action = split(series[2].at.date().isoformat(), 4)
    ingest.store(security=security, interval=Interval.DAY, intake=Intake(bars=series, actions=[action]))

    page = client.get(reverse("admin:securities_security_change", args=[security.pk])).text

    assert "<svg" in page
    assert f"<title>100 to 102, {monday} to " in page
    assert "<script>" not in page.partition("<svg")[2].partition("</svg>")[0]


def test_syncing_says_of_each_security_what_became_of_it(client, shelf):
    SecurityFactory(symbol="ACME")
    SecurityFactory(symbol="BUSY", sync_started_at=timezone.now())
    SecurityFactory(symbol="GONE")
    shelf.put("ACME", closes=[100, 101])

    page = client.post(
        SECURITIES,
        {"action": "sync_now", "_selected_action": list(Security.objects.values_list("pk", flat=True))},
        follow=True,
    )

    told = {message.message: message.level_tag for message in page.context["messages"]}
    assert told == {
        "2 prices of ACME synced, 2 of them new.": "success",
        "BUSY: BUSY is being synced already; try again when that is done.": "error",
        "GONE: The shelf has no GONE.": "error",
    }


def test_a_provider_that_is_away_is_told_too(client, shelf):
    security = SecurityFactory(symbol="ACME")
    shelf.failure = ProviderUnavailableError("The shelf is away.")

    page = client.post(SECURITIES, {"action": "sync_now", "_selected_action": [security.pk]}, follow=True)

    assert [message.message for message in page.context["messages"]] == ["ACME: The shelf is away."]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 11),
        ({"symbol": "acme"}, 10),
        ({"symbol": "acme", "since": "2026-03-04"}, 8),
        ({"symbol": "acme", "since": "2026-03-04", "until": "2026-03-05"}, 2),
        ({"since": "2026-03-01"}, 10),
        ({"symbol": "nobody"}, 0),
        ({"since": "soon"}, 0),
        ({"interval": "1h"}, 0),
    ],
)
def test_prices_are_filtered_by_security_and_day(client, query, count):
    ingest.store_prices(security=SecurityFactory(symbol="ACME"), interval=Interval.DAY, bars=bars(range(100, 110)))
    SecurityPriceFactory()

    assert len(shown(client.get(PRICES, query))) == count


def test_one_securitys_prices_are_shown_newest_first(client):
    ingest.store_prices(
        security=SecurityFactory(symbol="ACME"), interval=Interval.DAY, bars=list(reversed(bars([1, 2, 3])))
    )

    assert [row.close for row in shown(client.get(PRICES, {"symbol": "ACME"}))] == [3, 2, 1]


def test_a_typed_filter_keeps_the_others(client):
    page = client.get(PRICES, {"symbol": "ACME", "interval": "1d"}).text

    assert '<input type="hidden" name="interval" value="1d">' in page
    assert 'name="symbol" value="ACME"' in page


def test_actions_are_filtered_by_day(client):
    SecurityActionFactory()

    assert len(shown(client.get(ACTIONS, {"since": "2020-11-06", "until": "2020-11-06"}))) == 1
    assert len(shown(client.get(ACTIONS, {"since": "2020-11-07"}))) == 0


def test_no_more_than_ten_thousand_rows_are_ever_counted(client, monkeypatch):
    monkeypatch.setattr(changelists, "MAX_COUNT", 5)
    ingest.store_prices(security=SecurityFactory(), interval=Interval.DAY, bars=bars(range(100, 110)))

    with CaptureQueriesContext(connection) as queries:
        response = client.get(PRICES)

    assert response.context["cl"].result_count == 5
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "securityprice" in query["sql"]]
    assert counts
    assert all("LIMIT 5" in sql for sql in counts)


def test_a_price_changed_by_hand_makes_the_series_new(client):
    security = SecurityFactory()
    ingest.store(security=security, interval=Interval.DAY, intake=Intake(bars=bars([400, 100])))
    address = reverse("admin:securities_securityaction_add")

    client.post(address, {"security": security.pk, "kind": "split", "date": "2026-03-03", "value": "4", "currency": ""})

    before = security.prices_version
    security.refresh_from_db()
    with_split = security.prices_version
    assert security.adjustments == [["2026-03-03", "0.25", "0.25"]]
    assert with_split > before
    client.post(
        ACTIONS, {"action": "delete_selected", "_selected_action": [SecurityAction.objects.get().pk], "post": "yes"}
    )
    security.refresh_from_db()
    assert security.adjustments == []
    assert security.prices_version > with_split


def test_a_price_of_a_day_is_entered_at_midnight(client):
    security = SecurityFactory()
    form = {"security": security.pk, "interval": "1d", "timestamp_0": "2026-03-03", "close": "10", "_save": ""}

    refused = client.post(reverse("admin:securities_securityprice_add"), {**form, "timestamp_1": "14:30:00"})
    client.post(reverse("admin:securities_securityprice_add"), {**form, "timestamp_1": "00:00:00"})

    assert "is at midnight (UTC) of its first day" in refused.text
    assert [price.timestamp for price in SecurityPrice.objects.all()] == [at("2026-03-03")]


def test_deleting_a_security_tells_how_much_goes_without_listing_it(client):
    security = SecurityFactory(symbol="ACME")
    ingest.store_prices(security=security, interval=Interval.DAY, bars=bars(range(100, 200)))
    address = reverse("admin:securities_security_delete", args=[security.pk])

    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    client.post(address, {"post": "yes"})

    assert "100" in page.text
    assert len(queries) < 12
    assert not Security.objects.exists()
    assert not SecurityPrice.objects.exists()


def test_what_was_held_back_can_be_looked_at_but_not_edited(client):
    record = QuarantinedRecordFactory()

    page = client.get(reverse("admin:securities_quarantinedrecord_change", args=[record.pk]))
    added = client.get(reverse("admin:securities_quarantinedrecord_add"))

    assert (page.status_code, added.status_code) == (200, 403)
    assert 'name="_save"' not in page.text


# ---- Lists of what millions of rows have a few of ----


def test_prices_of_an_interval_or_a_day_are_those_of_every_security_that_has_some(client):
    first, second, other = SecurityFactory.create_batch(3)
    old, new = at("2026-03-02"), at("2026-03-03")
    for security in (first, second):
        for when in (old, new):
            SecurityPriceFactory(security=security, timestamp=when)
    hour = SecurityPriceFactory(security=other, interval="1h", timestamp=at("2026-03-03T10:00"))

    hours = client.get(f"{PRICES}?interval=1h").context["cl"]
    days = client.get(f"{PRICES}?since=2026-03-03&until=2026-03-03").context["cl"]
    both = client.get(f"{PRICES}?since=2026-03-03&interval=1d").context["cl"]
    none = client.get(f"{PRICES}?interval=1mo").context["cl"]

    assert list(hours.result_list) == [hour]
    assert ({row.security for row in days.result_list}, {row.timestamp.date() for row in days.result_list}) == (
        {first, second, other}, {new.date()},
    )  # fmt: skip
    assert days.result_count == 3
    assert {row.security for row in both.result_list} == {first, second}
    assert list(none.result_list) == []


def test_splits_are_found_among_dividends(client):
    SecurityActionFactory.create_batch(3)
    rare = SecurityActionFactory(kind="split", value="2")

    splits = client.get(f"{ACTIONS}?kind=split").context["cl"]

    assert (list(splits.result_list), splits.result_count) == ([rare], 1)


def test_a_rare_interval_is_looked_for_in_the_index_of_prices(client):
    """Each security is asked on its own, so that what others have of another interval is not read."""
    SecurityPriceFactory(interval="1h", timestamp=at("2026-03-03T10:00"))

    with CaptureQueriesContext(connection) as queries:
        client.get(f"{PRICES}?interval=1h")

    asked = [query["sql"] for query in queries if '"securities_securityprice"' in query["sql"]]
    assert "LIMIT 1) IS NOT NULL" in asked[0]
    assert all('"security_id" IN' in sql for sql in asked[1:])
    assert len(asked) == 3
