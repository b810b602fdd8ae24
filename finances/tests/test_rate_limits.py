"""How requests are counted."""

import socket
import threading
import time

import pytest
import time_machine
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured

from finances import rate_limits
from finances.tests.full_redis import FULL


@pytest.fixture
def limit(settings):
    """Return a function that sets the rate of the scope ``login``."""

    def set_rate(rate):
        settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"login": rate}

    return set_rate


def ask(identity="anna", scope="login"):
    return rate_limits.seconds_to_wait(scope=scope, identity=identity)


def test_as_many_as_the_rate_says_may_pass(limit):
    limit("3/min")

    answers = [ask() for _ in range(5)]

    assert answers[:3] == [None, None, None]
    assert all(1 <= seconds <= 60 for seconds in answers[3:])


def test_the_next_window_is_open_when_the_answer_says_so(limit):
    limit("1/min")

    with time_machine.travel(time.time(), tick=False) as clock:
        ask()
        seconds = ask()
        clock.shift(seconds)
        after = ask()

    assert after is None


def test_everybody_is_counted_alone(limit):
    limit("1/min")

    answers = [ask("anna"), ask("berta"), ask("anna")]

    assert [answer is None for answer in answers] == [True, True, False]


def test_scopes_are_counted_alone(limit, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"login": "1/min", "register": "1/min"}

    answers = [ask(scope="login"), ask(scope="register")]

    assert answers == [None, None]


def test_after_a_refusal_nothing_more_is_counted_or_looked_at(limit, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"login": "1/min", "login_account": "1/min"}
    looked_at = []

    def steps(account):
        yield "login", "address:192.0.2.1"
        looked_at.append(account)
        yield "login_account", account

    answers = [rate_limits.first_refusal(steps(account)) for account in ("anna", "berta", "berta")]

    assert [answer is None for answer in answers] == [True, False, False]
    assert looked_at == ["anna"]
    assert ask("berta", "login_account") is None


def test_off_lifts_the_limit(limit):
    limit("off")

    answers = [ask() for _ in range(50)]

    assert set(answers) == {None}


@pytest.mark.parametrize(
    ("rate", "count", "seconds"), [("5/s", 5, 1), ("10/min", 10, 60), ("20/hour", 20, 3600), ("1/d", 1, 86400)]
)
def test_rates_are_read(rate, count, seconds):
    assert rate_limits.parse(rate) == rate_limits.Limit(count, seconds)


@pytest.mark.parametrize("rate", ["", "10", "ten/min", "10/year", "0/min", "-1/min", "/min"])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(ImproperlyConfigured):
        rate_limits.parse(rate)


def test_a_scope_without_a_rate_is_refused():
    with pytest.raises(ImproperlyConfigured):
        ask(scope="nothing")


def test_requests_that_come_together_are_all_counted(limit):
    limit("10/hour")
    start, answers = threading.Barrier(8), []

    def ask_often():
        start.wait()
        answers.extend(ask() for _ in range(5))

    threads = [threading.Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers.count(None) == 10


@pytest.mark.parametrize("weight", [1, 3])
def test_of_a_large_limit_as_many_pass_too_though_they_are_counted_ahead(limit, weight):
    limit("1000/day")
    name = f"often {weight}"

    answers = [rate_limits.seconds_to_wait(scope="login", identity=name, weight=weight) for _ in range(1010)]

    passed = 1000 // weight
    assert answers[:passed].count(None) == answers.count(None) == passed


def test_a_hundredth_of_a_limit_is_counted_at_once(limit):
    limit("1000/day")
    window = rate_limits.window_of(scope="login", identity="often")

    counts = [ask("often") or caches["throttles"].get(window.key) for _ in range(11)]

    assert counts == [10] * 10 + [20]


def test_what_another_process_has_counted_ahead_passes_there(limit, monkeypatch):
    limit("1000/day")
    here, there = rate_limits.Ahead(), rate_limits.Ahead()
    answers = []

    for number in range(2200):
        monkeypatch.setattr(rate_limits, "ahead", here if number % 2 else there)
        answers.append(ask("in two places"))

    assert answers.count(None) == 1000


def test_what_was_counted_ahead_is_of_its_window_alone(limit):
    limit("100/s")

    with time_machine.travel(time.time(), tick=False) as clock:
        passed = []
        for _ in range(3):
            passed.append([ask("in several windows") for _ in range(150)].count(None))
            clock.shift(1)

    assert passed == [100, 100, 100]


def test_names_of_people_are_not_in_the_keys(limit):
    limit("10/min")
    ask("anna@example.org")

    cache = caches["throttles"]
    keys = list(cache.iter_keys("*")) if hasattr(cache, "iter_keys") else list(cache._cache)

    assert len(keys) == 1
    assert "anna" not in keys[0]


def test_without_redis_each_process_counts_alone(limit, settings, caplog):
    limit("2/min")
    with socket.socket() as closed:  # a port where nobody listens
        closed.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
    redis = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": address}
    settings.CACHES = settings.CACHES | {"throttles": redis}

    answers = [ask("somebody") for _ in range(3)]

    assert [answer is None for answer in answers] == [True, True, False]
    assert len([record for record in caplog.records if "Redis being away" in record.message]) == 1
    rate_limits.counter.shared_again_at = 0.0


def test_while_redis_is_full_each_process_counts_alone_and_says_so_as_an_error(limit, settings, caplog):
    limit("2/min")
    settings.CACHES = settings.CACHES | {"throttles": FULL}

    answers = [ask("somebody while it is full") for _ in range(3)]
    rate_limits.counter.shared_again_at = 0.0

    assert [answer is None for answer in answers] == [True, True, False]
    assert [(record.levelname, "Redis being full" in record.message) for record in caplog.records] == [("ERROR", True)]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 198.51.100.2", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, "203.0.113.9:40001", "203.0.113.9"),
        (1, "[2001:db8:1:2::1]:40001", "2001:db8:1:2::/64"),
        (1, "[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:2::40", "2001:db8:1:2::/64"),
        (1, "::1234", "::/64"),
    ],
)
def test_the_address_is_what_our_own_proxies_wrote(settings, proxies, forwarded, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    meta = {"REMOTE_ADDR": "192.0.2.1"} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})

    assert rate_limits.client_address(meta) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_one_customer_has_one_address(address, expected):
    assert rate_limits.client_address({"REMOTE_ADDR": address}) == expected
