"""Signing up."""

import pytest

from users.models import User
from users.tests.factories import UserFactory

REGISTER = "/api/v1/auth/register"
GOOD = "correct horse battery"
pytestmark = pytest.mark.django_db


def test_an_email_and_a_password_are_enough(anonymous):
    response = anonymous.post(REGISTER, {"email": "anna@example.org", "password": GOOD})

    user = User.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": str(user.pk), "email": "anna@example.org", "username": "anna", "is_active": True, "is_superuser": False,
        "base_currency": "CAD", "timezone": "UTC", "email_verified": False, "pending_email": "",
        "created_at": response.json()["created_at"], "updated_at": response.json()["updated_at"],
    }  # fmt: skip


def test_preferences_may_be_given_at_once(anonymous):
    body = {
        "email": "a@example.org",
        "password": GOOD,
        "username": "Anna",
        "base_currency": "eur",
        "timezone": "Europe/Paris",
    }

    response = anonymous.post(REGISTER, body)

    assert response.status_code == 201
    assert {name: response.json()[name] for name in ("username", "base_currency", "timezone")} == {
        "username": "Anna", "base_currency": "EUR", "timezone": "Europe/Paris",
    }  # fmt: skip


def test_who_signed_up_can_sign_in(anonymous):
    anonymous.post(REGISTER, {"email": " Anna@Example.org", "password": f"  {GOOD}  "})

    exact = anonymous.post("/api/v1/auth/login", {"email": "anna@example.org", "password": f"  {GOOD}  "})
    trimmed = anonymous.post("/api/v1/auth/login", {"email": "anna@example.org", "password": GOOD})

    assert (exact.status_code, trimmed.status_code) == (200, 401)


@pytest.mark.parametrize("email", ["taken@example.org", "TAKEN@EXAMPLE.ORG", " taken@example.org "])
def test_a_taken_address_is_a_conflict(anonymous, email):
    UserFactory(email="taken@example.org")

    response = anonymous.post(REGISTER, {"email": email, "password": GOOD})

    assert (response.status_code, response.json()["code"]) == (409, "duplicate")
    assert response.json()["detail"] == "This email address is taken."


@pytest.mark.parametrize("username", ["Taken", "taken", "TAKEN"])
def test_a_taken_username_is_a_conflict(anonymous, username):
    UserFactory(username="taken")

    response = anonymous.post(REGISTER, {"email": "new@example.org", "password": GOOD, "username": username})

    assert (response.status_code, response.json()["detail"]) == (409, "This username is taken.")


@pytest.mark.parametrize(
    ("email", "begins"),
    [
        ("al@example.org", "al-user"),
        ("!#$@example.org", "user"),
        ("o'brien+bank@example.org", "obrien+bank"),
        ("x" * 64 + "@example.org", "x" * 50),
    ],
)
def test_a_derived_username_has_the_right_form(anonymous, email, begins):
    response = anonymous.post(REGISTER, {"email": email, "password": GOOD})

    assert response.status_code == 201, response.content
    assert response.json()["username"] == begins
    User.objects.get().full_clean()


def test_derived_usernames_do_not_collide(anonymous):
    emails = [f"anna@{host}.example.org" for host in "abc"]

    answers = [anonymous.post(REGISTER, {"email": email, "password": GOOD}) for email in emails]

    names = [answer.json()["username"] for answer in answers]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert names[0] == "anna"
    assert len(set(names)) == 3
    assert all(name.startswith("anna") for name in names)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("password123", "password_too_common"),
        ("8675309421", "password_entirely_numeric"),
        ("annabelle.smith", "password_too_similar"),
    ],
)
def test_a_weak_password_is_refused_by_its_field(anonymous, password, code):
    response = anonymous.post(REGISTER, {"email": "annabelle.smith@example.org", "password": password})

    faults = response.json()["errors"]
    assert response.status_code == 400
    assert ("password", code) in [(fault["field"], fault["code"]) for fault in faults]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "a" * 250 + "@example.org"),
        ("email", None),
        ("username", "ab"),
        ("username", "x" * 51),
        ("username", "with space"),
        ("username", "some@body"),
        ("base_currency", "XXXX"),
        ("timezone", "Mars/Olympus"),
        ("password", "x" * 1001),
        ("password", "with a \x00 in it"),
    ],
)
def test_what_is_wrong_is_named(anonymous, field, value):
    response = anonymous.post(REGISTER, {"email": "a@example.org", "password": GOOD, field: value})

    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_nobody_makes_themselves_more_than_a_user(anonymous):
    given = {
        "id": "00000000-0000-0000-0000-000000000001", "is_superuser": True, "is_active": False, "is_staff": True,
        "email_verified": True, "created_at": "2001-01-01T00:00:00Z", "last_login": "2001-01-01T00:00:00Z",
        "security_stamp": "x", "groups": [1], "user_permissions": [1],
    }  # fmt: skip

    response = anonymous.post(REGISTER, {"email": "a@example.org", "password": GOOD, **given})

    user = User.objects.get()
    assert response.status_code == 201
    assert (user.is_superuser, user.is_active, user.is_staff, user.email_verified) == (False, True, False, False)
    assert str(user.pk) != given["id"]
    assert (user.created_at.year > 2001, user.last_login, user.security_stamp != "x") == (True, None, True)
    assert not user.groups.exists()


def test_the_password_is_nowhere_in_the_answer(anonymous):
    response = anonymous.post(REGISTER, {"email": "a@example.org", "password": GOOD})

    assert GOOD not in response.content.decode()
    assert "password" not in response.json()
