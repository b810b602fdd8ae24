"""Mails to people. Each is a task: a request enqueues it and does not wait, and does not tell by its time what it was.

A task takes what was typed, not what was found, where the answer must not say who exists.
"""

import email.policy
import logging
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.tasks import Task, task
from django.template.loader import render_to_string

from finances import rate_limits, typed_text
from users import links
from users.models import User

logger = logging.getLogger(__name__)
# RFC 5322's limit of a line. Python would encode lines of more than 78 characters, as the links are.
LONGEST_LINE = 998
DROPPED = "A mail was dropped: there were too many of its kind"


class Mail(EmailMultiAlternatives):
    """A mail whose links can be read, and copied, from a console or a mail file as they are."""

    def message(self, *, policy: Any = email.policy.default) -> Any:
        """Build the message without encoding long lines."""
        return super().message(policy=policy.clone(max_line_length=LONGEST_LINE))


def post(mail: "Task[Any, Any]", argument: str, *, actor: Any = None) -> None:
    """Enqueue a mail about ``argument``; drop it where there were too many.

    Counted is all that ``actor``, the id of a user, has had sent to addresses that are not theirs.
    """
    if actor is None or rate_limits.seconds_to_wait(scope="mail_actor", identity=f"user:{actor}") is None:
        mail.enqueue(argument)
    else:
        logger.warning(DROPPED, extra={"mail": mail.name})


@task
def send_password_reset(email: str) -> None:
    """Mail a link that changes the password, if an active user has this address; else do nothing."""
    user = User.objects.filter(email=typed_text.normalize_email(email), is_active=True).first()
    if user is not None:
        link = frontend_link("reset-password", links.reset_token(user))
        minutes = settings.PASSWORD_RESET_TIMEOUT // 60
        send("reset_password", "Choose a new password", user.email, link=link, minutes=minutes)


@task
def send_verification(email: str) -> None:
    """Mail a link that verifies the address, if an active user has it and it is not verified; else do nothing."""
    address = typed_text.normalize_email(email)
    user = User.objects.filter(email=address, is_active=True, email_verified=False).first()
    if user is not None:
        link = frontend_link("verify-email", links.verification_token(user))
        days = links.VERIFICATION_LIFETIME.days
        send("verify_email", "Confirm your email address", user.email, link=link, days=days)


@task
def send_password_changed(email: str) -> None:
    """Tell a user that their password was changed, so that they notice when it was not them."""
    send("password_changed", "Your password was changed", email, link=frontend_link("forgot-password"))


@task
def send_new_address(user_id: str) -> None:
    """Mail a link, to the new address that a user asked for, which puts it in place of the old one.

    Where somebody else has the address, do nothing: whoever asked is not told.
    """
    user = User.objects.filter(pk=user_id, is_active=True).exclude(pending_email="").first()
    if user is not None and not User.objects.filter(email=user.pending_email).exists():
        link = frontend_link("verify-email", links.new_address_token(user))
        days = links.VERIFICATION_LIFETIME.days
        send("new_address", "Confirm your new email address", user.pending_email, link=link, days=days)


@task
def send_email_change_asked(email: str) -> None:
    """Tell a user, at the address that they have, that somebody with their password asked for another."""
    link = frontend_link("forgot-password")
    send("email_change_asked", "A new email address was asked for", email, link=link)


@task
def send_email_changed(email: str) -> None:
    """Tell a user, at the old address, that it is no longer that of their account."""
    send("email_changed", "Your email address was changed", email)


def frontend_link(page: str, token: str = "") -> str:
    """Return the address of a page of the client. The request's Host header has no say in it: anybody can forge it."""
    query = f"?token={token}" if token else ""
    return f"{settings.FRONTEND_URL.rstrip('/')}/{page}{query}"


def send(template: str, subject: str, address: str, **context: Any) -> None:
    """Render ``templates/mail/<template>.txt`` and ``.html`` and send them as one mail, unless there were too many.

    Each kind of mail is counted alone for each recipient, so that nobody can keep one of another kind from them; here,
    where there is one, since who makes addresses up would fill the memory with counts. One that cannot leave counts
    no more.
    """
    recipient = f"{template}:{rate_limits.account_identity(address)}"
    window = rate_limits.window_of(scope="mail_recipient", identity=recipient)
    if window is not None and window.seconds_to_wait() is not None:
        logger.warning(DROPPED, extra={"mail": template})
        return
    context |= {"subject": subject, "address": address}
    message = Mail(subject, render_to_string(f"mail/{template}.txt", context), to=[address])
    message.attach_alternative(render_to_string(f"mail/{template}.html", context), "text/html")
    try:
        message.send()
    except Exception:  # it is tried again
        if window is not None:
            window.take_back()
        raise
