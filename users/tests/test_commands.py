"""The commands about people."""

import time

import pytest
import time_machine
from django.core.management import call_command

from users import sessions
from users.models import TokenFamily, User
from users.tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def test_a_superuser_is_created_by_email(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", email="Root@example.org", interactive=False, verbosity=0)

    user = User.objects.get()
    assert (user.email, user.username, user.is_superuser, user.is_staff) == ("root@example.org", "root", True, True)
    assert user.check_password(PASSWORD)
    assert user.email_verified


def test_expired_sessions_are_forgotten_and_no_others(user, capsys):
    with time_machine.travel(time.time()) as clock:
        sessions.start(user=user)
        clock.shift(8 * 86400)
        sessions.start(user=user)
        call_command("flush_expired_tokens", dry_run=True)
        kept = TokenFamily.objects.count()
        call_command("flush_expired_tokens")
        call_command("flush_expired_tokens")

    lines = capsys.readouterr().out.splitlines()
    assert kept == 2
    assert TokenFamily.objects.count() == 1
    assert [line.rpartition(": ")[2] for line in lines] == ["1", "1", "0"]


def test_the_first_admin_can_sign_in(capsys, anonymous):
    call_command("create_first_admin", email="admin@example.org")

    password = capsys.readouterr().out.split("password: ")[1].strip()
    response = anonymous.post("/api/v1/auth/login", {"email": "admin@example.org", "password": password})
    assert response.status_code == 200
