"""What is worked out once for a serializer shows every row as DRF itself would."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from rest_framework import serializers

from accounts.api.serializers import AccountSerializer, AccountValueSerializer, HoldingSerializer
from accounts.market_figures import price_window
from accounts.models import Account, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory
from currencies.api.serializers import CurrencySerializer
from currencies.models import Currency
from finances.api.rendering import ExactJSONRenderer
from finances.api.representation import RepresentationMixin
from institutions.api.serializers import FinancialInstitutionSerializer
from institutions.tests.factories import FinancialInstitutionFactory
from securities.api.serializers import SecuritySerializer
from securities.tests.factories import SecurityFactory, SecurityPriceFactory

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def account(user):
    bank = FinancialInstitutionFactory(user=user)
    stored = AccountFactory(user=user, financial_institution=bank, interest_rate="1.50", description='"quoted" é')
    AccountValueFactory(account=stored, value="1000.50", cash_balance="0.00000001")
    return Account.objects.with_current_balance(before=NOW).get(pk=stored.pk)


def bare_account(user):
    return Account.objects.with_current_balance(before=NOW).get(pk=AccountFactory(user=user).pk)


def value(user):
    return AccountValueFactory(account__user=user)


def holding(user):
    stored = HoldingFactory(account__user=user, currency_id="USD")
    SecurityPriceFactory(security=stored.security, timestamp=NOW.replace(hour=0, minute=0, second=0, microsecond=0))
    return Holding.objects.with_current_price(**price_window(NOW.date())).get(pk=stored.pk)


CASES = [
    (AccountSerializer, account),
    (AccountSerializer, bare_account),
    (AccountValueSerializer, value),
    (HoldingSerializer, holding),
    (FinancialInstitutionSerializer, lambda user: FinancialInstitutionFactory(user=user)),
    (CurrencySerializer, lambda _user: Currency.objects.get(pk="CAD")),
    (SecuritySerializer, lambda _user: SecurityFactory(sector="", market_cap=10**12, last_synced_at=NOW)),
]


@pytest.mark.parametrize(("kind", "make"), CASES)
def test_a_row_is_shown_as_by_drf(kind, make, user):
    row = make(user)
    serializer = kind(row, context={"request": SimpleNamespace(user=user)})
    by_drf = {name: shown_by_drf(field, row) for name, field in serializer.fields.items() if not hasattr(field, "show")}

    shown = serializer.data

    assert {name: rendered(shown[name]) for name in by_drf} == {name: rendered(each) for name, each in by_drf.items()}


def shown_by_drf(field, row):
    if isinstance(field, serializers.Serializer):
        inner = field.get_attribute(row)
        return (
            None
            if inner is None
            else {
                **{each.field_name: shown_by_drf(each, inner) for each in field.fields.values()},
                **{
                    alias: shown_by_drf(field.fields[name], inner)
                    for alias, name in getattr(field.Meta, "aliases", {}).items()
                },
            }
        )
    attribute = field.get_attribute(row)
    is_missing = attribute is None or getattr(attribute, "pk", attribute) is None
    return None if is_missing else field.to_representation(attribute)


def rendered(data):
    return ExactJSONRenderer().render(data)


class Computed(RepresentationMixin, serializers.Serializer):
    rounded = serializers.DecimalField(max_digits=9, decimal_places=2)
    exact = serializers.DecimalField(max_digits=None, decimal_places=None)
    text = serializers.DecimalField(max_digits=9, decimal_places=2)
    instant = serializers.DateTimeField()
    called = serializers.CharField(source="upper")
    missing = serializers.CharField(required=False)
    hidden = serializers.CharField(write_only=True)


class Row:
    rounded, exact, text = Decimal("1.235"), Decimal("1.235"), "7.5"
    instant = datetime(2026, 1, 1, 12, tzinfo=UTC).astimezone(tz=None) + timedelta(microseconds=5)

    def upper(self):
        return "UPPER"


def test_what_no_column_has_is_left_to_drf():
    shown = Computed(Row()).data

    assert rendered(shown) == (
        b'{"rounded":1.24,"exact":1.235,"text":7.5,"instant":"2026-01-01T12:00:00.000005Z","called":"UPPER"}'
    )


def test_a_page_is_counted_only_when_it_is_not_the_last(api, user, django_assert_num_queries):
    AccountFactory.create_batch(3, user=user)

    with django_assert_num_queries(2):  # who asks, the accounts
        whole = api.get("/api/v1/accounts?limit=3")
    with django_assert_num_queries(3):  # and how many there are
        first = api.get("/api/v1/accounts?limit=2")
    beyond = api.get("/api/v1/accounts?offset=7")

    assert [each["X-Total-Count"] for each in (whole, first, beyond)] == ["3", "3", "3"]
    assert [len(each.json()) for each in (whole, first, beyond)] == [3, 2, 0]
