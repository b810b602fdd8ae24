"""A picture of a price series, as SVG that needs no script."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString

from finances import money

# In units of the picture, which is as wide as its page: words stand beside it, so that they keep their size.
WIDTH, HEIGHT, MARGIN = 640, 180, 6
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
        '<figure class="chart"><div class="chart-body">'
        '<div class="chart-scale"><span>{high}</span><span>{low}</span></div>'
        '<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" aria-label="{title}" '
        'xmlns="http://www.w3.org/2000/svg"><title>{title}</title>'
        '<path d="{path}" fill="none" stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke"/>'
        '</svg><div class="chart-days"><span>{first}</span><span>{last}</span></div></div></figure>',
        width=WIDTH,
        height=HEIGHT,
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
