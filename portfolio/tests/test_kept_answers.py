"""What is kept is dropped exactly when something that it was computed from has changed."""

import random
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from currencies import rate_upsert, services
from currencies.models import Currency, CurrencyRate
from currencies.rate_upsert import Row
from currencies.tests.factories import CurrencyRateFactory
from finances.api.rendering import ExactJSONRenderer
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from portfolio import stamps
from portfolio.tests.api.conftest import seed
from portfolio.tests.asking import PATHS, Browser, answers, fresh
from securities import ingest
from securities.bars import Bar
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice
from securities.tests.factories import SecurityFactory
from users.models import User

pytestmark = pytest.mark.django_db
FRIDAY = date(2020, 9, 4)
NOON = datetime(2020, 9, 4, 12, tzinfo=UTC)


def chance(number):
    """Return a generator of the same numbers each time."""
    return random.Random(number)  # noqa: S311 - tests are to be repeatable, not secret


def amount(chance):
    return Decimal(chance.randrange(1, 10**8)).scaleb(-2)


def any_of(model, chance):
    rows = list(model.objects.order_by("pk"))
    return chance.choice(rows) if rows else None


# ---- Writes, by every way that there is ----


def record_a_value(user, chance):
    account, at = any_of(Account, chance), NOON - timedelta(minutes=chance.randrange(10**5))
    if account and not account.recorded_values.filter(timestamp=at).exists():
        AccountValueFactory(account=account, timestamp=at, value=amount(chance), cash_balance=amount(chance))


def change_a_value(user, chance):
    if value := any_of(AccountValue, chance):
        value.value = amount(chance)
        value.save()


def change_values_in_bulk(user, chance):
    AccountValue.objects.filter(account__user=user).update(value=amount(chance))


def record_values_in_bulk(user, chance):
    account, at = any_of(Account, chance), NOON - timedelta(minutes=chance.randrange(10**5))
    if account and not account.recorded_values.filter(timestamp=at).exists():
        AccountValue.objects.bulk_create([AccountValue(account=account, user=user, timestamp=at, value=amount(chance))])


def update_values_in_bulk(user, chance):
    values = list(AccountValue.objects.all())
    for value in values:
        value.cash_balance = amount(chance)
    AccountValue.objects.bulk_update(values, ["cash_balance"])


def delete_a_value(user, chance):
    if value := any_of(AccountValue, chance):
        value.delete()


def restore_a_value(user, chance):
    record = AccountValue.history.filter(history_type="-", account_id__in=Account.objects.values("pk")).first()
    if record is None:
        delete_a_value(user, chance)
    elif not AccountValue.objects.filter(account=record.account_id, timestamp=record.timestamp).exists():
        record.instance.save()


def change_an_account(user, chance):
    if account := any_of(Account, chance):
        # What holds securities stays an asset; the database sees to it.
        kinds = ["savings", "margin"] if account.holdings.exists() else ["savings", "mortgage", "margin"]
        account.account_type = chance.choice(kinds)
        account.is_investment_account = account.is_investment_account and account.is_asset
        account.currency_id = chance.choice(["CAD", "USD", "EUR", "JPY"])
        account.save()


def delete_an_account(user, chance):
    if account := any_of(Account, chance):
        account.delete()


def add_an_account(user, chance):
    AccountValueFactory(account=AccountFactory(user=user), timestamp=NOON, value=amount(chance))


def hold_something(user, chance):
    if security := any_of(Security, chance):
        account = InvestmentAccountFactory(user=user)
        HoldingFactory(account=account, security=security, quantity=amount(chance), timestamp=NOON)


def change_a_holding(user, chance):
    if holding := any_of(Holding, chance):
        holding.quantity = amount(chance)
        holding.save()


def sell_everything(user, chance):
    Holding.objects.all().delete()


def rename_an_institution(user, chance):
    if institution := any_of(FinancialInstitution, chance):
        FinancialInstitution.objects.filter(pk=institution.pk).update(name=f"Bank {chance.random()}")


def delete_an_institution(user, chance):
    if institution := any_of(FinancialInstitution, chance):
        institution.delete()


def take_an_account_elsewhere(user, chance):
    Account.objects.update(financial_institution=FinancialInstitutionFactory(user=user))


