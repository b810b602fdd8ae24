"""Tables of bad faith: cells of every column, files that are not what they seem, and formulas in exports."""

import csv
import io
import json
import zipfile

import openpyxl
import pytest
from django.contrib import admin

from accounts.models import Account
from currencies.models import Currency
from currencies.tests.factories import CurrencyRateFactory
from finances.tables import limits
from finances.tables.admin import TableAdminMixin, TableExportMixin
from finances.tables.formats import require_harmless
from finances.tables.limits import TableError
from institutions.models import FinancialInstitution
from securities.tests.factories import SecurityActionFactory
from tests.hostile import values
from tests.hostile.conftest import settle
from tests.tables import CSV, JSON, XLSX, confirm, faults, preview, sheet, taken

pytestmark = pytest.mark.django_db
IMPORTED = [model for model, shown in admin.site._registry.items() if isinstance(shown, TableAdminMixin)]
EXPORTED = [model for model, shown in admin.site._registry.items() if isinstance(shown, TableExportMixin)]
by_name = {"ids": lambda model: model.__name__}
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "=cmd|' /C calc'!A0", "\uff1d1+1"]
SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


@pytest.fixture
def filled(stranger):
    SecurityActionFactory()
    CurrencyRateFactory()
    return settle(stranger)


def as_csv(head, *rows):
    file = io.StringIO()
    csv.writer(file).writerows([head, *rows])
    return file.getvalue()


@pytest.mark.parametrize("model", IMPORTED, **by_name)
def test_a_hostile_cell_is_a_fault_of_its_column_or_taken(admin_client, filled, model):
    head, row, *_ = csv.reader(io.StringIO(taken(admin_client, model).text))
    found = []
    for place, column in enumerate(head):
        for name, value in values.some_of(values.TEXTS, place=f"{model} {column}"):
            page = preview(admin_client, model, as_csv(head, [*row[:place], value, *row[place + 1 :]]))
            told = faults(page) if page.status_code == 200 else [f"{page.status_code}"]
            if page.status_code != 200 or any("Traceback" in each or "Error(" in each for each in told):
                found.append(f"{column}, {name}: {told}")
            elif not told and "\0" in value:
                found.append(f"{column}, {name}: taken")
            elif not told and name in {"NUL alone", "right to left", "1 MB", "a script"}:
                done = confirm(admin_client, model, page)
                found += [] if done.status_code == 200 else [f"{column}, {name}: {done.status_code}"]
    assert found == []


@pytest.mark.parametrize("model", EXPORTED, **by_name)
@pytest.mark.parametrize("formula", FORMULAS, ids=repr)
def test_no_text_of_somebody_is_a_formula_in_an_export(admin_client, filled, model, formula):
    FinancialInstitution.objects.update(name=formula, website=formula)
    Account.objects.update(name=formula, description=formula)
    Currency.objects.filter(code="CAD").update(name=formula, symbol=formula[:10])

    written = list(csv.reader(io.StringIO(taken(admin_client, model, CSV).content.decode("utf-8-sig"), newline="")))
    book = openpyxl.load_workbook(io.BytesIO(taken(admin_client, model, XLSX).content))

    cells = [cell for row in written[1:] for cell in row]
    cells += [cell.value for row in book.active.iter_rows(min_row=2) for cell in row if isinstance(cell.value, str)]
    assert cells
    assert [cell for cell in cells if cell.startswith(SIGNS) and not is_number(cell)] == []
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}


def is_number(cell):
    return cell.removeprefix("-").replace(".", "", 1).isdecimal()


def packed(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members:
            written.writestr(name, content)
    return file.getvalue()


def with_sheet(change):
    """Return a workbook whose sheet is as ``change`` makes it."""
    with zipfile.ZipFile(io.BytesIO(sheet(("code", "name"), ("CAD", "Dollar")))) as old:
        parts = [(item.filename, old.read(item)) for item in old.infolist()]
    return packed(*((name, change(content) if "worksheets/sheet1" in name else content) for name, content in parts))


LAUGHS = b'<!DOCTYPE l [<!ENTITY a "%s"><!ENTITY b "%s">]>' % (b"a" * 1000, b"&a;" * 1000)


def laughing(sheet_xml, *, after=b"", encoding="utf-8"):
    body = sheet_xml.partition(b"?>")[2] if sheet_xml.startswith(b"<?xml") else sheet_xml
    text = b'<?xml version="1.0"?>' + after + LAUGHS + body.replace(b"<v>1</v>", b"<v>&b;</v>")
    return text.decode().encode(encoding)


def reading_a_file(sheet_xml):
    body = sheet_xml.partition(b"?>")[2] if sheet_xml.startswith(b"<?xml") else sheet_xml
    return b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + body


BLOCK = 1024 * 1024
WORKBOOKS = {
    "entities": lambda: with_sheet(laughing),
    "entities across two blocks": lambda: with_sheet(
        lambda xml: laughing(xml, after=b" " * (BLOCK - len(b'<?xml version="1.0"?>') - 4))
    ),
    "entities in another encoding": lambda: with_sheet(lambda xml: laughing(xml, encoding="utf-16")),
    "an entity that is a file": lambda: with_sheet(reading_a_file),
    "parts without end": lambda: packed(*((f"xl/worksheets/{number}", b"") for number in range(20_000))),
    "no workbook": lambda: packed(("a.txt", b"a")),
    "a sheet that is none": lambda: with_sheet(lambda xml: b"<html>" + xml),
    "half a sheet": lambda: with_sheet(lambda xml: xml[: len(xml) // 2]),
    "an empty sheet": lambda: with_sheet(lambda _: b""),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_that_is_a_trap_is_refused(admin_client, name):
    before = list(Currency.objects.values())

    page = preview(admin_client, Currency, WORKBOOKS[name](), XLSX)

    assert page.status_code == 200
    assert [told[: len("This is no XLSX file")] for told in faults(page)] == ["This is no XLSX file"]
    assert list(Currency.objects.values()) == before


@pytest.mark.parametrize("name", [name for name in WORKBOOKS if "entit" in name or "parts" in name])
def test_a_trap_is_seen_before_anything_reads_the_xml(name):
    with pytest.raises(TableError):
        require_harmless(WORKBOOKS[name]())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037", "utf-7", "cp1252"])
def test_a_table_in_another_encoding_is_refused_in_a_sentence(admin_client, encoding):
    content = "code,name\nCAD,Dollar é\n".encode(encoding)

    page = preview(admin_client, Currency, content, CSV)

    assert page.status_code == 200
    told = faults(page)
    assert told == [] if encoding == "utf-7" else len(told) == 1


@pytest.mark.parametrize("value", [*values.NOT_JSON.values(), *values.SHAPES.values()], ids=lambda value: value[:20])
def test_a_hostile_value_of_a_table_in_json_is_refused_in_a_sentence(admin_client, value):
    page = preview(admin_client, Currency, f'[{{"code": "CAD", "name": {value}}}]', JSON)

    assert page.status_code == 200
    assert all("Traceback" not in each for each in faults(page))


def test_a_cell_that_is_too_long_is_refused_in_each_format(admin_client):
    long = "x" * (limits.MAX_CELL + 1)
    contents = {CSV: as_csv(["code", "name"], ["CAD", long]), JSON: json.dumps([{"code": "CAD", "name": long}])}
    contents[XLSX] = sheet(("code", "name"), ("CAD", long))

    told = {form: faults(preview(admin_client, Currency, content, form)) for form, content in contents.items()}

    assert all(each == ["Row 2 has a cell of more than 10,000 characters."] for each in told.values())
