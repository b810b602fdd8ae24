"""A day without a time is a day of its owner, in whatever zone, also when the clocks are changed."""

from datetime import UTC, date, datetime

import pytest

from accounts.tests.factories import AccountFactory, AccountValueFactory, InvestmentAccountFactory
from securities.tests.factories import SecurityActionFactory, SecurityFactory, SecurityPriceFactory

ZONES = {
    "toronto": "America/Toronto",
    "tokyo": "Asia/Tokyo",
    "auckland": "Pacific/Auckland",
    "kiritimati": "Pacific/Kiritimati",
}
NOONS = [  # of each zone an ordinary day, and days on which the clocks are changed
    ("toronto", "2026-01-15", "2026-01-15T17:00:00Z"),
    ("toronto", "2026-03-08", "2026-03-08T16:00:00Z"),
    ("toronto", "2025-11-02", "2025-11-02T17:00:00Z"),
    ("tokyo", "2026-01-15", "2026-01-15T03:00:00Z"),
    ("auckland", "2026-01-15", "2026-01-14T23:00:00Z"),
    ("auckland", "2025-09-28", "2025-09-27T23:00:00Z"),
    ("auckland", "2026-04-05", "2026-04-05T00:00:00Z"),
    ("kiritimati", "2026-01-15", "2026-01-14T22:00:00Z"),
]
pytestmark = pytest.mark.django_db


@pytest.fixture
def january(time_machine):
    """It is 2026-01-07 at noon, UTC."""
    time_machine.move_to(datetime(2026, 1, 7, 12, tzinfo=UTC), tick=False)


@pytest.fixture
def settle(user):
    """Return a function that moves the user."""

    def move(place):
        user.timezone = ZONES[place]
        user.save()

    return move


@pytest.mark.parametrize("name", ["date", "timestamp"])
@pytest.mark.parametrize("told", NOONS)
def test_a_day_is_stored_as_its_noon_and_shown_as_the_same_day(api, user, settle, told, name):
    place, day, noon = told
    settle(place)
    account = AccountFactory(user=user)

    body = api.post(f"/api/v1/accounts/{account.pk}/values", {"value": 1, name: day}).json()

    assert (body["timestamp"], body["date"]) == (noon, day)


@pytest.mark.parametrize(("place", "day"), [told[:2] for told in NOONS])
def test_a_day_means_all_of_it_in_a_range(api, user, settle, place, day):
    settle(place)
    account = AccountFactory(user=user)
    url = f"/api/v1/accounts/{account.pk}/values"
    for offset in (-1, 0, 1):
        api.post(url, {"value": 1, "date": str(date.fromordinal(date.fromisoformat(day).toordinal() + offset))})

    found = api.get(url, {"start": day, "end": day}).json()

    assert [row["date"] for row in found] == [day]


@pytest.mark.parametrize(
    ("place", "first", "last"),
    [  # of the days on which the clocks are changed, 23 and 25 hours
        ("toronto", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z"),
        ("toronto", "2025-11-02T04:00:00Z", "2025-11-03T04:59:59Z"),
        ("auckland", "2025-09-27T12:00:00Z", "2025-09-28T10:59:59Z"),
        ("kiritimati", "2026-01-14T10:00:00Z", "2026-01-15T09:59:59Z"),
    ],
)
def test_the_first_and_the_last_second_of_a_day_are_in_it(api, user, settle, place, first, last):
    settle(place)
    account = AccountFactory(user=user)
    url = f"/api/v1/accounts/{account.pk}/values"
    shown = [api.post(url, {"value": 1, "timestamp": instant}).json()["date"] for instant in (first, last)]

    found = api.get(url, {"start": shown[0], "end": shown[0]}).json()

    assert shown[0] == shown[1]
    assert [row["timestamp"] for row in found] == [last, first]


def test_a_day_that_is_sent_back_as_it_was_shown_keeps_its_time(api, user, settle):
    settle("toronto")
    value = AccountValueFactory(account__user=user, timestamp=datetime(2026, 1, 3, 2, tzinfo=UTC))
    path = f"/api/v1/accounts/{value.account_id}/values/{value.pk}"
    shown = api.get(path).json()

    kept = api.put(path, {"value": 5, "date": shown["date"]}).json()
    whole = api.put(path, shown).json()

    assert shown["date"] == kept["date"] == "2026-01-02"
    assert kept["timestamp"] == whole["timestamp"] == "2026-01-03T02:00:00Z"


@pytest.mark.parametrize("place", ZONES)
def test_a_holding_as_of_the_day_of_a_split_is_not_split_again(january, api, user, settle, place):
    settle(place)
    security = SecurityFactory()
    SecurityPriceFactory(security=security, timestamp=datetime(2026, 1, 6, tzinfo=UTC), close="25")
    SecurityActionFactory(security=security, kind="split", date=date(2026, 1, 5), value="4")
    holdings = f"/api/v1/accounts/{InvestmentAccountFactory(user=user).pk}/holdings"

    body = api.post(
        holdings, {"security_id": security.symbol, "quantity": 40, "average_cost": 25, "timestamp": "2026-01-05"}
    ).json()

    valued = api.get(f"/api/v1/accounts/{body['account_id']}/valuation?currency=USD").json()
    assert (body["quantity_today"], body["market_value"]) == (40, 1000)
    assert valued["value"] == 1000, valued