def change_a_price(user, chance):
    if price := any_of(SecurityPrice, chance):
        price.close = amount(chance)
        price.save()


def change_prices_in_bulk(user, chance):
    SecurityPrice.objects.update(close=amount(chance))


def delete_a_price(user, chance):
    if price := any_of(SecurityPrice, chance):
        price.delete()


def take_in_prices(user, chance):
    security = Security.objects.filter(symbol="AAPL").first()
    if security is None:  # lost by the write before
        return
    at = datetime(2020, 9, chance.randrange(1, 5), tzinfo=UTC)
    bar = Bar(at, None, None, None, amount(chance), None)
    ingest.store(security=security, interval=Interval.DAY, intake=Intake([bar]))


def change_a_split(user, chance):
    SecurityAction.objects.update(value=chance.choice([2, 3, 5]))


def add_a_split(user, chance):
    security = Security.objects.filter(symbol="AAPL").first()
    if security is None:  # lost by the write before
        return
    days = SecurityAction.objects.filter(security=security, kind="split").count()
    SecurityAction.objects.create(security=security, kind="split", date=FRIDAY - timedelta(days=days), value=2)


def move_a_split(user, chance):
    if split := any_of(SecurityAction, chance):
        split.date = FRIDAY - timedelta(days=30 + SecurityAction.objects.count() + chance.randrange(10**4))
        split.save()


def delete_a_security(user, chance):
    if security := any_of(Security, chance):
        Holding.objects.filter(security=security).delete()
        Holding.history.filter(security_id=security.pk, history_type="+").update(history_date=NOON - timedelta(days=30))
        for model in (SecurityPrice, SecurityAction):
            model.objects.filter(security=security).delete()
        Security.objects.filter(pk=security.pk).delete()


def describe_a_security(user, chance):
    Security.objects.update(asset_class=chance.choice(["etf", "bond"]), name=str(chance.random()))


def lose_the_currency_of_a_security(user, chance):
    Security.objects.update(currency=chance.choice([None, "EUR", "USD"]))


def enter_a_rate(user, chance):
    code = chance.choice(["USD", "CAD"])
    services.enter_rates(base=Currency.objects.get(pk="EUR"), on=FRIDAY, rates={code: amount(chance)})


def sync_a_rate(user, chance):
    rate_upsert.upsert([Row("EUR", "CAD", FRIDAY + timedelta(days=chance.randrange(3)), amount(chance), "ecb")])


def change_a_rate(user, chance):
    if rate := any_of(CurrencyRate, chance):
        rate.rate, rate.target_id = amount(chance), chance.choice(["JPY", rate.target_id])
        if not CurrencyRate.objects.filter(target_id=rate.target_id, date=rate.date).exclude(pk=rate.pk).exists():
            rate.save()


def change_rates_in_bulk(user, chance):
    CurrencyRate.objects.filter(target="CAD").update(rate=amount(chance))


def delete_a_rate(user, chance):
    if rate := any_of(CurrencyRate, chance):
        rate.delete()


def delete_rates(user, chance):
    CurrencyRate.objects.filter(target=chance.choice(["CAD", "USD"])).delete()


def change_the_base_currency(user, chance):
    user.base_currency_id = chance.choice(["CAD", "USD", "EUR"])
    user.save()


def change_the_time_zone(user, chance):
    user.timezone = chance.choice(["Pacific/Kiritimati", "America/Toronto", "Pacific/Pago_Pago"])
    user.save()


def change_a_minor_unit(user, chance):
    Currency.objects.filter(pk=user.base_currency_id).update(decimal_places=chance.choice([0, 2, 4]))


def in_the_admin(row, **changed):
    """Change ``row`` by the form of the admin, as a browser sends it."""
    client = Client()
    client.force_login(User.objects.create_superuser(f"{uuid4()}@example.org", "correct horse battery"))
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    context = client.get(address).context
    forms = [context["adminform"].form, *(each.formset.management_form for each in context["inline_admin_formsets"])]
    sent = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if isinstance(value, datetime):
                sent |= {f"{bound.html_name}_0": f"{value:%Y-%m-%d}", f"{bound.html_name}_1": f"{value:%H:%M:%S}"}
            elif value not in (None, False):
                sent[bound.html_name] = value
    response = client.post(address, sent | changed)
    assert response.status_code == 302, response.context["errors"]


