"""Pictures of numbers, drawn by pygal as SVG that stands in a page: the admin's style sheet says how they look."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pygal
from django.utils.safestring import SafeString, mark_safe
from pygal.style import Style

from finances import money

# Sizes are in units of the picture, which is as wide as its place allows; admin.css has those of its letters, too.
COLUMNS, LINE = (280, 90), (640, 240)
BAR = (100, 10)
LETTERS, LETTERS_OF_LINES = 11, 20
NOTHING_AROUND = {
    "margin": 0,
    "show_x_labels": False,
    "show_y_labels": False,
    "show_x_guides": False,
    "show_y_guides": False,
}


class Mark(NamedTuple):
    """A number in a picture: what it ``says``, where its rows are, and its CSS class, if it has one of its own."""

    value: int
    says: str
    address: str = ""
    tone: str = ""

    def drawn(self, value: int, *, is_first: bool = False) -> dict[str, Any]:
        """Return it in pygal's words, as high as ``value``. Who uses no mouse meets only what is its first link."""
        told: dict[str, Any] = {"value": value, "tooltip": self.says}
        if self.address:
            hidden = {} if is_first else {"tabindex": "-1", "aria-hidden": "true"}
            told["xlink"] = {"href": self.address, "target": "_self", **hidden}
        if self.tone:
            told["node"] = {"class": self.tone}
        return told


class Point(NamedTuple):
    """What something cost on a day."""

    day: date
    value: Decimal


def bars(marks: Sequence[Mark]) -> SafeString:
    """Draw bars that lie, the first on top, each as high as the others: beside rows of text, which are links, too."""
    width, height = BAR
    chart = pygal.HorizontalBar(
        width=width, height=height * len(marks), range=(0, highest(marks)), **NOTHING_AROUND, **plain(LETTERS)
    )
    chart.add("", [mark.drawn(mark.value) for mark in reversed(marks)])  # pygal begins at the bottom
    return written(chart, says="", is_stretched=True)


def columns(marks: Sequence[Mark], *, ends: tuple[str, str]) -> SafeString:
    """Draw columns that stand, with what is at both ``ends``. What is above a column is a link as it is."""
    width, height = COLUMNS
    top = highest(marks)
    chart = pygal.StackedBar(
        width=width,
        height=height,
        margin=2,
        margin_top=6,
        margin_right=8,
        y_labels=[0, top],
        show_minor_x_labels=False,
        **plain(LETTERS),
    )
    chart.x_labels, chart.x_labels_major = [ends[0], *[""] * (len(marks) - 2), ends[1]], list(ends)
    chart.add("", [mark.drawn(mark.value, is_first=True) for mark in marks])
    chart.add("", [mark.drawn(top - mark.value) for mark in marks])
    return written(chart, says="")


def highest(marks: Sequence[Mark]) -> int:
    """Return the largest number, 1 at least: something has to be the height of a picture."""
    return max((mark.value for mark in marks), default=0) or 1


def line(points: Sequence[Point]) -> SafeString:
    """Draw ``points``, oldest first, as a line over their days. Without two points there is nothing to draw."""
    if len(points) < 2:  # noqa: PLR2004
        return SafeString("There are not enough prices for a picture.")
    width, height = LINE
    chart = pygal.XY(width=width, height=height, margin=4, show_dots=False, max_scale=5, **plain(LETTERS_OF_LINES))
    chart.x_value_formatter = lambda number: date.fromordinal(round(number)).isoformat()
    days = [point.day.toordinal() for point in points]
    sixth = len(days) // 6
    chart.x_labels = sorted({days[sixth], days[len(days) // 2], days[-1 - sixth]})
    chart.add("", [(day, float(point.value)) for day, point in zip(days, points, strict=True)])
    values = [point.value for point in points]
    low, high = money.plain(min(values)), money.plain(max(values))
    return written(chart, says=f"{low} to {high}, {points[0].day} to {points[-1].day}")


def plain(letters: int) -> dict[str, Any]:
    """Return the options of every picture: no legend, no script, room for ``letters`` of that height."""
    style = Style(label_font_size=letters, major_label_font_size=letters)
    return {
        "show_legend": False,
        "js": (),
        "disable_xml_declaration": True,
        "style": style,
        "truncate_label": -1,
        "value_formatter": lambda value: money.plain(Decimal(str(value))),
    }


def written(chart: Any, *, says: str, is_stretched: bool = False) -> SafeString:
    """Return a chart as SVG, without the styles and scripts that the security policy of the admin forbids.

    ``is_stretched`` lets it fill its place whatever the shape of that. What it ``says`` is for who does not see it.
    """

    def strip(root: Any) -> Any:
        for parent in list(root.iter()):
            for child in list(parent):
                if (
                    child.tag in {"style", "script", "desc"}
                    or not isinstance(child.tag, str)
                    or "style" in child.attrib
                ):
                    parent.remove(child)
        root.attrib.pop("id")
        root.find("title").text = says
        if is_stretched:
            root.set("preserveAspectRatio", "none")
        return root

    drawn: str = chart.add_xml_filter(strip).render()
    return mark_safe(drawn)  # noqa: S308 - what is text in it was escaped with the tree
