"""Days that move to another time zone do so in an order in which none meets another."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from finances.kept_days import moves
from finances.local_days import day_of, noon_of

# The first four have crossed the date line since 1993, two of them at the end of 2011; the others are far apart.
ZONES = [
    "Pacific/Apia", "Pacific/Fakaofo", "Pacific/Kwajalein", "Pacific/Kiritimati", "America/Adak", "Pacific/Pago_Pago",
    "Asia/Tokyo", "Africa/Casablanca", "UTC",
]  # fmt: skip
STARTS = [date(1993, 8, 15), date(1994, 12, 25), date(2011, 12, 20), date(2026, 3, 1)]


def after(rows, taken):
    """Store each move in turn, as the database does, and see that no two rows are ever in one place."""
    places = {(at, alike): key for key, at, alike in rows}
    at_of = {key: place for place, key in places.items()}
    for to, key in taken:
        place = (to, at_of[key][1])
        assert place not in places
        del places[at_of[key]]
        places[place], at_of[key] = key, place
    return at_of


@pytest.mark.parametrize(("was", "becomes"), list(itertools.permutations(ZONES, 2)))
def test_none_meets_another_on_its_way(was, becomes):
    old, new = ZoneInfo(was), ZoneInfo(becomes)
    days = [start + timedelta(days=number) for start in STARTS for number in (0, 1, 2, 4, 5, 6, 9, 10, 11, 12, 13)]
    instants = {noon_of(day, old) for day in days} | {noon_of(day, new) for day in days[::7]}
    instants |= {datetime(2012, 1, 1, 5, 17, tzinfo=UTC)}
    rows = [
        (f"{account} {number}", at, account)
        for account in ("one", "another")
        for number, at in enumerate(sorted(instants))
    ]

    taken, held_up = moves(rows, old, new)

    left = after(rows, taken)
    for key, at, account in rows:
        day = day_of(at, old)
        goal = noon_of(day, new) if at == noon_of(day, old) else at
        is_there = left[key] == (goal, account)
        assert is_there or ((key, at) in held_up and (goal, account) in left.values())
