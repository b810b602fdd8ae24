"""What a series costs, and what it tells of those it cannot tell all of."""

from datetime import date, timedelta

import orjson

from portfolio.api import shown
from portfolio.series import series
from portfolio.services import NetWorth
from portfolio.tests.household import account, household, security

FIRST = date(2020, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(1000)]


class Counting(list):
    """A list that counts how many of its items were looked at."""

    count = 0

    def __iter__(self):
        self.count += len(self)
        return super().__iter__()

    def __getitem__(self, place):
        found = super().__getitem__(place)
        self.count += len(found) if isinstance(place, slice) else 1
        return found


def test_a_series_looks_at_each_close_once_however_often_something_was_bought():
    splits = [("2020-06-01", "4"), ("2021-06-01", "0.333333333333")]
    shares = security(closes=[(day.isoformat(), "10.5") for day in DAYS], splits=splits, currency="CAD")
    bought = [(day.isoformat(), str(number)) for number, day in enumerate(DAYS[::10], start=1)]
    found = household(account(values=[(FIRST.isoformat(), "0", "0")], held=[(shares, bought)]))
    shares.closes.__dict__["scaled"] = looked_at = Counting(shares.closes.scaled)

    points = list(series(found, DAYS))

    assert points[-1].net_worth.value == 100 * 10.5  # bought after both splits
    assert points[155].net_worth.value == 4 * 16 * 10.5  # 16 of 2020-05-30, split into four on 2020-06-01
    assert 0 < looked_at.count <= 2 * len(DAYS)


def told(found, days):
    answer = shown.net_worth(NetWorth((), series(found, days)), currency="CAD", interval="day", places=2)
    return orjson.loads(orjson.dumps(answer, default=float))


def test_what_is_missing_is_told_with_its_days_and_named_by_each_point():
    shares = security("A", closes=[("2020-01-05", "10"), ("2020-02-05", "10")], currency="CAD")
    found = household(account(values=[("2020-01-02", "0", "0")], held=[(shares, [("2020-01-01", "1")])]))

    answer = told(found, DAYS[:50])

    assert [(each["kind"], each["name"], each["first_on"], each["last_on"]) for each in answer["missing"]] == [
        ("value", "Chequing", "2020-01-01", "2020-01-01"),
        ("price", "A", "2020-01-01", "2020-02-19"),
    ]
    missing = {point["date"]: point["missing"] for point in answer["points"]}
    assert [missing[day] for day in ("2020-01-01", "2020-01-04", "2020-01-15", "2020-01-16", "2020-02-05")] == [
        [0, 1], [1], [], [1], [],
    ]  # fmt: skip
    assert [point["missing_count"] for point in answer["points"]] == [len(each) for each in missing.values()]


def test_very_much_that_is_missing_on_very_many_days_is_counted():
    held = [(security(f"S{number}", currency="CAD"), [(DAYS[0].isoformat(), "1")]) for number in range(500)]
    found = household(account(values=[(FIRST.isoformat(), "0", "0")], held=held))

    answer = told(found, DAYS)

    assert (len(answer["missing"]), answer["missing_count"]) == (200, 500)
    assert {(len(point["missing"]), point["missing_count"]) for point in answer["points"]} == {(20, 500)}
    assert len(orjson.dumps(answer)) < 300_000
