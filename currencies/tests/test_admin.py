"""The admin of rates."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from currencies import rate_upsert
from currencies.models import CurrencyRate
from currencies.rate_upsert import Row
from currencies.tests.factories import CurrencyRateFactory

URL = "/admin/currencies/currencyrate/"


@pytest.fixture
def admin(client, superuser):
    client.force_login(superuser)
    return client


def test_a_rate_that_is_edited_becomes_one_entered_by_hand_and_survives_a_sync(admin):
    rate = CurrencyRateFactory()

    response = admin.post(f"{URL}{rate.pk}/change/", {"rate": "1.6", "source": "ecb"})
    rate_upsert.upsert([Row("EUR", "CAD", rate.date, Decimal("1.5606"), "ecb")])

    assert response.status_code == 302
    rate.refresh_from_db()
    assert (rate.rate, rate.source) == (Decimal("1.6"), "manual")


def test_a_rate_that_is_saved_unchanged_stays_its_sources(admin):
    rate = CurrencyRateFactory()

    admin.post(f"{URL}{rate.pk}/change/", {"rate": "1.560600000000"})

    rate.refresh_from_db()
    assert rate.source == "ecb"


def test_a_rate_is_added_by_hand(admin):
    admin.post(f"{URL}add/", {"base": "USD", "target": "XAU", "date": "2026-10-30", "rate": "0.00025"})

    assert CurrencyRate.objects.get(base="USD").source == "manual"


def test_the_list_is_filtered_by_currency_and_day(admin):
    CurrencyRateFactory(rate="1.5606")
    CurrencyRateFactory(rate="1.5577", date=date(2026, 10, 29))
    CurrencyRateFactory(rate="175.92", date=date(2026, 10, 29), target_id="JPY")

    page = admin.get(URL, {"currency": "cad", "until": "2026-10-29"}).content.decode()

    assert ("1.5577" in page, "1.5606" in page, "175.92" in page) == (True, False, False)


def test_the_list_counts_no_more_than_it_shows_and_has_plain_heads(admin):
    CurrencyRateFactory()

    with CaptureQueriesContext(connection) as queries:
        page = admin.get(URL).content.decode()

    counts = [query["sql"] for query in queries if "COUNT(*)" in query["sql"] and "currencyrate" in query["sql"]]
    assert all("LIMIT 10000" in sql for sql in counts)
    assert not any("DISTINCT" in query["sql"] for query in queries)
    assert "base id" not in page.lower()
