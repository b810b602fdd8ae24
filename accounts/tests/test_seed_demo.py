from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from accounts.demo import household, prices
from accounts.models import Account, AccountType, AccountValue, Holding
from accounts.tests.factories import AccountFactory
from currencies.models import CurrencyRate
from institutions.tests.factories import FinancialInstitutionFactory
from securities.models import Security, SecurityPrice
from users.models import User

pytestmark = pytest.mark.django_db
EMAIL = "demo@localhost.localdomain"
DAY = datetime(2026, 10, 14, 12, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def today(time_machine):
    time_machine.move_to(DAY, tick=False)


def seed(capsys, **options):
    call_command("seed_demo", **options)
    return capsys.readouterr().out


def rows():
    return [model.objects.count() for model in (User, Account, AccountValue, Holding, Security, SecurityPrice)]


def test_the_household_has_everything(today, capsys):
    said = seed(capsys)

    accounts = Account.objects.filter(user__email=EMAIL)
    assert set(accounts.values_list("account_type", flat=True)) == set(AccountType.values)
    assert set(accounts.values_list("currency_id", flat=True)) == {"CAD", "USD", "EUR"}
    counts = accounts.annotate(values=Count("recorded_values")).values_list("values", flat=True)
    assert set(counts) == {24}
    newest = AccountValue.objects.order_by("-timestamp").first()
    assert newest.timestamp == datetime(2026, 9, 30, 12, tzinfo=UTC)
    assert Holding.objects.count() == 7
    assert SecurityPrice.objects.order_by("-timestamp").first().timestamp == datetime(2026, 10, 14, tzinfo=UTC)
    assert "13 accounts, 312 balances, 7 holdings" in said


def test_the_exchange_rates_are_real(today, capsys):
    seed(capsys)

    # ECB, euro foreign exchange reference rates of 2 January 2025
    assert CurrencyRate.objects.get(base="EUR", target="USD", date=date(2025, 1, 2)).rate == Decimal("1.0321")


def test_an_investment_account_is_worth_its_cash_and_its_holdings(today, capsys):
    seed(capsys)

    value = AccountValue.objects.filter(account__name="FHSA").order_by("-timestamp").first()
    close = SecurityPrice.objects.get(security__symbol="DEMO-MOOSE", timestamp=datetime(2026, 9, 30, tzinfo=UTC)).close
    assert value.value == value.cash_balance + 260 * close


def test_done_again_it_adds_nothing_and_takes_nothing_back(today, capsys):
    seed(capsys)
    Account.objects.filter(name="TFSA").update(description="Mine now.")
    before = rows()

    said = seed(capsys)

    assert rows() == before
    assert Account.objects.get(name="TFSA").description == "Mine now."
    assert "0 accounts, 0 balances, 0 holdings, 0 prices" in said
    assert "with the password" not in said
    assert f"changepassword {EMAIL}" in said


def test_done_again_a_month_later_it_adds_the_month(today, capsys, time_machine):
    seed(capsys)
    time_machine.move_to(datetime(2026, 11, 16, 12, tzinfo=UTC), tick=False)

    said = seed(capsys)

    assert "0 accounts, 13 balances, 0 holdings, 138 prices" in said  # 23 weekdays of six securities


def test_the_password_that_is_shown_opens_the_account(today, capsys, anonymous):
    said = seed(capsys)
    password = said.split("with the password ")[1].split(",")[0]

    response = anonymous.post("/api/v1/auth/login", {"username": EMAIL, "password": password})

    assert response.status_code == 200


def test_somebody_who_is_there_gets_the_household_and_keeps_the_password(today, capsys, user):
    said = seed(capsys, email=user.email)

    assert Account.objects.filter(user=user).count() == 13
    assert "with the password" not in said


def test_accounts_that_somebody_has_are_left_alone(today, capsys, user):
    own = [
        AccountFactory(user=user, name="tfsa", description="My own."),
        AccountFactory(user=user, name="Everyday chequing"),
        AccountFactory(user=user, name="Everyday chequing (made up)"),
    ]
    FinancialInstitutionFactory(user=user, name="imaginary brokerage", website="https://mine.example")

    first, second = seed(capsys, email=user.email), seed(capsys, email=user.email)

    assert [(one.recorded_values.count(), one.holdings.count(), one.history.count()) for one in own] == [(0, 0, 1)] * 3
    made = Account.objects.filter(user=user).exclude(pk__in=[one.pk for one in own])
    assert {"TFSA (made up)", "Everyday chequing (made up 2)", "FHSA"} < set(made.values_list("name", flat=True))
    assert "13 accounts, 312 balances, 7 holdings" in first
    assert "0 accounts, 0 balances, 0 holdings" in second


def test_an_account_of_the_household_is_known_under_another_name(today, capsys):
    seed(capsys)
    account = Account.objects.get(name="FHSA")
    account.name = "First home"
    account.save()

    said = seed(capsys)

    assert "0 accounts, 0 balances" in said


def test_the_ends_of_months_are_days_of_where_the_owner_is(today, capsys, user):
    user.timezone = "Pacific/Kiritimati"  # where it is the 15th by now, fourteen hours ahead
    user.save()

    seed(capsys, email=user.email)
    said = seed(capsys, email=user.email)

    newest = AccountValue.objects.order_by("-timestamp").first()
    assert newest.timestamp == datetime(2026, 9, 29, 22, tzinfo=UTC)  # noon of the 30th
    assert SecurityPrice.objects.order_by("-timestamp").first().timestamp == datetime(2026, 10, 15, tzinfo=UTC)
    assert "0 accounts, 0 balances" in said


def test_a_dry_run_keeps_nothing(today, capsys):
    said = seed(capsys, dry_run=True)

    assert rows() == [0, 0, 0, 0, 0, 0]
    assert not CurrencyRate.objects.exists()
    assert said.startswith("Dry run, nothing is kept: New for")
    assert "with the password" not in said


def test_it_is_refused_in_production(settings):
    settings.IN_PRODUCTION = True

    with pytest.raises(CommandError, match="no place in production"):
        call_command("seed_demo")

    assert not User.objects.exists()


def test_all_that_is_stored_keeps_the_rules(today, capsys):
    seed(capsys)

    for model in (Account, AccountValue, Holding, Security, SecurityPrice):
        for row in model.objects.all()[:50]:
            row.full_clean()


def test_a_day_has_the_same_price_whenever_it_is_asked_for():
    [security] = [one for one in household.SECURITIES if one.symbol == "DEMO-MOOSE"]

    alone = prices.walk(security, since=date(2026, 3, 2), until=date(2026, 3, 2))
    among = prices.walk(security, since=date(2026, 1, 1), until=date(2026, 12, 31))

    assert alone[0] in among
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in among)
