"""How often one may try, over HTTP."""

import time

import pytest
import time_machine
from django.core.cache import caches
from django.urls import reverse
from rest_framework.test import APIClient

from users import links, sessions
from users.tests.factories import PASSWORD, UserFactory

AUTH = "/api/v1/auth"
pytestmark = pytest.mark.django_db


def statuses(answers):
    return [answer.status_code for answer in answers]


def test_too_much_is_429_with_the_time_to_wait(anonymous, limit):
    limit(login="2/min")

    answers = [anonymous.post(f"{AUTH}/login", {"email": "a@example.org", "password": "x"}) for _ in range(3)]

    refused = answers[-1]
    assert statuses(answers) == [401, 401, 429]
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused.json()["retry_after"] == int(refused["Retry-After"])
    assert refused.json()["code"] == "throttled"


def test_after_the_wait_it_goes_on(anonymous, limit, user):
    limit(login="1/min")
    body = {"email": user.email, "password": PASSWORD}

    with time_machine.travel(time.time(), tick=False) as clock:
        anonymous.post(f"{AUTH}/login", body)
        refused = anonymous.post(f"{AUTH}/login", body)
        clock.shift(int(refused["Retry-After"]))
        again = anonymous.post(f"{AUTH}/login", body)

    assert (refused.status_code, again.status_code) == (429, 200)


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("login", "login", {"email": "a@example.org", "password": "x"}),
        ("login", "login/tokens", {"username": "a@example.org", "password": "x"}),
        ("register", "register", {"email": "a@example.org", "password": "x"}),
        ("forgot", "forgot-password", {"email": "a@example.org"}),
        ("forgot", "resend-verification", {"email": "a@example.org"}),
        ("reset", "reset-password", {"token": "x", "new_password": PASSWORD}),
        ("verify", "verify-email", {"token": "x"}),
        ("refresh", "refresh", {"refresh_token": "x"}),
        ("refresh", "logout", {"refresh_token": "x"}),
    ],
)
def test_each_open_endpoint_is_limited_by_address(limit, scope, path, body):
    limit(**{scope: "2/min"})
    here, there = APIClient(REMOTE_ADDR="192.0.2.1"), APIClient(REMOTE_ADDR="192.0.2.2")

    answers = [here.post(f"{AUTH}/{path}", body) for _ in range(3)]
    elsewhere = there.post(f"{AUTH}/{path}", body)

    assert [status == 429 for status in statuses(answers)] == [False, False, True]
    assert elsewhere.status_code != 429


NAMING = [("register", "register"), ("forgot", "forgot-password"), ("forgot", "resend-verification")]


@pytest.mark.parametrize(("scope", "path"), NAMING)
def test_who_names_an_account_too_often_is_refused_in_all_its_spellings(limit, anonymous, scope, path):
    limit(**{f"{scope}_account": "2/min"})
    spellings = ["a@example.org", "A@example.org", "a@EXAMPLE.org "]

    answers = [anonymous.post(f"{AUTH}/{path}", {"email": email}) for email in spellings]
    another = anonymous.post(f"{AUTH}/{path}", {"email": "b@example.org"})

    assert [status == 429 for status in statuses(answers)] == [False, False, True]
    assert another.status_code != 429


@pytest.mark.parametrize(("scope", "path"), NAMING)
def test_who_names_an_account_too_often_keeps_nobody_else_out(limit, scope, path):
    limit(**{f"{scope}_account": "2/min"})
    clients = [APIClient(REMOTE_ADDR=f"192.0.2.{number}") for number in range(1, 4)]

    answers = [client.post(f"{AUTH}/{path}", {"email": "a@example.org"}) for client in clients]

    assert 429 not in statuses(answers)


def test_a_username_that_is_sent_as_a_number_is_counted_as_it_is_tried(anonymous, limit):
    limit(login_account="2/min")
    user = UserFactory(username="12345")

    answers = [
        anonymous.post(f"{AUTH}/login", {"username": 12345, "email": f"decoy{number}@example.org", "password": "x"})
        for number in range(2)
    ]
    answers.append(anonymous.post(f"{AUTH}/login", {"email": user.email, "password": PASSWORD}))

    assert statuses(answers) == [401, 401, 429]


