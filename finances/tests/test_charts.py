"""Pictures of numbers: their shapes, their links, and nothing in them that a security policy forbids."""

import re
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from finances import charts
from finances.charts import Mark, Point

XLINK = "{http://www.w3.org/1999/xlink}href"
DAYS = [Mark(count, f"day {number}: {count}", f"/rows?day={number}&x=1") for number, count in enumerate([2, 0, 4])]


def points(*values):
    return [Point(date(2026, 3, 1) + timedelta(days=number), Decimal(value)) for number, value in enumerate(values)]


def parsed(drawn):
    """Return the elements of a picture by their names; it is well-formed."""
    root = ET.fromstring(drawn)  # noqa: S314 - of our own making
    elements = {}
    for element in root.iter():
        elements.setdefault(element.tag.rpartition("}")[2], []).append(element)
    return elements


def lengths(drawn, side):
    return [float(bar.get(side, 0)) for bar in parsed(drawn)["rect"] if bar.get("class") != "background"]


def test_bars_lie_in_their_order_and_are_as_long_as_their_numbers():
    drawn = charts.bars([Mark(1, "a"), Mark(0, "b"), Mark(4, "c", tone="bad")])

    bars = {title.text: bar for title, bar in zip(parsed(drawn)["title"][1:], parsed(drawn)["rect"][2:], strict=True)}
    first, none, last = (bars[name] for name in "abc")
    assert float(first.get("y")) < float(none.get("y")) < float(last.get("y"))
    assert float(last.get("width")) == pytest.approx(4 * float(first.get("width")))
    assert none.get("width") is None
    assert last.get("class") == "bad"


def test_columns_stand_over_their_days_and_the_whole_height_of_each_is_a_link():
    drawn = charts.columns(DAYS, ends=("1 Mar", "3 Mar"))

    heights = lengths(drawn, "height")
    assert heights[2] == pytest.approx(2 * heights[0])
    assert [below + above for below, above in zip(heights[:3], heights[3:], strict=True)] == [
        pytest.approx(heights[2])
    ] * 3
    assert [text.text for text in parsed(drawn)["text"]] == ["0", "4", "1 Mar", "3 Mar"]
    links = [(link.get(XLINK), link.get("tabindex")) for link in parsed(drawn)["a"]]
    addresses = [mark.address for mark in DAYS]
    assert links == [(each, None) for each in addresses] + [(each, "-1") for each in addresses]


def test_days_without_anything_have_columns_of_no_height():
    drawn = charts.columns([Mark(0, "none")] * 3, ends=("1 Mar", "3 Mar"))

    assert lengths(drawn, "height")[:3] == [0, 0, 0]


def test_a_line_goes_up_with_its_values_and_says_from_where_to_where():
    drawn = charts.line(points("1", "3", "2"))

    (path,) = re.findall(r'd="M([^"]*)" class="line reactive', drawn)
    numbers = [float(number) for number in path.replace("L", "").split()]
    (x1, x2, x3), (y1, y2, y3) = numbers[::2], numbers[1::2]
    assert x3 - x2 == pytest.approx(x2 - x1)
    assert y1 - y2 == pytest.approx(2 * (y1 - y3))
    assert parsed(drawn)["title"][0].text == "1 to 3, 2026-03-01 to 2026-03-03"


def test_small_prices_are_written_out():
    labels = [text.text for text in parsed(charts.line(points("0.00002", "0.00006")))["text"]]

    assert "0.00004" in labels
    assert not any("e" in label for label in labels)


def test_a_flat_line_can_be_drawn_and_one_of_less_than_two_prices_cannot():
    assert "<svg" in charts.line(points("7", "7"))
    assert charts.line(points("7")) == "There are not enough prices for a picture."


@pytest.mark.parametrize(
    "drawn",
    [charts.bars(DAYS), charts.columns(DAYS, ends=("1 Mar", "3 Mar")), charts.line(points("1", "3", "2"))],
    ids=["bars", "columns", "line"],
)
def test_a_picture_brings_no_script_and_no_style_and_is_the_same_each_time(drawn):
    assert {"script", "style"} & parsed(drawn).keys() == set()
    assert "style=" not in drawn
    assert "id=" not in drawn
    assert "<!--" not in drawn


def test_what_a_mark_says_is_text_and_nothing_else():
    drawn = charts.bars([Mark(1, "<script>alert(1)</script>", '/rows?"><script>')])

    assert "<script" not in drawn
    assert parsed(drawn)["title"][1].text == "<script>alert(1)</script>"
    assert parsed(drawn)["a"][0].get(XLINK) == '/rows?"><script>'
