"""Files as Yahoo, Stooq and others write them."""

import gzip
import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from finances.exceptions import InvalidValueError
from securities.bars import Bar
from securities.intervals import Interval
from securities.providers import csv_files, csv_values
from securities.providers.csv_files import Layout
from securities.tests.shelf import at, dividend, split

YAHOO = """Date,Open,High,Low,Close,Adj Close,Volume
2004-08-19,2.250714,2.275714,2.168571,2.193571,1.966391,97230000
2004-08-20,2.193571,2.213571,2.177857,2.200000,1.972154,79195200
"""
STOOQ = """<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>
AAPL.US,D,20240102,000000,187.15,188.44,183.885,185.64,82488700,0
AAPL.US,D,20240103,000000,184.22,185.88,183.43,184.25,58414500,0
"""
HOURS = "\n2024-01-02 09:30:00,2\n2024-01-02 10:30:00,3\n"


def parse(text, **options):
    return csv_files.parse(text, **options)


def closes(file):
    return [(bar.at.date().isoformat(), str(bar.close)) for bar in file.history.bars]


def test_yahoos_layout():
    file = parse(YAHOO)

    assert (file.layout, file.interval, file.row_count) == (Layout.YAHOO, Interval.DAY, 2)
    assert file.history.bars[0] == Bar(
        at("2004-08-19"), Decimal("2.250714"), Decimal("2.275714"), Decimal("2.168571"), Decimal("2.193571"), 97_230_000
    )
    assert file.history.adjusted_closes[at("2004-08-19")] == Decimal("1.966391")


def test_the_layout_of_yahoos_libraries_with_actions():
    file = parse(
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
        "2023-03-30 00:00:00+09:00,4257,4268,4119,4161,5535200,55.0,5.0\n"
        "2023-03-29 00:00:00+09:00,4146,4211,4146,4206,6514500,0.0,0.0\n"
    )

    assert closes(file) == [("2023-03-29", "4206"), ("2023-03-30", "4161")]
    assert file.history.actions == [dividend("2023-03-30", 55), split("2023-03-30", 5)]
    assert file.history.is_split_adjusted is None


def test_stooqs_layout():
    file = parse(STOOQ, symbol="AAPL")

    assert (file.layout, file.interval) == (Layout.STOOQ, Interval.DAY)
    assert closes(file) == [("2024-01-02", "185.64"), ("2024-01-03", "184.25")]


def test_stooqs_times_stand_in_a_column_of_their_own():
    file = parse(STOOQ.replace(",D,", ",60,").replace("000000", "153000"))

    assert (file.interval, file.history.bars[0].at) == (Interval.HOUR, at("2024-01-02T15:30"))


@pytest.mark.parametrize(
    "text",
    [
        "date;close\n02.01.2024;1.185,64\n03.01.2024;184,25\n",
        "Date\tClose\n1/2/2024\t1185.64\n1/31/2024\t184.25\n",
        "day|last\n20240102|1185.64\n20240103|184.25\n",
        'Date,Close\n"Jan 2, 2024","1,185.64"\n"Jan 3, 2024",184.25\n',
        "Date,SP500\r\n2024-01-02,1185.64\r\n2024-01-03,184.25\r\n",
        ",Close\n2024-01-02,1185.640000\n2024-01-03,184.25",
        "AAPL.Date,AAPL.Close,AAPL.Volume\n2024-01-02,1185.64,\n2024-01-03,184.25,NaN\n",
    ],
)
def test_many_ways_to_write_the_same(text):
    file = parse(text, interval=Interval.DAY)

    assert [bar.close for bar in file.history.bars] == [Decimal("1185.64"), Decimal("184.25")]
    assert file.history.bars[0].at == at("2024-01-02")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_files_of_any_encoding_plain_or_zipped(tmp_path, encoding, pack):
    path = tmp_path / "prices.csv"
    path.write_bytes(pack("Date,Währung,Close\n2024-01-02,€,1\n2024-01-03,€,2\n".encode(encoding)))

    assert closes(csv_files.read(path)) == [("2024-01-02", "1"), ("2024-01-03", "2")]


def test_an_instant_without_an_offset_is_of_the_exchange():
    file = parse(f"Datetime,Close{HOURS}", zone=ZoneInfo("America/New_York"))

    assert (file.interval, file.history.bars[0].at) == (Interval.HOUR, at("2024-01-02T14:30"))


