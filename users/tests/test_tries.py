"""Who fails to sign in keeps out themselves: by account and address, and from all addresses within a wider bound."""

import socket
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from rest_framework.test import APIClient

from finances import rate_limits
from users import links, second_factor, tries
from users.tests.factories import PASSWORD, UserFactory
from users.tests.test_second_factor import KEY, PAGE, WRONG, code_of

pytestmark = pytest.mark.django_db
API, ADMIN = "/api/v1/auth/login", "/admin/login/"
OWNER, ATTACKER = "192.0.2.1", "198.51.100.1"
OTHERS = [f"203.0.113.{number}" for number in range(1, 31)]


@pytest.fixture
def clock():
    """Stand still, a second before the next code."""
    with time_machine.travel("2026-01-01T00:00:59Z", tick=False) as traveller:
        yield traveller


def api(login, password=PASSWORD, address=OWNER):
    return APIClient(REMOTE_ADDR=address).post(API, {"username": login, "password": password})


def admin(login, password=PASSWORD, address=OWNER):
    return Client(REMOTE_ADDR=address).post(ADMIN, {"username": login, "password": password})


def give_code(person, code, address=OWNER):
    """Sign in to the admin with the right password, and give a code; return the answer to that."""
    client = Client(REMOTE_ADDR=address)
    client.post(ADMIN, {"username": person.email, "password": PASSWORD})
    return client.post(PAGE, {"code": code})


def statuses(answers):
    return [answer.status_code for answer in answers]


# ---- One address ----


@pytest.mark.parametrize(("door", "failed", "entered"), [(api, 401, 200), (admin, 200, 302)])
def test_who_guesses_from_one_address_keeps_nobody_else_out(limit, superuser, door, failed, entered):
    limit(login_account="2/min", login_everywhere="100/hour")

    guesses = [door(superuser.email, "a guess", ATTACKER) for _ in range(5)]
    guessed = door(superuser.email, address=ATTACKER)
    owner = door(superuser.email)

    assert statuses(guesses) == [failed, failed, 429, 429, 429]
    assert guessed.status_code == 429
    assert owner.status_code == entered


def test_who_guesses_codes_from_one_address_keeps_nobody_else_out(limit, superuser, clock):
    limit(code_account="2/hour", code_everywhere="100/day")
    second_factor.turn_on(user=superuser, key=KEY, code=code_of())
    clock.shift(timedelta(seconds=30))

    guesses = [give_code(superuser, WRONG, ATTACKER) for _ in range(4)]
    owner = give_code(superuser, code_of())

    assert statuses(guesses) == [200, 200, 429, 429]
    assert int(guesses[-1]["Retry-After"]) > 60
    assert owner.status_code == 302


@pytest.mark.parametrize("door", [api, admin])
def test_one_address_uses_up_but_a_part_of_what_all_may_try(limit, superuser, door):
    """However long it goes on: minutes end, and it may try again within the narrow bound."""
    limit(login_account="10/min", login_everywhere="20/hour")

    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        guesses = []
        for _ in range(20):
            guesses.append(door(superuser.email, "a guess", ATTACKER))
            clock.shift(60)
        owner = door(superuser.email)

    assert 429 in statuses(guesses)
    assert owner.status_code in {200, 302}
    assert owner.status_code != guesses[0].status_code


def test_an_ipv6_network_is_one_address(limit, user):
    limit(login_account="2/min")

    guesses = [api(user.email, "a guess", f"2001:db8:1:2::{number}") for number in range(1, 4)]

    assert statuses(guesses) == [401, 401, 429]
    assert api(user.email, address="2001:db8:1:3::1").status_code == 200


def test_all_spellings_and_both_names_of_an_account_count_together_and_in_the_admin(limit, user):
    limit(login_account="3/min")
    names = [user.email, f" {user.email.upper()} ", user.username.upper()]

    guesses = [api(name, "a guess") for name in names]

    assert statuses(guesses) == [401, 401, 401]
    assert api(user.username).status_code == 429
    assert admin(user.username).status_code == 429
    assert api("another@example.org").status_code == 401


def test_a_success_forgets_the_failed_tries_before(limit, user):
    limit(login_account="3/min", login_everywhere="15/hour")

    answers = [api(user.email, "a guess"), api(user.email, "a guess"), api(user.email)]
    again = [api(user.email, "a guess") for _ in range(4)]

    assert statuses(answers) == [401, 401, 200]
    assert statuses(again) == [401, 401, 401, 429]


def test_successes_do_not_count(limit, user):
    limit(login_account="1/min", login_everywhere="5/hour")

    assert statuses([api(user.email) for _ in range(4)]) == [200] * 4
    assert statuses([api(user.email, address=address) for address in OTHERS[:8]]) == [200] * 8


