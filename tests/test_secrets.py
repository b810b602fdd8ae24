"""No secret is in a log or in an answer that is not meant to carry it: looked for, not reasoned about."""

import json
import logging
import re

import pytest
from django.core import mail
from django_otp.oath import totp

from config.tests.test_guards import start
from finances.logs import ConsoleFormatter, JSONFormatter
from users import second_factor

OLD, NEW, WRONG = "a-first-passphrase-91", "another-passphrase-92", "never-a-passphrase-93"
KEY = b"12345678901234567890".hex()

ASKING = """
import django; django.setup()
from django.test import Client
client = Client(raise_request_exception=False, headers={"Host": "finances.example"})
form = {"username": "somebody", "password": "tell-nobody-password"}
bearer = {"Authorization": "Bearer tell-nobody-token"}
for ask in (
    lambda: client.get("/health/database", secure=True),
    lambda: client.get("/health/cache", secure=True),
    lambda: client.get("/health/ready", secure=True),
    lambda: client.post("/api/v1/auth/login", form, content_type="application/json", secure=True),
    lambda: client.get("/api/v1/accounts", headers=bearer, secure=True),
    lambda: client.get("/admin/", headers={"Cookie": "__Host-sessionid=tell-nobody-session"}, secure=True),
    lambda: client.get("/metrics", headers={"Authorization": "Bearer tell-nobody"}, secure=True),
    lambda: client.get("/api/v1/nowhere?token=tell-nobody", secure=True),
):
    answer = ask()
    print(answer.status_code, answer.content.decode())
import logging
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
for act in (connection.ensure_connection, lambda: send_mail("s", "b", None, ["a@example.org"])):
    try:
        act()
    except Exception:
        logging.getLogger("finances").exception("It failed with %s and %s", settings.REDIS_URL, bearer)
"""


def test_not_while_everything_it_needs_is_away(tmp_path):
    secret = "tell-nobody" * 6

    told = start(
        tmp_path,
        ASKING,
        DJANGO_SETTINGS_MODULE="config.settings",
        DJANGO_SECRET_KEY=secret,
        DATABASE_URL="postgres://finances:tell-nobody@127.0.0.1:9/finances",
        REDIS_URL="redis://:tell-nobody@127.0.0.1:9/0",
        EMAIL_URL="smtp://mailer:tell-nobody@127.0.0.1:9",
        EXCHANGERATE_API_KEY="tell-nobody",
        METRICS_TOKEN="tell-nobody-metrics",
        LOG_LEVEL="DEBUG",
    )

    assert told.returncode == 0, told.stderr
    statuses = re.findall(r"^(\d{3}) ", told.stdout, re.MULTILINE)
    assert len(statuses) == 8
    assert "503" in statuses
    lines = [json.loads(line) for line in told.stderr.splitlines() if line.startswith("{")]
    assert [line for line in lines if "It failed with" in line["message"] and "exception" in line]
    assert "tell-nobody" not in told.stdout
    assert "tell-nobody" not in told.stderr


@pytest.fixture
def log(caplog):
    """Return a function that gives all that was logged, as either form of the log writes it."""
    caplog.set_level(logging.DEBUG)

    def written():
        forms = (JSONFormatter(), ConsoleFormatter("{message}", style="{"))
        return "\n".join(form.format(record) for record in caplog.records for form in forms)

    return written


@pytest.mark.django_db
def test_not_while_somebody_signs_up_in_and_out(anonymous, log, settings, django_capture_on_commit_callbacks):
    post = anonymous.post
    person = {"email": "one@example.org", "password": OLD, "username": "number-one"}
    answers = [post("/api/v1/auth/register", person), post("/api/v1/auth/login", {**person, "password": WRONG})]
    signed_in = post("/api/v1/auth/login", person)
    assert signed_in.status_code == 200
    tokens = [signed_in.json()[name] for name in ("access_token", "refresh_token")]
    bearer = {"Authorization": f"Bearer {tokens[0]}"}
    change = {"current_password": WRONG, "new_password": NEW}
    answers.append(post("/api/v1/auth/change-password", change, headers=bearer))
    with django_capture_on_commit_callbacks(execute=True):
        answers.append(post("/api/v1/auth/forgot-password", {"email": person["email"]}))
    token = re.search(r"token=(\S+)", mail.outbox[-1].body)[1]
    answers += [
        post("/api/v1/auth/reset-password", {"token": token, "new_password": "short"}),
        post("/api/v1/auth/reset-password", {"token": token, "new_password": NEW}),
        post("/api/v1/auth/refresh", {"refresh_token": tokens[1]}),
        post("/api/v1/auth/refresh", {"refresh_token": f"{tokens[1]}x"}),
        anonymous.get("/api/v1/auth/me", headers=bearer),
    ]

    said = "\n".join(answer.content.decode() for answer in answers)
    for secret in (OLD, NEW, WRONG, *tokens, token, settings.SECRET_KEY):
        assert secret not in said
        assert secret not in log()
    assert [answer.status_code for answer in answers] == [201, 401, 400, 200, 400, 200, 401, 401, 401]


@pytest.mark.django_db
def test_not_while_an_administrator_signs_in_and_something_breaks(client, superuser, log, settings, monkeypatch):
    client.raise_request_exception = False
    superuser.set_password(OLD)
    superuser.save()
    code = f"{totp(bytes.fromhex(KEY)):06}"
    codes = second_factor.turn_on(user=superuser, key=KEY, code=code)
    client.post("/admin/login/", {"username": superuser.email, "password": WRONG})
    client.post("/admin/login/", {"username": superuser.email, "password": OLD})
    asked = client.post("/admin/second-factor/", {"code": codes[0]})
    assert asked.status_code == 302
    session = client.session.session_key
    monkeypatch.setattr("users.second_factor.renew_recovery_codes", lambda **_: 1 / 0)

    broken = client.post("/admin/second-factor/", {"action": "renew", "code": codes[1]})

    assert broken.status_code == 500
    assert "ZeroDivisionError" in log()
    for secret in (OLD, WRONG, KEY, *codes[:2], session, settings.SECRET_KEY):
        assert secret not in broken.text
        assert secret not in log()


@pytest.mark.django_db
def test_who_signs_in_and_who_is_refused_is_told_by_number(client, user, superuser, log):
    client.post("/admin/login/", {"username": "nobody", "password": WRONG})
    client.post("/admin/login/", {"username": user.email, "password": WRONG})
    client.post("/api/v1/auth/login", {"username": superuser.email, "password": WRONG}, content_type="application/json")

    told = [json.loads(line) for line in log().splitlines() if line.startswith("{")]
    refused = [(line["message"], line.get("user")) for line in told if line["message"].startswith("A sign-in")]
    assert refused == [
        ("A sign-in was refused: nobody has that login", None),
        ("A sign-in was refused", str(user.pk)),
        ("A sign-in was refused", str(superuser.pk)),
    ]
    assert user.email not in log()