def test_the_day_of_a_bar_is_the_exchanges():
    file = parse("Date,Close\n2023-04-13 00:00:00+09:00,1\n2023-04-14 00:00:00+09:00,2\n")

    assert [bar.at for bar in file.history.bars] == [at("2023-04-13"), at("2023-04-14")]


def test_rows_that_are_no_bars_are_told_with_their_numbers():
    file = parse("Date,Open,Close\n2024-01-02,1,1\nTotal,,\n2024-01-03,x,2\n2024-01-04,1,\n\n2024-01-05,1,3\n")

    assert closes(file) == [("2024-01-02", "1"), ("2024-01-05", "3")]
    assert [(skipped.row, skipped.reason) for skipped in file.history.skipped] == [
        (3, "'Total' is not a date"),
        (4, "'x' is not a number"),
        (5, "there is no close"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no date"),
        ("Date,Close\n", "it has no rows"),
        ("Open,High\n1,2\n", "no date"),
        ("Date,Open\n", "it has no rows"),
        ("Date,Open,High\n2024-01-02,1,2\n", "no close"),
        ("Date,Close,Last\n2024-01-02,1,2\n", "more than one close"),
        ("Date,Close\n1/2/2024,1\n2/3/2024,2\n", "whether the day or the month comes first"),
        ("Date,Close\n2024-01-02,1\n", "its interval cannot be told"),
        ("Date,Close\n2024-01-02T10:00,1\n2024-01-02T10:15,1\n", "0:15:00 apart"),
        ("Symbol,Date,Close\nIBM,2024-01-02,1\n", "there is nothing of AAPL"),
    ],
)
def test_what_is_no_file_of_prices_is_refused(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse(text, symbol="AAPL")


@pytest.mark.parametrize(
    "content", [b"\x1f\x8bbroken", b"\x00\x01\x02", b"\xff\xfe\x00", b'Date,Close\n"' + b"x" * 200_000]
)
def test_a_damaged_file_is_refused_and_never_a_crash(tmp_path, content):
    path = tmp_path / "damaged.csv"
    path.write_bytes(content)

    with pytest.raises(InvalidValueError, match=r"damaged\.csv cannot be read"):
        csv_files.read(path)


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "MAX_BYTES", 1000)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"0" * 100_000))

    with pytest.raises(InvalidValueError, match="too large"):
        csv_files.read(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("118.69", "118.69"),
        ("10.380000114440918", "10.38"),  # a 32-bit float
        ("0.14550000429153442", "0.1455"),
        ("14.700000000000001", "14.7"),  # a 64-bit float
        ("4.186662803811", "4.186662803811"),
        ("1e-7", "1E-7"),
        ("-37.63", "-37.63"),
        ("1,234,567.5", "1234567.5"),
        ("", None),
        ("null", None),
        ("NaN", None),
    ],
)
def test_numbers_are_what_was_meant(text, value):
    assert csv_values.read_number(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("text", ["1.2.3", "1_000", "٣", "0x10", "Infinity", "1e9999", "1" * 65, "=1+1", "12%"])
def test_other_things_are_no_numbers(text):
    with pytest.raises(ValueError, match="is not a number"):
        csv_values.read_number(text)


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (["1/2/2024", "1/31/2024"], date(2024, 1, 2)),
        (["1/2/2024", "31/1/2024"], date(2024, 2, 1)),
        (["11/5/2019 9:30", "11/6/2019 9:30"], date(2019, 11, 5)),
        (["1.2.2024", "2.2.2024"], date(2024, 2, 1)),
    ],
)
def test_all_dates_of_a_file_tell_the_order_of_day_and_month(dates, first):
    assert csv_values.moment_reader(dates)(dates[0]).date() == first


def test_a_file_of_more_rows_than_there_may_be_is_refused(monkeypatch):
    monkeypatch.setattr(csv_files, "MAX_ROWS", 2)

    with pytest.raises(ValueError, match="it has more than 2 rows of one security; split it"):
        csv_files.parse("date,close\n" + "".join(f"2024-01-0{day},1\n" for day in (2, 3, 4)))


def test_a_pipe_that_nobody_writes_to_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")

    with pytest.raises(InvalidValueError, match=r"^pipe\.csv cannot be read: it is no regular file\.$"):
        csv_files.read(tmp_path / "pipe.csv")


def test_a_device_without_end_is_refused():
    with pytest.raises(InvalidValueError, match=r"^zero cannot be read: it is no regular file\.$"):
        csv_files.read(Path("/dev/zero"))