def test_a_right_password_does_not_forget_wrong_codes(limit, superuser, clock):
    limit(login_account="2/hour", code_account="3/hour")
    second_factor.turn_on(user=superuser, key=KEY, code=code_of())

    answers = [give_code(superuser, WRONG) for _ in range(4)]

    assert statuses(answers) == [200, 200, 200, 429]


def test_another_device_counts_anew(limit, superuser, clock):
    limit(code_account="1/hour")
    second_factor.turn_on(user=superuser, key=KEY, code=code_of())
    refused = [give_code(superuser, WRONG) for _ in range(2)]
    second_factor.reset(user=superuser)
    superuser.refresh_from_db()
    second_factor.turn_on(user=superuser, key=KEY, code=code_of())
    clock.shift(timedelta(seconds=30))

    assert statuses(refused) == [200, 429]
    assert give_code(superuser, code_of()).status_code == 302


def test_a_right_password_without_the_right_is_a_failed_try_at_the_admin(limit, user):
    limit(login_account="2/min")

    assert statuses([admin(user.email) for _ in range(3)]) == [200, 200, 429]


# ---- Many addresses ----


@pytest.mark.parametrize(("door", "failed"), [(api, 401), (admin, 200)])
def test_who_guesses_from_many_addresses_meets_the_wide_bound(limit, superuser, door, failed):
    limit(login_account="10/min", login_everywhere="10/hour")

    guesses = [door(superuser.email, "a guess", address) for address in OTHERS[:12]]
    right = door(superuser.email, address=OTHERS[20])

    assert statuses(guesses) == [failed] * 10 + [429] * 2
    assert right.status_code == 429
    assert 1 <= int(right["Retry-After"]) <= 3600


def test_the_wide_bound_ends_when_the_answer_says_so(limit, user):
    limit(login_everywhere="5/hour")

    with time_machine.travel(time.time(), tick=False) as clock:
        refused = [api(user.email, "a guess", address) for address in OTHERS[:6]][-1]
        own_share = [api(user.email, "a guess", OTHERS[0]) for _ in range(2)][-1]
        clock.shift(int(refused["Retry-After"]) - 1)
        before = api(user.email, address=OTHERS[10])
        clock.shift(1)
        after = api(user.email, address=OTHERS[10])

    assert refused.json()["retry_after"] == own_share.json()["retry_after"]
    assert (before.status_code, after.status_code) == (429, 200)


@pytest.mark.parametrize(("door", "entered"), [(api, 200), (admin, 302)])
def test_from_where_one_got_in_lately_one_gets_in_all_the_while(limit, superuser, door, entered):
    limit(login_account="2/min", login_everywhere="5/hour")
    api(superuser.email)

    attack = [api(superuser.email, "a guess", address) for address in OTHERS[:8]]
    mistaken = [door(superuser.email, "mistyped") for _ in range(2)]
    narrow = door(superuser.email)
    with time_machine.travel(time.time() + 60, tick=False):
        owner = door(superuser.email)
    elsewhere = door(superuser.email, address=OTHERS[20])

    assert statuses(attack) == [401] * 5 + [429] * 3
    assert 429 not in statuses(mistaken)
    assert (narrow.status_code, owner.status_code, elsewhere.status_code) == (429, entered, 429)


def test_codes_from_many_addresses_meet_the_wide_bound_and_the_known_one_does_not(limit, superuser, clock):
    limit(code_account="10/hour", code_everywhere="5/day")
    second_factor.turn_on(user=superuser, key=KEY, code=code_of())
    clock.shift(timedelta(seconds=30))
    first = give_code(superuser, code_of())
    clock.shift(timedelta(seconds=30))

    attack = [give_code(superuser, WRONG, address) for address in OTHERS[:7]]
    owner, elsewhere = give_code(superuser, code_of()), give_code(superuser, WRONG, OTHERS[20])

    assert first.status_code == 302
    assert statuses(attack) == [200] * 5 + [429] * 2
    assert (owner.status_code, elsewhere.status_code) == (302, 429)


def test_where_one_got_in_is_forgotten_after_a_month(limit, user):
    if settings.REDIS_URL:
        pytest.skip("Redis goes by a clock of its own")
    limit(login_everywhere="1/hour")

    with time_machine.travel(time.time(), tick=False) as clock:
        api(user.email)
        clock.shift(tries.KNOWN_FOR - timedelta(seconds=1))
        within = statuses([api(user.email, "a guess") for _ in range(3)])
        clock.shift(timedelta(seconds=1))
        later = statuses([api(user.email, "a guess") for _ in range(3)])

    assert (within, later) == ([401, 401, 401], [401, 429, 429])


