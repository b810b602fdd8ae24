"""Who makes names up fills no memory with counts, and is told nothing by them."""

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from users import tries
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ADDRESSES = [f"203.0.113.{number}" for number in range(1, 6)]
COUNTS = 4


@pytest.fixture
def few(monkeypatch):
    """Let all names that nobody has share a few counts of each kind."""
    monkeypatch.setattr(tries, "COUNTS_OF_NOBODY", COUNTS)


def name(path, email, address=ADDRESSES[0]):
    """Name an account; no password is good enough to make one."""
    return APIClient(REMOTE_ADDR=address).post(f"/api/v1/auth/{path}", {"email": email, "password": "12345678"})


def keys(scope):
    cache = caches["throttles"]
    everything = list(cache.iter_keys("*")) if hasattr(cache, "iter_keys") else list(cache._cache)
    return [key for key in everything if scope in key]


@pytest.mark.parametrize(
    ("path", "scope", "most"),
    [
        ("login", "login_account", COUNTS),
        ("login", "login_everywhere:", COUNTS),
        ("login", "login_everywhere_part", COUNTS),
        ("forgot-password", "forgot_account", COUNTS),
        ("resend-verification", "forgot_account", COUNTS),
        ("register", "register_account", COUNTS),
        ("forgot-password", "mail_recipient", 0),
        ("resend-verification", "mail_recipient", 0),
    ],
)
def test_names_made_up_share_a_bounded_number_of_counts_from_wherever_they_come(limit, few, path, scope, most):
    limit(**{scope.removesuffix("_part").removesuffix(":"): "190/day"})

    for number in range(20):
        for address in ADDRESSES:
            name(path, f"nobody{number}@example.org", address)

    assert len(keys(scope)) <= most * 2  # a window may end meanwhile
    assert bool(keys(scope)) == bool(most)


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
def test_who_uses_up_those_counts_keeps_nobody_from_their_account(limit, few, user, path):
    limit(forgot_account="3/hour")
    guesses = [name(path, f"nobody{number}@example.org", ADDRESSES[number % 4]) for number in range(40)]

    owner = name(path, user.email, ADDRESSES[4])

    assert guesses[-1].status_code == 429
    assert owner.status_code == 200


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
def test_neither_answers_nor_questions_to_the_database_tell_whether_somebody_has_a_name(limit, path, settings):
    limit(forgot_account="2/hour", mail_recipient="1/hour")
    settings.TASKS = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}  # which works later
    told = []

    for email in (UserFactory(email_verified=False).email, "nobody@example.org"):
        with CaptureQueriesContext(connection) as asked:
            answers = [name(path, email) for _ in range(3)]
        told.append(([answer.status_code for answer in answers], answers[0].json(), len(asked)))

    assert told[0] == told[1]
    assert told[0][0] == [200, 200, 429]


def test_no_more_than_so_many_addresses_of_an_account_are_known_at_a_time(limit, user):
    limit(login_everywhere="5/hour")
    account = tries.Account.of(user)
    places = [f"2001:db8:0:{number:x}::/64" for number in range(200)]

    for address in places:
        tries.Try(kind="login", account=account, address=address).succeed(user=user)
    again = [tries.Try(kind="login", account=account, address=places[-1]).seconds_to_wait() for _ in range(20)]

    assert 1 < len(keys("login_known")) <= tries.PLACES_KNOWN == 50
    assert set(again) == {None}


def test_another_password_takes_the_places_of_the_one_before(user):
    for password in ("one", "another", "a third"):
        user.password = password
        for number in range(60):
            tries.Try(kind="login", account=tries.Account.of(user), address=f"192.0.2.{number}").succeed(user=user)

    assert len(keys("login_known")) <= tries.PLACES_KNOWN


@pytest.mark.parametrize(("path", "scope"), [("login", "login_account"), ("forgot-password", "forgot_account")])
@pytest.mark.parametrize("exists", [True, False])
def test_a_name_that_only_looks_like_anothers_uses_up_nothing_of_it(limit, path, scope, exists):
    """Folding the case of "ß" makes two letters of it, which no account is sought by."""
    limit(**{scope: "3/day"})
    if exists:
        UserFactory(email="jessica@example.com")

    for _ in range(3):
        name(path, "je\u00dfica@example.com")

    assert name(path, "jessica@example.com").status_code in {200, 401}


def test_a_username_is_no_address_whose_tries_could_be_counted(limit):
    limit(forgot_account="3/day")
    person = UserFactory()

    for _ in range(3):
        name("forgot-password", person.username)

    assert name("forgot-password", person.email).status_code == 200