def test_a_good_number_signs_in(anonymous):
    UserFactory(username="12345")

    response = anonymous.post(f"{AUTH}/login", {"username": 12345, "password": PASSWORD})

    assert response.status_code == 200


def test_a_refused_address_leaves_no_trace_of_whom_it_tried(anonymous, client, limit):
    limit(anon="100/day", login="1/day", login_account="2/day")  # no window ends meanwhile
    names = [f"somebody{number}@example.org" for number in range(5)]

    for name in names:
        anonymous.post(f"{AUTH}/login", {"email": name, "password": "x"})
        client.post(reverse("admin:login"), {"username": name, "password": "x"})

    cache = caches["throttles"]
    keys = list(cache.iter_keys("*")) if hasattr(cache, "iter_keys") else list(cache._cache)
    assert len(keys) == 3  # of everything, of signing in, and of the first account


def test_a_body_is_not_read_for_a_refused_address(anonymous, limit):
    limit(login="1/min", login_account="2/min")

    answers = [anonymous.post(f"{AUTH}/login", "{", content_type="application/json") for _ in range(2)]

    assert statuses(answers) == [400, 429]


@pytest.mark.parametrize("login", ["with\0nothing", "x" * 300, " "])
def test_what_can_be_nobodys_name_is_no_fault_of_the_limits(anonymous, client, limit, login):
    limit(login_account="10/min")

    api = anonymous.post(f"{AUTH}/login", {"username": login, "password": "x"})
    admin = client.post(reverse("admin:login"), {"username": login, "password": "x"})

    assert (api.status_code, admin.status_code) == (400, 200)


def test_a_new_port_is_no_new_address(limit, settings):
    limit(login="1/min")
    settings.TRUSTED_PROXY_COUNT = 1
    clients = [APIClient(HTTP_X_FORWARDED_FOR=f"203.0.113.1:{port}") for port in (40001, 40002)]

    answers = [client.post(f"{AUTH}/login", {"email": "a@example.org", "password": "x"}) for client in clients]

    assert statuses(answers) == [401, 429]


def test_resets_are_limited_by_the_account_of_a_good_token(limit, user, stranger):
    limit(reset_account="2/min")
    clients = [APIClient(REMOTE_ADDR=f"192.0.2.{number}") for number in range(1, 5)]
    mine, theirs = links.reset_token(user), links.reset_token(stranger)
    given = [(mine, "short"), (mine, "12345"), (mine, "another good one"), (theirs, "another good one")]

    answers = [
        client.post(f"{AUTH}/reset-password", {"token": token, "new_password": password})
        for client, (token, password) in zip(clients, given, strict=True)
    ]

    assert statuses(answers) == [400, 400, 429, 200]


def test_who_makes_tokens_up_keeps_nobody_from_resetting(limit, user):
    limit(reset_account="2/min")
    clients = [APIClient(REMOTE_ADDR=f"192.0.2.{number}") for number in range(1, 5)]
    good = links.reset_token(user)
    given = [f"{good}1", f"{good}2", f"{good.partition('.')[0]}.x", good]

    answers = [
        client.post(f"{AUTH}/reset-password", {"token": token, "new_password": "another good one"})
        for client, token in zip(clients, given, strict=True)
    ]

    assert statuses(answers) == [400, 400, 400, 200]


def test_refreshes_are_limited_by_the_account_of_a_good_token(limit, sign_in, user, stranger):
    limit(refresh_account="1/min")
    given = [sign_in(person)["refresh_token"] for person in (user, user, stranger)]
    clients = [APIClient(REMOTE_ADDR=f"192.0.2.{number}") for number in range(1, 4)]

    answers = [
        client.post(f"{AUTH}/refresh", {"refresh_token": token}) for client, token in zip(clients, given, strict=True)
    ]

    assert statuses(answers) == [200, 429, 200]


@pytest.mark.parametrize(("verb", "path"), [("post", "change-password"), ("delete", "me")])
def test_the_password_cannot_be_guessed_with_a_stolen_token(limit, api, verb, path):
    limit(confirm="2/min")
    body = {"current_password": "a guess", "new_password": "another good one"}

    answers = [getattr(api, verb)(f"{AUTH}/{path}", body) for _ in range(3)]

    assert statuses(answers) == [400, 400, 429]


