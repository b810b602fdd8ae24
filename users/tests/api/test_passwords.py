"""Changing one's password, and having it reset by mail."""

import re
import time
import urllib.parse

import pytest
import time_machine
from django.core import mail

from users import links
from users.models import User
from users.tests.factories import PASSWORD, UserFactory

FORGOT, RESET = "/api/v1/auth/forgot-password", "/api/v1/auth/reset-password"
CHANGE = "/api/v1/auth/change-password"
NEW = "a quite different password"
pytestmark = pytest.mark.django_db


@pytest.fixture
def change(anonymous):
    def change_with(pair, **body):
        bearer = f"Bearer {pair['access_token']}"
        return anonymous.post(
            CHANGE, {"current_password": PASSWORD, "new_password": NEW} | body, HTTP_AUTHORIZATION=bearer
        )

    return change_with


def token_in(message):
    return re.search(r"token=(\S+)", message).group(1)


# ---- Change ----


def test_a_change_ends_every_access_token_and_all_other_refresh_tokens(sign_in, change, user, me, refresh):
    this, other = sign_in(user), sign_in(user)

    response = change(this)

    assert (response.status_code, set(response.json())) == (200, {"message"})
    assert (me(this["access_token"]), me(other["access_token"])) == (401, 401)
    assert (refresh(this["refresh_token"]), refresh(other["refresh_token"])) == (200, 401)
    assert sign_in(user, NEW)


def test_the_session_that_asked_goes_on_with_its_refresh_token(anonymous, sign_in, change, user, me):
    this = sign_in(user)

    change(this)
    renewed = anonymous.post("/api/v1/auth/refresh", {"refresh_token": this["refresh_token"]}).json()

    assert me(renewed["access_token"]) == 200


def test_a_wrong_current_password_changes_nothing(sign_in, change, user, me):
    this = sign_in(user)

    response = change(this, current_password="a guess")

    assert (response.status_code, response.json()["code"]) == (400, "invalid_password")
    assert response.json()["errors"][0]["field"] == "current_password"
    assert me(this["access_token"]) == 200


def test_a_weak_new_password_is_refused_by_its_field(sign_in, change, user):
    response = change(sign_in(user), new_password="12345678")

    assert response.status_code == 400
    assert {fault["field"] for fault in response.json()["errors"]} == {"new_password"}


def test_nobody_changes_a_password_without_signing_in(anonymous):
    response = anonymous.post(CHANGE, {"current_password": PASSWORD, "new_password": NEW})

    assert response.status_code == 401


def test_the_owner_is_told_by_mail(sign_in, change, user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        change(sign_in(user))

    assert [(message.to, message.subject) for message in mail.outbox] == [([user.email], "Your password was changed")]


# ---- Reset ----


def test_forgot_answers_alike_for_everybody_and_looks_nobody_up(anonymous, user, settings, django_assert_num_queries):
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
    inactive = UserFactory(is_active=False)
    addresses = [user.email, inactive.email, "nobody@example.org"]

    with django_assert_num_queries(0):
        answers = [anonymous.post(FORGOT, {"email": address}) for address in addresses]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_only_active_people_get_a_mail(anonymous, user):
    inactive = UserFactory(is_active=False)

    for address in (user.email, inactive.email, "nobody@example.org"):
        anonymous.post(FORGOT, {"email": address})

    assert [message.to for message in mail.outbox] == [[user.email]]


def test_the_reset_flow_through_a_mail_file_leads_to_a_sign_in(anonymous, sign_in, user, settings, tmp_path, refresh):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path)},
        }
    }
    settings.FRONTEND_URL = "https://finances.example.org/"
    session = sign_in(user)

    anonymous.post(FORGOT, {"email": user.email.upper()}, HTTP_HOST="localhost")
    written = next(tmp_path.iterdir()).read_text()
    link = re.search(r"https://finances\.example\.org/reset-password\?token=\S+", written).group()
    token = urllib.parse.parse_qs(urllib.parse.urlparse(link).query)["token"][0]
    response = anonymous.post(RESET, {"token": token, "new_password": NEW})

    assert response.status_code == 200, response.content
    assert "Content-Type: text/html" in written
    assert sign_in(user, NEW)
    assert refresh(session["refresh_token"]) == 401
    assert anonymous.post("/api/v1/auth/login", {"email": user.email, "password": PASSWORD}).status_code == 401


def test_the_link_is_not_built_from_the_host_header(anonymous, user, settings):
    settings.ALLOWED_HOSTS = ["*"]

    anonymous.post(
        FORGOT, {"email": user.email}, HTTP_HOST="evil.example.org", HTTP_X_FORWARDED_HOST="evil.example.org"
    )

    message = mail.outbox[0]
    assert "evil" not in message.body + message.alternatives[0].content
    assert "http://localhost:3000/reset-password?token=" in message.body


def test_a_token_works_once(anonymous, user):
    token = links.reset_token(user)

    answers = [anonymous.post(RESET, {"token": token, "new_password": NEW}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["code"] == "invalid_token"


def test_a_token_ends_after_thirty_minutes(anonymous, user):
    with time_machine.travel(time.time(), tick=False) as clock:
        first, second = links.reset_token(user), links.reset_token(user)
        clock.shift(30 * 60 + 1)
        late = anonymous.post(RESET, {"token": first, "new_password": NEW})
        clock.shift(-1)
        timely = anonymous.post(RESET, {"token": second, "new_password": NEW})

    assert (late.status_code, timely.status_code) == (400, 200)


def test_a_token_ends_with_the_password_the_address_and_the_right_to_sign_in(anonymous, sign_in, change):
    changed, moved, inactive = UserFactory(), UserFactory(), UserFactory()
    tokens = [links.reset_token(user) for user in (changed, moved, inactive)]

    change(sign_in(changed))
    User.objects.filter(pk=moved.pk).update(email="moved@example.org")
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    answers = [anonymous.post(RESET, {"token": token, "new_password": NEW}) for token in tokens]

    assert [answer.status_code for answer in answers] == [400, 400, 400]


def test_a_token_outlives_a_sign_in(anonymous, sign_in, user):
    token = links.reset_token(user)

    sign_in(user)
    response = anonymous.post(RESET, {"token": token, "new_password": NEW})

    assert response.status_code == 200


def test_wrong_tokens_are_refused_in_the_same_words(anonymous, user, stranger):
    mine, theirs = links.reset_token(user), links.reset_token(stranger)
    unknown = links.reset_token(User(email="nobody@example.org"))
    wrong = [
        "rubbish", "a.b", "é.ü-1", unknown, mine[:-1], mine + "x", f"{theirs.split('.')[0]}.{mine.split('.')[1]}",
        links.verification_token(user),
    ]  # fmt: skip

    answers = [anonymous.post(RESET, {"token": token, "new_password": NEW}) for token in wrong]

    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1


def test_a_weak_new_password_does_not_use_the_token_up(anonymous, user):
    token = links.reset_token(user)

    weak = anonymous.post(RESET, {"token": token, "new_password": "short"})
    good = anonymous.post(RESET, {"token": token, "new_password": NEW})

    assert (weak.status_code, weak.json()["errors"][0]["field"]) == (400, "new_password")
    assert good.status_code == 200


def test_a_token_survives_the_rotation_of_the_secret(anonymous, user, settings):
    token = links.reset_token(user)

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a-new-secret-" * 5
    response = anonymous.post(RESET, {"token": token, "new_password": NEW})

    assert response.status_code == 200
