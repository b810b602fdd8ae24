"""Whoever moves to another time zone keeps the days that they told; see docs/adr/0018."""

from datetime import UTC, date, datetime

import pytest
from django.urls import reverse

from accounts.models import AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory
from finances.local_days import noon_of
from finances.time_zones import zone_of
from users.tests.test_admin import form_of

pytestmark = pytest.mark.django_db
TORONTO, TOKYO = "America/Toronto", "Asia/Tokyo"
DAYS = [date(2026, 1, day) for day in (29, 30, 31)] + [date(2026, 7, 31)]


@pytest.fixture
def user(user):
    user.timezone = TORONTO
    user.save()
    return user


def move(api, zone):
    response = api.patch("/api/v1/auth/me", {"timezone": zone})
    assert (response.status_code, response.json()["timezone"]) == (200, zone)


def days_of(api, account):
    return [date.fromisoformat(row["date"]) for row in api.get(f"/api/v1/accounts/{account.pk}/values").json()[::-1]]


@pytest.mark.parametrize(
    "zones",
    [
        [TOKYO],
        [TOKYO, TORONTO],
        ["Europe/Paris", TOKYO, "Pacific/Honolulu", "Pacific/Kiritimati"],  # the last two are a day apart
        ["Pacific/Kiritimati", "Pacific/Honolulu"],
        ["Pacific/Apia", "Pacific/Pago_Pago"],
    ],
)
def test_the_days_of_values_stay_and_nothing_is_recorded_of_it(api, user, zones):
    account = AccountFactory(user=user)
    for day in DAYS:
        assert api.post(f"/api/v1/accounts/{account.pk}/values", {"date": str(day), "value": 5}).status_code == 201

    for zone in zones:
        move(api, zone)

        assert days_of(api, account) == DAYS
        assert set(AccountValue.objects.values_list("timestamp", flat=True)) == {
            noon_of(day, zone_of(zone)) for day in DAYS
        }
    assert AccountValue.history.count() == len(DAYS)


def test_days_move_both_ways_where_a_country_has_crossed_the_date_line(api, user):
    user.timezone = "Pacific/Apia"
    user.save()
    account, days = AccountFactory(user=user), [date(2011, 7, 1), *(date(2012, 1, day) for day in (5, 6, 7))]
    for day in days:
        assert api.post(f"/api/v1/accounts/{account.pk}/values", {"date": str(day), "value": 5}).status_code == 201

    move(api, "America/Adak")

    assert days_of(api, account) == days


def test_the_as_of_days_of_holdings_and_of_what_they_were_stay(api, user):
    holding = HoldingFactory(account__user=user, timestamp=noon_of(DAYS[0], user.zone))
    api.patch(f"/api/v1/holdings/{holding.pk}", {"timestamp": str(DAYS[2]), "quantity": 12})

    move(api, TOKYO)

    assert Holding.objects.get().timestamp == datetime(2026, 1, 31, 3, tzinfo=UTC)
    assert Holding.objects.get().history.count() == 2
    assert sorted(Holding.history.values_list("timestamp", flat=True)) == [
        datetime(2026, 1, 29, 3, tzinfo=UTC),
        datetime(2026, 1, 31, 3, tzinfo=UTC),
    ]


def test_an_instant_with_a_time_stays_and_so_does_a_day_that_would_meet_it(api, user):
    account = AccountFactory(user=user)
    tokyos_noon = AccountValueFactory(account=account, timestamp=datetime(2026, 1, 31, 3, tzinfo=UTC))
    torontos_noon = AccountValueFactory(account=account, timestamp=datetime(2026, 1, 31, 17, tzinfo=UTC))
    at_ten = AccountValueFactory(account=account, timestamp=datetime(2026, 1, 31, 10, tzinfo=UTC))

    move(api, TOKYO)

    for value in (tokyos_noon, torontos_noon, at_ten):
        assert AccountValue.objects.get(pk=value.pk).timestamp == value.timestamp


def test_a_record_stays_with_a_value_that_stays(api, user):
    account = AccountFactory(user=user)
    AccountValueFactory(account=account, timestamp=datetime(2026, 1, 31, 3, tzinfo=UTC))  # noon of the day in Tokyo
    told = api.post(f"/api/v1/accounts/{account.pk}/values", {"date": "2026-01-31", "value": 5}).json()

    move(api, TOKYO)

    value = AccountValue.objects.get(pk=told["id"])
    assert {value.timestamp, *value.history.values_list("timestamp", flat=True)} == {
        datetime(2026, 1, 31, 17, tzinfo=UTC)
    }


def test_what_would_meet_a_day_that_stays_stays_too(api, user):
    """From noons at 22:00 the day before to such at 22:00, and at 21:00 once summer time began on 8 March."""
    move(api, "Pacific/Kiritimati")
    account = AccountFactory(user=user)
    instants = [datetime(2026, 3, 8, 21, tzinfo=UTC), *(datetime(2026, 3, day, 22, tzinfo=UTC) for day in (7, 6, 5))]
    for at in instants:
        AccountValueFactory(account=account, timestamp=at)

    move(api, "America/Adak")

    assert set(AccountValue.objects.values_list("timestamp", flat=True)) == set(instants)


def test_somebody_elses_days_stay_where_they_are(api, user, stranger):
    stranger.timezone = TORONTO
    stranger.save()
    theirs = AccountValueFactory(account__user=stranger, timestamp=noon_of(DAYS[0], stranger.zone))

    move(api, TOKYO)

    assert AccountValue.objects.get().timestamp == theirs.timestamp


def test_an_administrator_moves_days_along_too(client, superuser, user):
    AccountValueFactory(account__user=user, timestamp=noon_of(DAYS[0], user.zone))
    client.force_login(superuser)
    path = reverse("admin:users_user_change", args=[user.pk])

    response = client.post(path, form_of(user, timezone=TOKYO))

    assert response.status_code == 302
    assert AccountValue.objects.get().timestamp == noon_of(DAYS[0], zone_of(TOKYO))
