"""Signing in: both shapes, both names, and one answer for everybody who is refused."""

import json
import urllib.parse

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from users.models import User
from users.tests.factories import PASSWORD, UserFactory

LOGIN = "/api/v1/auth/login"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", [LOGIN, f"{LOGIN}/", f"{LOGIN}/tokens"])
def test_json_gives_a_pair_of_tokens(anonymous, user, me, path):
    response = anonymous.post(path, {"email": user.email, "password": PASSWORD})

    tokens = response.json()
    assert response.status_code == 200
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 1800)
    assert response["Cache-Control"] == "no-store"
    assert me(tokens["access_token"]) == 200


@pytest.mark.parametrize("path", [LOGIN, f"{LOGIN}/tokens"])
def test_a_form_gives_a_pair_of_tokens(anonymous, user, me, path):
    form = urllib.parse.urlencode({"username": user.username, "password": PASSWORD, "grant_type": "password"})

    response = anonymous.post(path, form, content_type="application/x-www-form-urlencoded")

    assert response.status_code == 200
    assert me(response.json()["access_token"]) == 200


@pytest.mark.parametrize("field", ["username", "email"])
@pytest.mark.parametrize("name", ["anna@example.org", "  Anna@Example.ORG ", "Anna.B", "anna.b", "ANNA.B"])
def test_either_field_takes_either_name_whatever_its_case(anonymous, field, name):
    UserFactory(email="Anna@example.org", username="Anna.B")

    response = anonymous.post(LOGIN, {field: name, "password": PASSWORD})

    assert response.status_code == 200


def test_unknown_wrong_and_inactive_are_refused_in_the_same_words(anonymous, user):
    inactive = UserFactory(is_active=False)
    attempts = [
        {"email": "nobody@example.org", "password": PASSWORD},
        {"email": user.email, "password": "not the password"},
        {"email": inactive.email, "password": PASSWORD},
        {"email": inactive.email, "password": "not the password"},
    ]

    answers = [anonymous.post(LOGIN, attempt) for attempt in attempts]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_credentials"


def test_unknown_and_known_cost_the_same_queries(anonymous, user, django_assert_num_queries):
    with django_assert_num_queries(2):  # whose tries are counted, and who it is
        anonymous.post(LOGIN, {"email": "nobody@example.org", "password": PASSWORD})

    with django_assert_num_queries(2):
        anonymous.post(LOGIN, {"email": user.email, "password": "not the password"})


def test_signing_in_is_remembered(sign_in, user):
    before = timezone.now()

    sign_in(user)

    user.refresh_from_db()
    assert user.last_login >= before


@pytest.mark.parametrize(
    "body", [{}, {"password": PASSWORD}, {"email": "a@example.org"}, [], "text", {"email": ["a"], "password": {}}]
)
def test_what_is_missing_or_misshapen_is_named(anonymous, body):
    response = anonymous.post(LOGIN, json.dumps(body), content_type="application/json")

    assert response.status_code == 400
    assert response.json()["code"] == "invalid"


def test_a_password_of_more_than_a_thousand_characters_is_refused(anonymous, user):
    response = anonymous.post(LOGIN, {"email": user.email, "password": "x" * 1001})

    assert response.status_code == 400


def test_an_unverified_address_may_not_sign_in_where_the_server_asks_for_it(anonymous, user, settings):
    settings.EMAIL_VERIFICATION_REQUIRED = True

    unverified = anonymous.post(LOGIN, {"email": user.email, "password": PASSWORD})
    guessed = anonymous.post(LOGIN, {"email": user.email, "password": "not the password"})
    User.objects.filter(pk=user.pk).update(email_verified=True)
    verified = anonymous.post(LOGIN, {"email": user.email, "password": PASSWORD})

    assert (unverified.status_code, unverified.json()["code"]) == (403, "email_unverified")
    assert guessed.status_code == 401
    assert verified.status_code == 200


def test_tokens_carry_nothing_about_the_person(sign_in, user):
    import jwt

    tokens = sign_in(user)

    for token in (tokens["access_token"], tokens["refresh_token"]):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert set(claims) == {"token_type", "exp", "iat", "jti", "sub", "family", "stamp", "aud", "iss"}
        assert claims["sub"] == str(user.pk)
        assert user.email not in str(claims)
        assert user.username not in str(claims)


def test_no_token_is_stored(sign_in, user):
    tokens = sign_in(user)

    row = str(list(user.token_families.values()))

    assert tokens["refresh_token"] not in row
    assert tokens["refresh_token"].rpartition(".")[2] not in row


def test_a_cookie_does_not_sign_in(user):
    client = APIClient()
    client.force_login(user)

    response = client.get("/api/v1/auth/me")

    assert response.status_code == 401
