"""A picture of a price series, as SVG that needs no script."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from finances import money

WIDTH, HEIGHT, MARGIN = 640, 180, 24
MAX_POINTS = 320


class Point(NamedTuple):
    """What something cost on a day."""

    day: date
    value: Decimal


def line_chart(points: Sequence[Point]) -> SafeString:
    """Draw ``points``, oldest first, as a line with its lowest and highest value and its first and last day.

    Of more points than can be seen, every so many-th is drawn. Without two points there is nothing to draw.
    """
    if len(points) < 2:  # noqa: PLR2004
        return format_html("{}", "There are not enough prices for a picture.")
    step = -(-len(points) // MAX_POINTS)
    shown = [*points[:-1:step], points[-1]]
    low, high = min(shown, key=lambda point: point.value), max(shown, key=lambda point: point.value)
    title = f"{money.plain(low.value)} to {money.plain(high.value)}, {shown[0].day} to {shown[-1].day}"
    return format_html(
        '<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        'xmlns="http://www.w3.org/2000/svg" font-size="11" fill="currentColor"><title>{title}</title>'
        '<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        '<text x="0" y="12">{high}</text><text x="0" y="{bottom}">{low}</text>'
        '<text x="{left}" y="{height}">{first}</text>'
        '<text x="{width}" y="{height}" text-anchor="end">{last}</text></svg>',
        width=WIDTH,
        height=HEIGHT,
        bottom=HEIGHT - MARGIN,
        left=0,
        title=title,
        path=path(shown),
        high=money.plain(high.value),
        low=money.plain(low.value),
        first=shown[0].day,
        last=shown[-1].day,
    )


def path(points: Sequence[Point]) -> str:
    """Return the line through ``points`` in the coordinates of the picture."""
    values = [float(point.value) for point in points]
    days = [point.day.toordinal() for point in points]
    low, height = min(values), (max(values) - min(values)) or 1.0
    first, length = days[0], (days[-1] - days[0]) or 1
    room = HEIGHT - 2 * MARGIN
    places = [
        f"{(day - first) / length * WIDTH:.1f},{MARGIN + room - (value - low) / height * room:.1f}"
        for day, value in zip(days, values, strict=True)
    ]
    return "M" + " L".join(places)
