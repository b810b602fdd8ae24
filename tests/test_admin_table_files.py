"""What may be wrong with a file, and what a price list may hold: refused in a sentence, and nothing kept."""

import io
import json
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Account, AccountValue
from accounts.tests.factories import AccountFactory, AccountValueFactory
from currencies.models import Currency
from finances.tables import limits, widgets
from finances.tables.storage import WaitingFile
from securities import ingest
from securities.actions import Action, ActionKind
from securities.intake import Intake
from securities.intervals import Interval
from securities.models import QuarantinedRecord, Security, SecurityPrice
from securities.tests.factories import SecurityFactory
from securities.tests.shelf import bars
from tests.tables import CSV, JSON, XLSX, address, confirm, faults, preview, put, sheet, taken
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


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


def packed_with(name, size):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, b" " * size)
    return file.getvalue()


def bomb():
    return packed_with("xl/worksheets/sheet1.xml", limits.MAX_UNPACKED + 1)


def decoration():
    return packed_with("xl/styles.xml", limits.MAX_OTHER_PART + 1)


def many_names():
    return b"[" + b",".join(b'{"k%d": 1}' % number for number in range(40_000)) + b"]"


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
        (XLSX, decoration, "This is no XLSX file that can be read: it is nearly all decoration."),
        (JSON, many_names, "The first row names the columns, each once, at most 60 of them."),
        (JSON, lambda: b"[" + b"{}," * 50_001 + b"{}]", "There are more than 50,000 rows; split the file."),
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


def test_a_preview_that_none_of_ours_is_imported_from_is_none(admin_client):
    sent = {"import_file_name": "a" * 32, "original_file_name": "x", "format": "77", "resource": "9"}

    page = admin_client.post(reverse("admin:currencies_currency_process_import"), sent, follow=True)

    assert page.status_code == 200
    assert "choose it again" in page.text or "previewed" in page.text


def test_an_instant_beyond_all_days_is_a_fault_of_its_row(admin_client):
    page = preview(admin_client, SecurityPrice, "symbol,timestamp,close,currency\nC,9999-12-31T23:59:59-14:00,1,USD\n")

    assert page.status_code == 200
    assert "before or after all days" in str(faults(page))


def test_an_owner_whose_address_looks_like_a_formula_is_found_again(admin_client):
    owner = UserFactory(email="=minus@example.org")
    AccountValueFactory(account=AccountFactory(user=owner))
    content = taken(admin_client, AccountValue, CSV).content

    assert faults(preview(admin_client, AccountValue, content)) == []
