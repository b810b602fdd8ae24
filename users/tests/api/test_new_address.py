"""Changing one's own email address: with the password, and once a link is followed."""

import re

import pytest
from django.core import mail

from users import links, services, sessions
from users.models import User
from users.tests.factories import PASSWORD, UserFactory

AUTH = "/api/v1/auth"
ME, VERIFY = f"{AUTH}/me", f"{AUTH}/verify-email"
NEW = "new@example.org"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(api, django_capture_on_commit_callbacks):
    """Return a function that asks for an address of one's own, and lets the mails go."""

    def ask_for(email, path=ME, password=PASSWORD):
        with django_capture_on_commit_callbacks(execute=True):
            return api.patch(path, {"email": email, "current_password": password})

    return ask_for


def token_in(message):
    return re.search(r"verify-email\?token=(\S+)", message.body).group(1)


@pytest.mark.parametrize("body", [{"email": NEW}, {"email": NEW, "current_password": "a guess"}])
@pytest.mark.parametrize("path", [ME, "/api/v1/users/me", "/api/v1/users/{user.pk}"])
@pytest.mark.parametrize("verb", ["put", "patch"])
def test_a_token_alone_changes_no_address(api, user, body, path, verb):
    response = getattr(api, verb)(path.format(user=user), body)

    after = User.objects.get(pk=user.pk)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "current_password")
    assert (after.email, after.pending_email) == (user.email, "")
    assert mail.outbox == []


def test_superusers_too_need_the_password_for_their_own(superuser_api, superuser):
    response = superuser_api.patch(f"/api/v1/users/{superuser.pk}", {"email": NEW})

    assert response.status_code == 400
    assert User.objects.get(pk=superuser.pk).email == superuser.email


def test_the_old_address_stays_until_the_link_is_followed(ask, user):
    response = ask("New@example.org")

    after = User.objects.get(pk=user.pk)
    assert (response.status_code, response.json()["email"], response.json()["pending_email"]) == (200, user.email, NEW)
    assert (after.email, after.pending_email, after.security_stamp) == (user.email, NEW, user.security_stamp)
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([NEW], "Confirm your new email address"),
        ([user.email], "A new email address was asked for"),
    ]


def test_the_link_puts_it_in_place_and_ends_all_sessions(ask, api, anonymous, user, django_capture_on_commit_callbacks):
    ask(NEW)
    token = token_in(mail.outbox.pop(0))
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        first = anonymous.post(VERIFY, {"token": token})
    second = anonymous.post(VERIFY, {"token": token})

    after = User.objects.get(pk=user.pk)
    assert (first.status_code, second.status_code) == (200, 400)
    assert (after.email, after.pending_email, after.email_verified) == (NEW, "", True)
    assert api.get(ME).status_code == 401
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([user.email], "Your email address was changed")
    ]


def test_the_answer_is_the_same_for_a_taken_address(ask, stranger):
    taken, free = ask(stranger.email.upper()), ask(NEW)

    assert (taken.status_code, free.status_code) == (200, 200)
    assert taken.json()["pending_email"] == stranger.email
    assert taken.json().keys() == free.json().keys()
    assert [message.to for message in mail.outbox].count([stranger.email]) == 0


def test_an_address_that_is_taken_meanwhile_stays_with_its_owner(ask, anonymous, user):
    ask(NEW)
    owner = UserFactory(email=NEW)

    response = anonymous.post(VERIFY, {"token": token_in(mail.outbox[0])})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_token")
    assert User.objects.get(email=NEW).pk == owner.pk
    assert User.objects.get(pk=user.pk).email == user.email


def test_of_two_new_addresses_the_last_one_counts(ask, anonymous, user):
    ask("first@example.org")
    ask("second@example.org")
    first, second = (token_in(mail.outbox[index]) for index in (0, 2))

    answers = [anonymous.post(VERIFY, {"token": token}).status_code for token in (first, second)]

    assert answers == [400, 200]
    assert User.objects.get(pk=user.pk).email == "second@example.org"


@pytest.mark.parametrize(
    "end",
    [
        lambda user: services.reset_password(token=links.reset_token(user), new_password="quite another one"),
        lambda user: sessions.end_all(user_ids=[user.pk]),
    ],
)
def test_what_ends_all_sessions_ends_the_change_too(ask, anonymous, user, end):
    ask(NEW)

    end(user)
    response = anonymous.post(VERIFY, {"token": token_in(mail.outbox[0])})

    after = User.objects.get(pk=user.pk)
    assert response.status_code == 400
    assert (after.email, after.pending_email) == (user.email, "")


def test_verifying_the_old_address_leaves_the_change_under_way(ask, anonymous, user):
    ask(NEW)

    old = anonymous.post(VERIFY, {"token": links.verification_token(user)})
    new = anonymous.post(VERIFY, {"token": token_in(mail.outbox[0])})

    assert (old.status_code, new.status_code) == (200, 200)
    assert User.objects.get(pk=user.pk).email == NEW


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_everything_else_needs_no_password(api, user, verb):
    User.objects.filter(pk=user.pk).update(email_verified=True)
    body = {"email": user.email.upper(), "username": "another", "base_currency": "EUR", "timezone": "Europe/Paris"}

    response = getattr(api, verb)(ME, body)

    after = User.objects.get(pk=user.pk)
    assert response.status_code == 200
    assert (after.email, after.pending_email, after.email_verified) == (user.email, "", True)
    assert (after.username, after.base_currency_id, after.timezone) == ("another", "EUR", "Europe/Paris")
    assert mail.outbox == []


@pytest.mark.parametrize("path", [ME, "/api/v1/users/{user.pk}"])
def test_the_password_cannot_be_guessed_here(api, user, settings, path):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"confirm": "2/min", "rename": "1/min"}

    body = {"email": NEW, "current_password": "a guess"}
    answers = [api.patch(path.format(user=user), body).status_code for _ in range(3)]
    unchanged = api.patch(path.format(user=user), {"email": user.email, "username": user.username})

    assert answers == [400, 400, 429]
    assert unchanged.status_code == 200


@pytest.mark.parametrize("path", [ME, "/api/v1/users/{user.pk}"])
def test_nobody_asks_without_end_which_usernames_are_taken(api, user, stranger, settings, path):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"rename": "2/hour"}

    answers = [api.patch(path.format(user=user), {"username": stranger.username}).status_code for _ in range(3)]
    others = api.patch(path.format(user=user), {"timezone": "Europe/Paris"})

    assert answers == [409, 409, 429]
    assert others.status_code == 200
