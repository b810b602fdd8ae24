"""Which days to ask a provider for, from what is stored already. No I/O, no clock."""

from datetime import date, timedelta
from typing import NamedTuple

from securities.intervals import Interval
from securities.providers.protocol import Limit

# Where "everything" begins; no exchange's daily prices are to be had from before.
EARLIEST = date(1900, 1, 1)
# How far new bars reach back over stored ones. The last stored bar is often partial, and the overlap shows splits
# and changes of unit that nobody announced.
OVERLAP = {
    Interval.MINUTE: timedelta(hours=1),
    Interval.HOUR: timedelta(days=1),
    Interval.DAY: timedelta(days=7),
    Interval.WEEK: timedelta(days=28),
    Interval.MONTH: timedelta(days=93),
}


class Window(NamedTuple):
    """Days from ``since`` up to, and without, ``until``."""

    since: date
    until: date


class Stored(NamedTuple):
    """The days of the first and the last stored bar."""

    first: date
    last: date


def oldest_kept(limit: Limit, *, today: date) -> date:
    """Return the first day whose prices a provider still keeps."""
    return today - timedelta(days=min(limit.days_back, (today - date.min).days)) if limit.days_back else date.min


def plan(interval: Interval, *, since: date, today: date, limit: Limit, stored: Stored | None = None) -> list[Window]:
    """Return the windows that bring a series from ``since`` up to date, newest part first.

    With bars stored: from the last one minus the overlap to tomorrow, then what is missing before the first one. Days
    that the provider no longer keeps are left out; each window spans what one request may.
    """
    tomorrow = today + timedelta(days=1)
    oldest = oldest_kept(limit, today=today)
    start = max(since, oldest)
    if stored is None:
        return cut(Window(start, tomorrow), limit=limit)
    overlapping = max(stored.last - max(OVERLAP[interval], timedelta(days=1)), oldest)
    wanted = [Window(min(overlapping, tomorrow), tomorrow)]
    if start < stored.first:
        wanted.append(Window(start, stored.first))
    return [window for each in wanted for window in cut(each, limit=limit)]


def cut(window: Window, *, limit: Limit) -> list[Window]:
    """Cut ``window`` into pieces that one request may span, oldest first; an empty one into none."""
    if window.since >= window.until:
        return []
    if limit.days_per_request is None:
        return [window]
    pieces, start = [], window.since
    while start < window.until:
        end = min(start + timedelta(days=limit.days_per_request), window.until)
        pieces.append(Window(start, end))
        start = end
    return pieces
