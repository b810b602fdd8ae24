"""What a series costs, and what it tells of those it cannot tell all of."""

from datetime import date, timedelta

from portfolio.series import series
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
