"""Tables in the admin: what is exported can be imported, exactly; a file goes in whole, or not at all."""

import json
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models.signals import pre_save

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from currencies.models import Currency, CurrencyRate
from currencies.tests.factories import CurrencyRateFactory
from finances.tables import formats
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from securities import ingest
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import Security, SecurityAction, SecurityPrice
from securities.tests.factories import SecurityActionFactory
from securities.tests.shelf import bars
from tests.tables import CSV, JSON, XLSX, confirm, faults, preview, put, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


# ---- There and back ----


def everything(user):
    account = InvestmentAccountFactory(
        user=user, name="=HYPERLINK(1)", financial_institution=FinancialInstitutionFactory(user=user, name="-Bank")
    )
    AccountValueFactory(
        account=account, value="12345678901234567890.12345678", cash_balance="-0.00000001",
        timestamp=datetime(2026, 1, 5, 2, 3, 4, 567, tzinfo=UTC),
    )  # fmt: skip
    holding = HoldingFactory(account=account, quantity="0.12345678", average_cost="98765432109876543.0123456789")
    CurrencyRateFactory(rate="123456789012.123456789012")
    series = bars(["100.0123456789", "12345678901234.5"])[:1]
    ingest.store(security=holding.security, interval=Interval.DAY, intake=Intake(bars=series))


@pytest.mark.parametrize("form", [CSV, XLSX, JSON])
def test_what_is_exported_is_imported_again_to_the_last_digit(admin_client, user, form):
    everything(user)
    models = (Security, FinancialInstitution, Account, AccountValue, Holding, CurrencyRate, SecurityPrice)
    files = {model: taken(admin_client, model, form).content for model in models}
    volatile = {
        "id",
        "account_id",
        "financial_institution_id",
        "created_at",
        "updated_at",
        "source",
        "security_id",
        "prices_version",
    }

    def stored(model):
        rows = model.objects.order_by("pk").values()
        return [{name: value for name, value in row.items() if name not in volatile} for row in rows]

    before = {model: stored(model) for model in models}
    for model in (Account, FinancialInstitution, CurrencyRate, SecurityPrice):
        model.objects.all().delete()

    for model in models:
        put(admin_client, model, files[model], form)

    assert {model: stored(model) for model in models} == before
    assert Account.objects.get().financial_institution.name == "-Bank"


@pytest.mark.parametrize("form", [CSV, XLSX, JSON])
def test_what_is_there_already_is_left_alone_and_not_recorded(admin_client, user, form):
    everything(user)

    for model in (Account, AccountValue, Holding, CurrencyRate, SecurityPrice, Currency):
        page = preview(admin_client, model, taken(admin_client, model, form).content, form)
        assert {row.import_type for row in page.context["result"].rows} == {"skip"}, model
        confirm(admin_client, model, page)

    assert {Account.history.count(), AccountValue.history.count(), Holding.history.count()} == {1}
    assert CurrencyRate.objects.get().source == "ecb"


@pytest.mark.parametrize("form", [CSV, XLSX])
def test_no_export_holds_a_formula(admin_client, user, form):
    for number, name in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'=kept")):
        AccountFactory(user=user, name=name, description=f"{number}")
    AccountValueFactory(account__user=user, value="-5")

    content = taken(admin_client, Account, form).content
    rows = formats.FORMATS[form](encoding="utf-8-sig").create_dataset(content).dict
    values = formats.FORMATS[form](encoding="utf-8-sig").create_dataset(taken(admin_client, AccountValue, form).content)

    assert all(not str(row["name"]).startswith(("=", "+", "-", "@", "\t")) for row in rows)
    assert values.dict[0]["value"] == "-5"  # a number is none


def test_an_export_has_what_the_list_shows(admin_client, user, stranger):
    for person in (user, stranger):
        AccountFactory(user=person)

    rows = json.loads(taken(admin_client, Account, JSON, f"?owner={stranger.email}").content)

    assert [row["owner"] for row in rows] == [stranger.email]


def test_actions_are_exported_and_not_imported(admin_client):
    SecurityActionFactory()

    assert "symbol,kind,date,value,currency" in taken(admin_client, SecurityAction).text
    assert admin_client.get("/admin/securities/securityaction/import/").status_code in {302, 404}


def test_more_than_a_file_holds_is_not_exported(admin_client, monkeypatch):
    monkeypatch.setattr("finances.tables.resources.MAX_BULK_ROWS", 1)
    CurrencyRateFactory()
    CurrencyRateFactory(date=date(2026, 1, 2))

    page = taken(admin_client, CurrencyRate)

    assert "These are more than 1 rows; filter the list first." in page.text


# ---- Rules, history, all or nothing ----


def test_who_imported_it_is_in_the_history(admin_client, superuser, user):
    AccountFactory(user=user, name="Savings")

    put(admin_client, AccountValue, f"owner,account,timestamp,value\n{user.email},savings,2026-01-05,12.50\n")

    record = AccountValue.history.get()
    assert (record.history_user, record.user, record.value) == (superuser, user, Decimal("12.5"))


def test_a_day_is_its_noon_where_the_owner_is_and_an_instant_what_it_says(admin_client, user):
    user.timezone = "America/Toronto"
    user.save()
    AccountFactory(user=user, name="A")
    days = ("2026-01-05", "2026-01-06 10:00", "2026-01-07T10:00:00Z", "2026-01-08T10:00+01:00")

    put(
        admin_client, AccountValue, "owner,account,timestamp,value\n" + "".join(f"{user.email},A,{d},1\n" for d in days)
    )

    found = AccountValue.objects.order_by("timestamp").values_list("timestamp", flat=True)
    assert [f"{at:%d %H:%M}" for at in found] == ["05 17:00", "06 15:00", "07 10:00", "08 09:00"]


