"""Showing that one reads mail at one's address."""

import re
import time

import pytest
import time_machine
from django.core import mail

from users import links
from users.models import User
from users.tests.factories import PASSWORD

VERIFY, RESEND = "/api/v1/auth/verify-email", "/api/v1/auth/resend-verification"
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


def test_who_runs_the_server_gives_people_another_address(superuser_api, user, django_capture_on_commit_callbacks):
    old_email, old_token = user.email, links.verification_token(user)
    User.objects.filter(pk=user.pk).update(email_verified=True, pending_email="else@example.org")

    with django_capture_on_commit_callbacks(execute=True):
        changed = superuser_api.patch(f"/api/v1/users/{user.pk}", {"email": "New@example.org"})
    stale = superuser_api.post(VERIFY, {"token": old_token})
    fresh = superuser_api.post(VERIFY, {"token": token_in(mail.outbox[0])})

    assert [changed.json()[name] for name in ("email", "email_verified", "pending_email")] == [
        "new@example.org", False, "",
    ]  # fmt: skip
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["new@example.org"], "Confirm your email address"),
        ([old_email], "Your email address was changed"),
    ]
    assert (stale.status_code, fresh.status_code) == (400, 200)
    assert User.objects.get(pk=user.pk).email_verified


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
