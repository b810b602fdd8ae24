"""Reading rates by which currencies become another one, however many there are."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import AccountFactory, AccountValueFactory
from currencies.fixed_rates import FIXED_RATES
from currencies.models import Currency, CurrencyRate
from currencies.tests.factories import CurrencyRateFactory
from portfolio import rates
from portfolio.tests.api.conftest import at

pytestmark = pytest.mark.django_db
MANY = 120  # SQLite's parser gives up on a sum of 76


def codes():
    return list(
        Currency.objects.exclude(pk__in=["CAD", "EUR", "USD", *FIXED_RATES]).order_by("pk").values_list("pk", flat=True)
    )


def test_accounts_in_very_many_currencies_are_summed(user, api):
    many = codes()[:MANY]
    for code in many:
        account = AccountFactory(user=user, currency_id=code)
        AccountValueFactory(account=account, timestamp=at("2020-09-01"), value="10")
        CurrencyRateFactory(base_id=code, target_id="CAD", date=date(2020, 9, 4), rate="2")

    shown = api.get("/api/v1/dashboard?on=2020-09-06&currency=CAD").json()

    assert len(many) == MANY
    assert (shown["net_worth"]["value"], shown["net_worth"]["complete"]) == (MANY * 20, True)


def test_a_pivot_is_found_among_very_many_currencies_whichever_two_it_is_between():
    everything = codes()
    pivot, first, last = everything[50], everything[0], everything[-1]
    CurrencyRateFactory(base_id=first, target_id=pivot, date=date(2020, 9, 4), rate="2")
    CurrencyRateFactory(base_id=pivot, target_id=last, date=date(2020, 9, 4), rate="3")
    CurrencyRateFactory(base_id=pivot, target_id="CAD", date=date(2020, 9, 4), rate="3")
    between = [code for code in everything if code != pivot]

    assert rates.pivots(between) == {pivot}
    assert rates.pivots([first, last]) == {pivot}
    assert rates.pivots([first, everything[2]]) == set()


def test_few_currencies_need_one_query():
    with CaptureQueriesContext(connection) as queries:
        rates.pivots(["CAD", "EUR", "USD"])

    assert len(queries) == 1


def test_pivots_are_kept_until_a_rate_changes():
    """A currency becomes a pivot by a rate with the second of two currencies."""
    one, pivot, other = codes()[:3]
    CurrencyRateFactory(base_id=one, target_id=pivot, date=date(2020, 9, 4), rate="2")
    before = [rates.kept_pivots([one, other]) for _ in range(2)]
    with CaptureQueriesContext(connection) as queries:
        rates.kept_pivots([other, one])

    CurrencyRateFactory(base_id=pivot, target_id=other, date=date(2020, 9, 4), rate="2")
    after = rates.kept_pivots([one, other])
    CurrencyRate.objects.filter(base=pivot).delete()

    assert (before, len(queries), after, rates.kept_pivots([one, other])) == ([[], []], 1, [pivot], [])