def test_each_row_says_what_is_wrong_with_it_and_nothing_is_kept(admin_client, user):
    InvestmentAccountFactory(user=user, name="TFSA")
    rows = (
        f"{user.email},TFSA,2026-01-05,100,50",
        f"{user.email},TFSA,2026-01-06,100,",
        f"{user.email},TFSA,2026-01-07,1_0,5",
        f"{user.email},Nowhere,2026-01-08,100,5",
        "nobody@example.org,TFSA,2026-01-08,100,5",
        f"{user.email},TFSA,2096-01-05,100,50",
        f"{user.email},TFSA,2026-02-30,100,50",
    )

    page = preview(admin_client, AccountValue, "owner,account,timestamp,value,cash_balance\n" + "\n".join(rows))

    assert "confirm_form" not in page.context
    assert faults(page) == [
        "2 cash_balance: An investment account needs its cash balance.",
        "3 value: '1_0' is no number; write 1234.5, without anything else.",
        "4 account: There is no 'Nowhere'.",
        "5 account: There is nobody with the address 'nobody@example.org'.",
        "6 timestamp: This lies in the future; record it when it has come.",
        "7 timestamp: '2026-02-30' is no day and no instant; write 2026-01-31 or 2026-01-31T10:00Z.",
    ]
    assert "What is wrong" in page.text
    assert not AccountValue.objects.exists()
    assert not AccountValue.history.exists()


def test_what_came_to_be_wrong_since_the_preview_undoes_all(admin_client, user):
    AccountFactory(user=user, name="A")
    AccountFactory(user=user, name="B")
    content = f"owner,account,timestamp,value\n{user.email},A,2026-01-05,1\n{user.email},B,2026-01-05,1\n"
    page = preview(admin_client, AccountValue, content)
    Account.objects.filter(name="B").update(name="C")

    done = confirm(admin_client, AccountValue, page)

    assert [str(message) for message in done.context["messages"]] == [
        "Row 2, account: There is no 'B'.",
        "Nothing was imported.",
    ]
    assert not AccountValue.objects.exists()


@pytest.fixture
def just_before_it_is_stored():
    """Return a function that has something done just before a row of a model is stored, once."""
    waiting = []

    def let(model, act):
        def receive(**_):
            if waiting:
                waiting.pop()()

        waiting.append(act)
        receivers.append(receive)
        pre_save.connect(receive, sender=model)

    receivers = []
    yield let
    for receiver in receivers:
        pre_save.disconnect(receiver, sender=Account)


ACCOUNTS = "owner,name,account_type,currency\n{0},A,savings,CAD\n{0},B,savings,CAD\n{0},C,savings,CAD\n"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs two connections that write at once")
def test_what_somebody_else_stores_in_the_midst_of_an_import_is_a_fault_of_its_row_and_column(
    admin_client, user, just_before_it_is_stored
):
    page = preview(admin_client, Account, ACCOUNTS.format(user.email))

    def store():
        AccountFactory(user=user, name="a")
        connection.close()

    def store_elsewhere():
        elsewhere = threading.Thread(target=store)
        elsewhere.start()
        elsewhere.join()

    just_before_it_is_stored(Account, store_elsewhere)
    done = confirm(admin_client, Account, page)

    assert [str(message) for message in done.context["messages"]] == [
        "Row 1, name: You have an account of this name.",
        "Nothing was imported.",
    ]
    assert [account.name for account in Account.objects.all()] == ["a"]


def test_what_cannot_be_stored_and_is_gone_at_the_next_look_is_to_be_tried_again(
    admin_client, user, just_before_it_is_stored
):
    page = preview(admin_client, Account, ACCOUNTS.format(user.email))

    just_before_it_is_stored(
        Account, lambda: Account.objects.bulk_create([AccountFactory.build(user=user, name="A", currency_id="CAD")])
    )
    done = confirm(admin_client, Account, page)

    assert [str(message) for message in done.context["messages"]] == [
        "Row 1: Somebody else wrote the same at the same moment; import the file again.",
        "Nothing was imported.",
    ]
    assert not Account.objects.exists()


def test_an_account_is_changed_but_keeps_its_meaning(admin_client, user):
    account = AccountFactory(user=user, name="A")
    AccountValueFactory(account=account)

    page = preview(admin_client, Account, f"owner,name,currency\n{user.email},a,USD\n")
    put(admin_client, Account, f"owner,name,interest_rate\n{user.email},A,1.25\n")

    assert faults(page)[0].startswith("1 currency: What was recorded in this account is in CAD,")
    account.refresh_from_db()
    assert (account.interest_rate, account.currency_id) == (Decimal("1.25"), "CAD")


def test_an_institution_is_one_of_the_same_owner(admin_client, user, stranger):
    FinancialInstitutionFactory(user=stranger, name="Theirs")

    page = preview(
        admin_client, Account,
        f"owner,name,account_type,currency,financial_institution\n{user.email},A,savings,CAD,Theirs\n",
    )  # fmt: skip

    assert faults(page) == ["1 financial_institution: There is no 'Theirs'."]


def test_a_rate_that_is_imported_is_one_entered_by_hand(admin_client):
    put(admin_client, CurrencyRate, "base;target;date;rate\nUSD;cad;2026-10-30;1.40000000001\n")

    rate = CurrencyRate.objects.get()
    assert (rate.target_id, rate.rate, rate.source) == ("CAD", Decimal("1.40000000001"), "manual")


def test_a_currency_is_neither_true_nor_false_by_accident(admin_client):
    page = preview(admin_client, Currency, "code,is_active\nCAD,maybe\nusd,true\n")

    assert "1 is_active: 'maybe' is neither true nor false." in faults(page)