def test_reading_oneself_does_not_count_as_guessing(limit, api):
    limit(confirm="1/min")

    answers = [api.get(f"{AUTH}/me") for _ in range(3)]

    assert statuses(answers) == [200, 200, 200]


def test_everything_else_is_limited_by_user_or_by_address(limit, signed_in, user, stranger, anonymous):
    limit(user="2/min", anon="1/min")
    api, other = signed_in(user), signed_in(stranger)

    answers = [api.get("/api/v1/currencies") for _ in range(3)]
    others = other.get("/api/v1/currencies")
    strangers = [anonymous.post(f"{AUTH}/forgot-password", {"email": "a@example.org"}) for _ in range(2)]

    assert statuses(answers) == [200, 200, 429]
    assert others.status_code == 200
    assert statuses(strangers) == [200, 429]


@pytest.mark.parametrize("token", [None, "garbage", "revoked"])
def test_who_is_not_let_in_is_limited_by_address_like_everybody(limit, signed_in, user, stranger, token):
    limit(anon="2/min")
    client, good = signed_in(user), signed_in(stranger)
    if token == "revoked":
        sessions.end_all(user_ids=[user.pk])
    else:
        client.credentials(**({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}))

    answers = [client.get("/api/v1/accounts") for _ in range(3)]
    signs_in = client.post(f"{AUTH}/login", {"email": "a@example.org", "password": "x"})

    assert statuses(answers) == [401, 401, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert signs_in.status_code == 429
    assert good.get("/api/v1/accounts").status_code == 200


def test_what_one_may_not_do_is_limited_by_user_like_everything(limit, api):
    limit(user="2/min")

    answers = [api.get("/api/v1/users") for _ in range(3)]

    assert statuses(answers) == [403, 403, 429]


def test_a_refusal_counts_once(limit, anonymous):
    limit(anon="2/min")

    answers = [anonymous.post(f"{AUTH}/login", {"email": "a@example.org", "password": "x"}) for _ in range(3)]

    assert statuses(answers) == [401, 401, 429]


def test_a_forged_address_is_not_believed(limit):
    limit(login="2/min")
    clients = [APIClient(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}", REMOTE_ADDR="192.0.2.1") for number in range(3)]

    answers = [client.post(f"{AUTH}/login", {"email": "a@example.org", "password": "x"}) for client in clients]

    assert statuses(answers) == [401, 401, 429]


def test_behind_a_proxy_its_word_counts_and_no_other(limit, settings):
    limit(login="1/min")
    settings.TRUSTED_PROXY_COUNT = 1
    forwarded = ["1.1.1.1, 203.0.113.1", "2.2.2.2, 203.0.113.1", "203.0.113.2"]
    clients = [APIClient(HTTP_X_FORWARDED_FOR=value, REMOTE_ADDR="10.0.0.1") for value in forwarded]

    answers = [client.post(f"{AUTH}/login", {"email": "a@example.org", "password": "x"}) for client in clients]

    assert statuses(answers) == [401, 429, 401]


@pytest.mark.parametrize("body", ["[]", "5", '"text"', '{"email": {"a": 1}}', '{"email": 5}', "{"])
def test_a_misshapen_body_is_a_fault_of_the_input_not_of_the_limits(anonymous, limit, body):
    limit(login_account="1/min", reset_account="1/min")

    answers = [
        anonymous.post(f"{AUTH}/{path}", body, content_type="application/json") for path in ("login", "reset-password")
    ]

    assert statuses(answers) == [400, 400]


# ---- The admin ----


def test_the_admin_counts_with_the_api_by_address(client, anonymous, limit):
    limit(login="2/min")
    form = {"username": "a@example.org", "password": "x"}

    api = anonymous.post(f"{AUTH}/login", {"email": "b@example.org", "password": "x"})
    answers = [client.post(reverse("admin:login"), form) for _ in range(2)]

    assert api.status_code == 401
    assert statuses(answers) == [200, 429]
    assert 1 <= int(answers[1]["Retry-After"]) <= 60
    assert "Too many attempts" in answers[1].content.decode()


def test_looking_at_the_admins_sign_in_does_not_count(client, limit):
    limit(login="1/min")

    answers = [client.get(reverse("admin:login")) for _ in range(3)]

    assert statuses(answers) == [200, 200, 200]
