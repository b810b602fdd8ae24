"""One's own profile."""

import pytest
import time_machine
from django.utils import timezone
from rest_framework import serializers

from currencies.tests.factories import CurrencyRateFactory
from users.models import User
from users.tests.factories import PASSWORD, UserFactory

PATHS = ["/api/v1/auth/me", "/api/v1/users/me"]
ME = PATHS[0]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", PATHS)
def test_it_shows_who_one_is(api, user, path):
    response = api.get(path)

    assert response.status_code == 200
    assert set(response.json()) == {
        "id", "email", "username", "is_active", "is_superuser", "base_currency", "timezone", "email_verified",
        "created_at", "updated_at",
    }  # fmt: skip
    assert response.json()["id"] == str(user.pk)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("verb", ["put", "patch"])
def test_both_verbs_change_only_what_is_sent(api, user, path, verb):
    response = getattr(api, verb)(path, {"base_currency": "usd", "timezone": "America/Toronto"})

    user.refresh_from_db()
    assert response.status_code == 200
    assert (user.base_currency_id, user.timezone) == ("USD", "America/Toronto")
    assert (response.json()["email"], response.json()["username"]) == (user.email, user.username)


def test_nobody_sets_what_is_not_theirs_to_set(api, user):
    given = {
        "id": "00000000-0000-0000-0000-000000000001", "is_superuser": True, "is_active": False, "is_staff": True,
        "email_verified": True, "created_at": "2001-01-01T00:00:00Z", "updated_at": "2001-01-01T00:00:00Z",
        "last_login": "2001-01-01T00:00:00Z", "password": "overwritten password", "security_stamp": "x",
        "groups": [1], "user_permissions": [1],
    }  # fmt: skip
    before = User.objects.get(pk=user.pk)

    response = api.patch(ME, given)

    after = User.objects.get(pk=user.pk)
    unchanged = (
        "is_superuser",
        "is_active",
        "email_verified",
        "created_at",
        "password",
        "security_stamp",
        "last_login",
    )
    assert response.status_code == 200
    assert [getattr(after, name) for name in unchanged] == [getattr(before, name) for name in unchanged]
    assert not after.groups.exists()
    assert not after.user_permissions.exists()


def test_names_of_others_are_a_conflict(api, stranger):
    email = api.patch(ME, {"email": stranger.email.upper()})
    username = api.patch(ME, {"username": stranger.username.upper()})

    assert (email.status_code, email.json()["detail"]) == (409, "This email address is taken.")
    assert (username.status_code, username.json()["detail"]) == (409, "This username is taken.")


@pytest.mark.parametrize(
    ("field", "value"), [("base_currency", "ZZZZ"), ("base_currency", None), ("timezone", "Nowhere"), ("email", "x")]
)
def test_what_is_wrong_is_named(api, field, value):
    response = api.patch(ME, {field: value})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("code", ["HRK", "hrk", "XXX", "xts", "ZZZZ"])
def test_what_nothing_is_counted_in_is_no_base_currency(api, code):
    response = api.patch(ME, {"base_currency": code})

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == f"{code.upper()} is no currency in use."


def test_a_write_honours_if_match(api):
    etag = api.get(ME)["ETag"]

    first = api.patch(ME, {"timezone": "Europe/Paris"}, HTTP_IF_MATCH=etag)
    stale = api.patch(ME, {"timezone": "Europe/Rome"}, HTTP_IF_MATCH=etag)
    again = api.patch(ME, {"timezone": "Europe/Rome"}, HTTP_IF_MATCH=first["ETag"])

    assert (first.status_code, stale.status_code, again.status_code) == (200, 412, 200)


# ---- Which day it is ----


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", "2026-01-31"), ("Pacific/Auckland", "2026-02-01"), ("No/Longer", "2026-01-31")]
)
def test_today_is_the_users_day(signed_in, zone, day):
    CurrencyRateFactory(target_id="CAD", date="2026-01-30", rate="1.6")
    query = {"from": "EUR", "to": "CAD", "amount": 1}

    with time_machine.travel("2026-01-31T12:00:00Z", tick=False):
        user = UserFactory(timezone=zone)
        response = signed_in(user).get("/api/v1/currencies/convert", query)

    assert response.json()["requested_date"] == day
    assert timezone.get_current_timezone_name() == "UTC"


def test_instants_are_in_utc_wherever_one_is(signed_in):
    with time_machine.travel("2026-01-31T12:00:00Z", tick=False):
        user = UserFactory(timezone="America/Toronto")
        shown = signed_in(user).get(ME).json()

    assert shown["created_at"] == "2026-01-31T12:00:00Z"


def test_an_instant_without_an_offset_is_read_as_utc_wherever_one_is():
    class Moment(serializers.Serializer):
        at = serializers.DateTimeField()

    moment = Moment(data={"at": "2026-01-31T12:00"})
    with timezone.override("America/Toronto"):
        moment.is_valid(raise_exception=True)

    assert moment.data["at"] == "2026-01-31T12:00:00Z"


# ---- Deleting oneself ----


def test_with_the_password_one_is_gone(api, user):
    response = api.delete(ME, {"current_password": PASSWORD})

    assert (response.status_code, response.content) == (204, b"")
    assert not User.objects.filter(pk=user.pk).exists()
    assert api.get(ME).status_code == 401


@pytest.mark.parametrize("body", [None, {}, {"current_password": "a guess"}])
def test_without_the_password_nothing_goes(api, user, body):
    response = api.delete(ME, body)

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "current_password")
    assert User.objects.filter(pk=user.pk).exists()


def test_the_last_active_superuser_stays(superuser_api, superuser):
    response = superuser_api.delete(ME, {"current_password": PASSWORD})

    assert (response.status_code, response.json()["code"]) == (409, "last_superuser")
    assert User.objects.filter(pk=superuser.pk).exists()