def change_an_account_in_the_admin(user, chance):
    if account := any_of(Account, chance):
        same_side = ["savings", "checking"] if account.is_asset else ["mortgage", "payment_plan"]
        in_the_admin(account, account_type=chance.choice(same_side), name=f"Account {chance.random()}")


def change_a_security_in_the_admin(user, chance):
    if security := any_of(Security, chance):
        in_the_admin(security, name=f"Name {chance.random()}", sector=f"Sector {chance.random()}")


def change_a_rate_in_the_admin(user, chance):
    if rate := any_of(CurrencyRate, chance):
        in_the_admin(rate, rate=str(amount(chance)))


WRITES = [
    record_a_value, change_a_value, change_values_in_bulk, record_values_in_bulk, update_values_in_bulk, delete_a_value,
    restore_a_value, change_an_account, delete_an_account, add_an_account, hold_something, change_a_holding,
    sell_everything, rename_an_institution, delete_an_institution, take_an_account_elsewhere, change_a_price,
    change_prices_in_bulk, delete_a_price, take_in_prices, change_a_split, add_a_split, describe_a_security,
    lose_the_currency_of_a_security, enter_a_rate, sync_a_rate, change_a_rate, change_rates_in_bulk, delete_a_rate,
    delete_rates, change_the_base_currency, change_the_time_zone, change_a_minor_unit, move_a_split, delete_a_security,
    change_an_account_in_the_admin, change_a_security_in_the_admin, change_a_rate_in_the_admin,
]  # fmt: skip


KIND = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE)\b")


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_what_is_kept_is_what_would_be_computed_after_any_write(api, user, example_of, write):
    browser = Browser(api)
    browser.ask()
    statements = []

    for number in range(3):
        with CaptureQueriesContext(connection) as queries:
            write(user, chance(number))
        # Those that are planned once are told with words before them.
        statements += [found[0] for query in queries.captured_queries if (found := KIND.search(query["sql"]))]

        shown, kept = browser.ask(), answers(api)
        assert kept == fresh(api)
        assert shown == kept
    assert {"INSERT", "UPDATE", "DELETE"} & set(statements)


@pytest.fixture
def example_of(user):
    return seed(user)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(WRITES), st.integers(0, 10**6)), min_size=1, max_size=6))
def test_what_is_kept_is_what_would_be_computed_after_random_writes(api, user, writes):
    forget(user)
    seed(user)
    browser = Browser(api)
    browser.ask()

    for write, number in writes:
        write(user, chance(number))
        shown, kept = browser.ask(), answers(api)

        assert kept == fresh(api)
        assert shown == kept


def forget(user):
    """Begin again with a user who has nothing."""
    for model in (Account, FinancialInstitution):
        model.objects.all().delete()
    for model in (Holding, AccountValue, Account):
        model.history.all().delete()
    for model in (SecurityPrice, SecurityAction, Security, CurrencyRate):
        model.objects.all().delete()
    user.base_currency_id = "CAD"
    user.save()


# ---- And only then ----


@pytest.mark.parametrize("unrelated", ["stranger", "security", "rate", "nothing"])
def test_what_others_write_drops_nothing(api, user, stranger, example_of, unrelated, monkeypatch):
    before = stamps.state_of(user, currency="CAD")

    if unrelated == "stranger":
        seed_other(stranger)
    elif unrelated == "security":
        SecurityFactory()
    elif unrelated == "rate":
        CurrencyRateFactory(base_id="NOK", target_id="SEK")

    assert ExactJSONRenderer().render(stamps.state_of(user, currency="CAD")) == ExactJSONRenderer().render(before)


def seed_other(stranger):
    AccountValueFactory(account=AccountFactory(user=stranger))
    HoldingFactory(account=InvestmentAccountFactory(user=stranger))


def test_a_browser_is_told_that_nothing_changed(api, example_of):
    browser = Browser(api)
    first = browser.ask()

    assert browser.ask() == first
    assert browser.unchanged_count == len(PATHS) + len(example_of) == 8


def test_an_answer_is_computed_once(api, example_of, django_assert_num_queries, django_assert_max_num_queries):
    first = api.get(f"/api/v1/{PATHS[0]}")

    with django_assert_max_num_queries(7):
        again = api.get(f"/api/v1/{PATHS[0]}")

    assert again.content == first.content
