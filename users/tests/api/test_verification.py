"""Showing that one reads mail at one's address."""

import re
import time

import pytest
import time_machine
from django.core import mail

from users import links
from users.models import User
from users.tests.factories import PASSWORD

VERIFY, RESEND, ME = "/api/v1/auth/verify-email", "/api/v1/auth/resend-verification", "/api/v1/auth/me"
pytestmark = pytest.mark.django_db


def token_in(message):
    return re.search(r"verify-email\?token=(\S+)", message.body).group(1)


def test_who_signs_up_gets_a_link_that_verifies_once(anonymous, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        anonymous.post("/api/v1/auth/register", {"email": "anna@example.org", "password": PASSWORD})
    token = token_in(mail.outbox[0])

    first = anonymous.post(VERIFY, {"token": token})
    second = anonymous.post(VERIFY, {"token": token})

    assert mail.outbox[0].to == ["anna@example.org"]
    assert (first.status_code, second.status_code) == (200, 400)
    assert User.objects.get().email_verified


def test_a_link_ends_after_three_days(anonymous, user):
    with time_machine.travel(time.time()) as clock:
        token = links.verification_token(user)
        clock.shift(3 * 86400 + 1)
        response = anonymous.post(VERIFY, {"token": token})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_token")


def test_a_new_address_is_unverified_and_the_old_link_dead(api, user, django_capture_on_commit_callbacks):
    old_email, old_token = user.email, links.verification_token(user)
    User.objects.filter(pk=user.pk).update(email_verified=True)

    with django_capture_on_commit_callbacks(execute=True):
        changed = api.patch(ME, {"email": "New@example.org"})
    stale = api.post(VERIFY, {"token": old_token})
    fresh = api.post(VERIFY, {"token": token_in(mail.outbox[0])})

    assert (changed.json()["email"], changed.json()["email_verified"]) == ("new@example.org", False)
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["new@example.org"], "Confirm your email address"),
        ([old_email], "Your email address was changed"),
    ]
    assert (stale.status_code, fresh.status_code) == (400, 200)
    assert api.get(ME).json()["email_verified"] is True


def test_the_same_address_in_capitals_is_no_new_one(api, user, django_capture_on_commit_callbacks):
    User.objects.filter(pk=user.pk).update(email_verified=True)

    with django_capture_on_commit_callbacks(execute=True):
        response = api.patch(ME, {"email": user.email.upper()})

    assert response.json()["email_verified"] is True
    assert mail.outbox == []


def test_a_reset_by_mail_verifies_too(anonymous, user):
    anonymous.post(
        "/api/v1/auth/reset-password", {"token": links.reset_token(user), "new_password": "quite another one"}
    )

    user.refresh_from_db()
    assert user.email_verified


def test_the_mail_can_be_asked_for_again_and_the_answer_tells_nothing(anonymous, user, stranger):
    User.objects.filter(pk=stranger.pk).update(email_verified=True)

    answers = [anonymous.post(RESEND, {"email": email}) for email in (user.email, stranger.email, "nobody@example.org")]

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [[user.email]]


@pytest.mark.parametrize("token", ["rubbish", "a:b:c"])
def test_rubbish_is_refused(anonymous, token):
    response = anonymous.post(VERIFY, {"token": token})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_token")


def test_a_reset_token_does_not_verify(anonymous, user):
    response = anonymous.post(VERIFY, {"token": links.reset_token(user)})

    assert response.status_code == 400
