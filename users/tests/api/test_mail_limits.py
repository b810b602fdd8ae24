"""Nobody's mailbox is filled by somebody who knows the address."""

import pytest
from django.core import mail
from django.core.mail.backends.dummy import EmailBackend

from users import links, mails
from users.tests.factories import PASSWORD

AUTH = "/api/v1/auth"
pytestmark = pytest.mark.django_db


class AwayBackend(EmailBackend):
    """A mail server that is away."""

    def send_messages(self, _):
        raise ConnectionRefusedError


@pytest.fixture
def ask(django_capture_on_commit_callbacks):
    """Return a function that asks, as somebody, for an address of one's own."""

    def ask_for(client, email):
        with django_capture_on_commit_callbacks(execute=True):
            return client.patch(f"{AUTH}/me", {"email": email, "current_password": PASSWORD})

    return ask_for


def test_one_kind_of_mail_is_limited_for_each_recipient_and_the_answer_is_the_same(anonymous, limit, user, stranger):
    limit(mail_recipient="2/hour")

    answers = [anonymous.post(f"{AUTH}/forgot-password", {"email": user.email}) for _ in range(3)]
    anonymous.post(f"{AUTH}/forgot-password", {"email": stranger.email})
    anonymous.post(f"{AUTH}/resend-verification", {"email": user.email})

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [[user.email]] * 2 + [[stranger.email], [user.email]]


def test_new_addresses_are_limited_for_each_recipient_whoever_asks(ask, limit, signed_in, user, stranger):
    limit(mail_recipient="1/hour")

    answers = [ask(signed_in(person), "victim@example.org") for person in (user, stranger)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [message.to for message in mail.outbox].count(["victim@example.org"]) == 1


def test_new_addresses_are_limited_for_who_asks(ask, limit, signed_in, user, stranger):
    limit(mail_actor="2/hour")
    addresses = [f"victim{number}@example.org" for number in range(4)]

    for address in addresses[:3]:
        ask(signed_in(user), address)
    ask(signed_in(stranger), addresses[3])

    assert [message.to[0] for message in mail.outbox if message.to[0] in addresses] == [
        "victim0@example.org",
        "victim1@example.org",
        "victim3@example.org",
    ]


def test_notices_are_limited_too(anonymous, limit, user, django_capture_on_commit_callbacks):
    limit(mail_recipient="1/hour")

    for password in ("quite another one", "and one more again"):
        user.refresh_from_db()
        with django_capture_on_commit_callbacks(execute=True):
            body = {"token": links.reset_token(user), "new_password": password}
            assert anonymous.post(f"{AUTH}/reset-password", body).status_code == 200

    assert [message.subject for message in mail.outbox] == ["Your password was changed"]


def test_what_could_not_leave_is_not_counted(limit, user, settings):
    limit(mail_recipient="1/hour")
    working = settings.MAILERS

    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.AwayBackend"}}
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            mails.send_password_reset.func(user.email)
    settings.MAILERS = working
    mails.send_password_reset.func(user.email)

    assert [message.to for message in mail.outbox] == [[user.email]]
