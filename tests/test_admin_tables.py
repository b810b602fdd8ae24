"""Tables in the admin: what is exported can be imported, exactly; a file goes in whole, or not at all."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from currencies.models import Currency, CurrencyRate
from currencies.tests.factories import CurrencyRateFactory
from finances.tables import formats, limits, widgets
from finances.tables.storage import WaitingFile
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from securities import ingest
from securities.actions import Action, ActionKind
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import QuarantinedRecord, Security, SecurityAction, SecurityPrice
from securities.tests.factories import SecurityActionFactory, SecurityFactory
from securities.tests.shelf import bars

pytestmark = pytest.mark.django_db
CSV, XLSX, JSON = range(3)


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


def address(model, page):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


def preview(client, model, content, form=CSV):
    content = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile("table", content)
    return client.post(address(model, "import"), {"import_file": file, "format": str(form), "resource": "0"})


def confirm(client, model, page):
    sent = {name: bound.value() or "" for name, bound in ((each.name, each) for each in page.context["confirm_form"])}
    return client.post(address(model, "process_import"), sent, follow=True)


def put(client, model, content, form=CSV):
    """Import a file, after a preview that keeps nothing."""
    rows = list(model.objects.order_by("pk").values())
    page = preview(client, model, content, form)
    assert "confirm_form" in page.context, faults(page)
    assert list(model.objects.order_by("pk").values()) == rows
    return confirm(client, model, page)


def faults(page):
    """Return what a preview says is wrong."""
    result = page.context.get("result")
    if result is None:
        return [str(each) for errors in page.context["form"].errors.values() for each in errors]
    told = [str(error.error) for error in result.base_errors]
    told += [
        f"{row.number} {name}: {'; '.join(e)}" for row in result.invalid_rows for name, e in row.error_dict.items()
    ]
    return told + [f"{number} {error.error}" for number, errors in result.row_errors() for error in errors]


def taken(client, model, form=CSV, query=""):
    return client.post(address(model, "export") + query, {"format": str(form), "resource": "0"})


def sheet(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


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
        "Row 2: There is no 'B'.",
        "Nothing was imported.",
    ]
    assert not AccountValue.objects.exists()


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


# ---- Prices ----


def test_prices_go_the_way_of_every_import(admin_client, user):
    acme = SecurityFactory(symbol="ACME")
    rows = [f"ACME,2026-03-{day:02},{close}" for day, close in enumerate((100, 101, 10200, 103, 102, 104), 2)]
    rows += ["new,2026-03-02,5000"]
    content = "symbol,timestamp,close,currency\n" + "".join(
        f"{row},{'GBp' if row.startswith('new') else ''}\n" for row in rows
    )

    page = preview(admin_client, SecurityPrice, content)
    done = confirm(admin_client, SecurityPrice, page)

    told = [row.diff[-1] for row in page.context["result"].rows]
    assert told[2].startswith("held back: ")
    assert [*told[:2], *told[3:]] == ["new"] * 6
    assert "Import finished: 6 new, 0 updated, 0 deleted and 1 skipped" in done.text
    assert [row.close for row in acme.prices.order_by("timestamp")] == [100, 101, 103, 102, 104]
    assert QuarantinedRecord.objects.get().security == acme
    new = Security.objects.get(symbol="NEW")
    assert (new.currency_id, new.prices.get().close) == ("GBP", 50)


def test_a_price_that_changes_makes_the_adjustments_anew(admin_client):
    acme = SecurityFactory(symbol="ACME")
    dividend = Action(date(2026, 3, 3), ActionKind.DIVIDEND, Decimal(1))
    ingest.store(security=acme, interval=Interval.DAY, intake=Intake(bars=bars([100, 101]), actions=[dividend]))
    acme.refresh_from_db()
    before = (acme.prices_version, acme.adjustments)

    page = preview(admin_client, SecurityPrice, "symbol,timestamp,close\nACME,2026-03-02,99\nACME,2026-03-03,101\n")
    confirm(admin_client, SecurityPrice, page)

    acme.refresh_from_db()
    assert acme.prices_version > before[0]
    assert acme.adjustments != before[1]
    assert [row.diff[-1] for row in page.context["result"].rows] == ["changed", "changed"]  # volume and the like, too


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("ACME,2026-03-02,1,\nACME,2026-03-02 14:00,2,", "2 timestamp: Row 1 is of the same time."),
        ("NEW,2026-03-02,1,", "1 currency: Nothing tells the currency of this security; name it."),
        ("ACME,2026-03-02,1,XYZ", "1 currency: There is no currency XYZ."),
        ("ACME,2026-03-02,1,CAD", "Prices of ACME come in CAD; the stored ones are in USD."),
        ("A B,2026-03-02,1,", "1 symbol: A symbol has up to 32 letters"),
        ("ACME,,1,", "1 timestamp: This is missing."),
        ("ACME,2026-03-02,,", "1 close: This is missing."),
    ],
)
def test_a_price_with_a_fault_is_told(admin_client, rows, fault):
    SecurityFactory(symbol="ACME", currency_id="USD")

    page = preview(admin_client, SecurityPrice, f"symbol,timestamp,close,currency\n{rows}\n")

    assert [told[: len(fault)] for told in faults(page)] == [fault]
    assert not SecurityPrice.objects.exists()


def test_twenty_thousand_prices_are_one_import(admin_client, django_assert_max_num_queries):
    SecurityFactory(symbol="ACME")
    series = bars(["100.5"] * 20_000)
    content = "symbol,interval,timestamp,close\n" + "".join(
        f"ACME,1d,{bar.at:%Y-%m-%d},{bar.close}\n" for bar in series
    )

    with django_assert_max_num_queries(120):
        page = preview(admin_client, SecurityPrice, content)

    assert page.context["result"].totals["new"] + page.context["result"].totals["skip"] == 20_000
    assert page.text.count("<tr") < 300


# ---- Hostile and odd files ----


def test_numbers_of_a_spreadsheet_are_taken_as_they_were_typed_or_refused(admin_client, user):
    AccountFactory(user=user, name="A")
    head = ("owner", "account", "timestamp", "value")
    nine = datetime(2026, 1, 6, 9)  # noqa: DTZ001 - a spreadsheet knows no time zones

    put(
        admin_client, AccountValue,
        sheet(head, (user.email, "A", date(2026, 1, 5), 0.1), (user.email, "A", nine, 1234567890.12)),
        XLSX,
    )  # fmt: skip
    page = preview(
        admin_client, AccountValue,
        sheet(head, (user.email, "A", "2026-01-08", 1234567890123456789)),
        XLSX,
    )  # fmt: skip

    stored = AccountValue.objects.order_by("timestamp").values_list("value", "timestamp__hour")
    assert list(stored) == [(Decimal("0.1"), 12), (Decimal("1234567890.12"), 9)]
    assert faults(page) == [
        "1 value: 1.234567890123457e+18 has more digits than a spreadsheet keeps; format the column as text.",
    ]


def test_numbers_of_json_keep_their_digits(admin_client, user):
    AccountFactory(user=user, name="A")

    row = {"owner": user.email, "account": "A", "timestamp": "2026-01-05", "value": 0}

    put(admin_client, AccountValue, json.dumps([row]).replace(": 0", ": 12345678901234567890.12345678"), JSON)

    assert AccountValue.objects.get().value == Decimal("12345678901234567890.12345678")


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (0.1, "0.1"),
        (1e-7, "1E-7"),
        (123456789.123456, "123456789.123456"),
        (-0.0, "-0.0"),
        (" 1.50 ", "1.50"),
        (7, "7"),
    ],
)
def test_a_cell_is_the_number_that_was_typed(cell, number):
    assert widgets.exact(cell) == Decimal(number)


@pytest.mark.parametrize(
    "cell",
    [0.1 + 0.2, 10**15 + 1, float("nan"), float("inf"), True, "1,5", "1 000", "0x10", "NaN", "1e999", "1" * 65],
)
def test_a_cell_that_may_mean_another_number_is_refused(cell):
    with pytest.raises(ValueError, match=r"is no number|more digits"):
        widgets.exact(cell)


def bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * (limits.MAX_UNPACKED + 1))
    return file.getvalue()


def with_entities():
    source, file = io.BytesIO(sheet(("code",), ("CAD",))), io.BytesIO()
    lol = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(file, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "xl/workbook.xml":
                content = (
                    lol + content.replace(b"Sheet</", b"&b;</").partition(b"?>")[2]
                    if b"?>" in content
                    else lol + content
                )
            new.writestr(item.filename, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "content", "fault"),
    [
        (XLSX, bomb, "The file unpacks to more than 100 MB."),
        (XLSX, with_entities, "This is no XLSX file that can be read."),
        (XLSX, lambda: b"PK\x03\x04 no zip", "This is no XLSX file that can be read."),
        (CSV, lambda: b"\xff\xfe\x00code", "The file is not in UTF-8. A spreadsheet offers “CSV UTF-8” when it saves."),
        (CSV, lambda: b"code,code\nCAD,USD\n", "The first row names the columns, each once, at most 60 of them."),
        (CSV, lambda: b"code,name\nCAD,Dollar,3\n", "Row 2 has more cells than there are columns."),
        (CSV, lambda: b"code\n" + b"x" * 10_001 + b"\n", "Row 2 has a cell of more than 10,000 characters."),
        (
            CSV,
            lambda: b"code\n" + b"x" * 200_000 + b"\n",
            "This is no CSV file: field larger than field limit (131072).",
        ),
        (CSV, lambda: b"code\n" + b"CAD\n" * 50_001, "There are more than 50,000 rows; split the file."),
        (CSV, lambda: b"code\n" * (limits.MAX_BYTES // 5 + 1), "The file is larger than 10 MB."),
        (JSON, lambda: b"[" * 100_000, "This is no JSON: "),
        (JSON, lambda: b'[{"code": NaN}]', "NaN is no number."),
        (JSON, lambda: b'[{"code": ["CAD"]}]', "A cell is a text, a number, true, false or null."),
        (JSON, lambda: b'{"code": "CAD"}', "A table in JSON is a list of objects."),
        (CSV, lambda: b"kode\nCAD\n", "There is no column kode. The columns are"),
        (CSV, lambda: b"name\nCAD\n", "The column code is missing."),
        (CSV, lambda: b"code\n" + b"CAD\n" * 5_001, "There are more than 5,000 rows; split the file."),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_a_sentence(admin_client, form, content, fault):
    page = preview(admin_client, Currency, content(), form)

    assert page.status_code == 200
    assert [told[: len(fault)] for told in faults(page)] == [fault]


def test_a_file_waits_where_nobody_else_reads_it_and_not_for_long(admin_client, settings):
    page = preview(admin_client, Currency, "code,name\nCAD,Dollar\n")
    assert faults(page) == []
    name = page.context["confirm_form"]["import_file_name"].value()
    waiting = WaitingFile(name=name)

    assert waiting.path.stat().st_mode & 0o777 == 0o600
    confirm(admin_client, Currency, page)
    again = confirm(admin_client, Currency, page)

    assert not waiting.path.exists()
    assert "The file is not kept any more; choose it again." in again.text


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "A" * 32])
def test_no_other_file_of_the_server_is_read(admin_client, name):
    sent = {"import_file_name": name, "original_file_name": "x", "format": "0", "resource": "0"}

    page = admin_client.post(address(Currency, "process_import"), sent, follow=True)

    assert page.status_code == 200
    assert "root:" not in page.text


@pytest.mark.parametrize("page", ["import", "export"])
def test_nobody_but_superusers_opens_them(client, user, page):
    client.force_login(user)

    assert client.get(address(Account, page)).status_code == 302


def test_the_pages_keep_the_content_security_policy(admin_client):
    for page in ("import", "export"):
        text = admin_client.get(address(Account, page)).text
        assert " onchange=" not in text
        assert "<script>" not in text