def test_where_one_got_in_is_forgotten_with_the_password(limit, user):
    limit(login_everywhere="1/hour")
    before = [api(user.email, address=ATTACKER), *(api(user.email, "a guess", ATTACKER) for _ in range(3))]
    body = {"token": links.reset_token(user), "new_password": "another good one"}

    APIClient(REMOTE_ADDR=OWNER).post("/api/v1/auth/reset-password", body)
    after = [api(user.email, "a guess", ATTACKER) for _ in range(3)]

    assert statuses(before) == [200, 401, 401, 401]
    assert statuses(after) == [401, 429, 429]
    assert api(user.email, "another good one", OTHERS[0]).status_code == 429
    assert api(user.email, "another good one", OWNER).status_code == 200


def test_who_changes_the_password_is_known_where_they_do(limit, user, signed_in):
    limit(login_everywhere="1/hour")
    client = signed_in(user)
    client.post(
        "/api/v1/auth/change-password",
        {"current_password": PASSWORD, "new_password": "another good one"},
        REMOTE_ADDR=OWNER,
    )

    api(user.email, "a guess", ATTACKER)

    assert api(user.email, "another good one", OTHERS[0]).status_code == 429
    assert api(user.email, "another good one", OWNER).status_code == 200


# ---- Without Redis ----


def test_while_redis_is_away_this_process_counts_and_knows(limit, user, settings):
    limit(login_account="2/min", login_everywhere="5/hour")
    with socket.socket() as closed:  # a port where nobody listens
        closed.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
    away = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": address}
    settings.CACHES = settings.CACHES | {"throttles": away}

    entered = api(user.email)
    attack = [api(user.email, "a guess", address) for address in OTHERS[:7]]
    guesses = [api(user.email, "a guess") for _ in range(3)]
    rate_limits.counter.shared_again_at = 0.0

    assert entered.status_code == 200
    assert statuses(attack) == [401] * 5 + [429] * 2
    assert statuses(guesses) == [401, 401, 429]


# ---- Accounts that nobody has ----


def told(answer):
    """Return all that an answer says, but what differs each time."""
    varying = {"X-Request-ID", "X-Process-Time", "Retry-After"}
    body = {key: value for key, value in answer.json().items() if key not in {"retry_after", "detail"}}
    return answer.status_code, {key: value for key, value in answer.headers.items() if key not in varying}, body


def test_a_name_that_nobody_has_is_counted_as_any(limit, user):
    limit(login_account="3/min", login_everywhere="5/hour")

    def attack(name):
        one = [api(name, "a guess", ATTACKER) for _ in range(3)]
        many = [api(name, "a guess", address) for address in OTHERS[:6]]
        return [told(answer) for answer in one + many]

    known, unknown = attack(user.email), attack(f"x{user.email}")

    assert [status for status, *_ in known] == [401, 429, 429] + [401] * 4 + [429] * 2
    assert [answer[0] for answer in known] == [answer[0] for answer in unknown]
    assert [answer[2] for answer in known] == [answer[2] for answer in unknown]
    assert [set(answer[1]) for answer in known] == [set(answer[1]) for answer in unknown]


def test_names_that_nobody_has_share_a_bounded_number_of_counts(limit, monkeypatch):
    limit(login_everywhere="100000/hour")
    monkeypatch.setattr(tries, "COUNTS_OF_NOBODY", 4)

    for number in range(40):
        api(f"nobody{number}@example.org", "a guess", ATTACKER)

    cache = caches["throttles"]
    keys = list(cache.iter_keys("*")) if hasattr(cache, "iter_keys") else list(cache._cache)
    assert 1 < len([key for key in keys if "everywhere" in key]) <= 2 * 4
    assert not [key for key in keys if "nobody" in key]


# ---- At once ----


@pytest.mark.parametrize(
    ("rates", "addresses", "passed"),
    [
        ({"login_account": "10/hour"}, [ATTACKER] * 8, 10),
        ({"login_everywhere": "20/hour"}, OTHERS[:8], 20),
        ({"login_everywhere": "25/hour"}, [ATTACKER] * 8, 5),
    ],
)
def test_tries_that_come_together_are_no_more_than_the_bound(limit, rates, addresses, passed):
    limit(**rates)
    account, start, answers = tries.Account("user:1", "hash"), threading.Barrier(len(addresses)), []

    def attack(address):
        start.wait()
        answers.extend(tries.Try(kind="login", account=account, address=address).seconds_to_wait() for _ in range(4))

    threads = [threading.Thread(target=attack, args=(address,)) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers.count(None) == passed
    assert len(answers) == 4 * len(addresses)


def test_a_good_try_uses_up_nothing_of_the_wide_bound(limit):
    limit(login_account="10/hour", login_everywhere="10/hour")
    person = UserFactory()
    account = tries.Account.of(person)
    good, bad = (tries.Try(kind="login", account=account, address=address) for address in (OWNER, ATTACKER))

    assert (good.seconds_to_wait(), bad.seconds_to_wait()) == (None, None)
    good.succeed(user=person)

    left = [tries.Try(kind="login", account=account, address=address).seconds_to_wait() for address in OTHERS[:10]]
    assert left == [None] * 9 + [left[-1]]
    assert left[-1] is not None
