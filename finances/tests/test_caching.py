import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django.db import connection, transaction

from finances import caching, program, single_flight

pytestmark = pytest.mark.django_db


class Counted:
    """A computation that counts how often it is done."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return f"result {self.count}".encode()


def test_the_same_state_is_computed_once():
    compute = Counted()

    results = [caching.remember("thing", state=[1, "a"], compute=compute) for _ in range(3)]

    assert results == [b"result 1"] * 3


@pytest.mark.parametrize("state", [[2], ["1"], [[1]], [1, 1], []])
def test_another_state_is_computed_anew(state):
    compute = Counted()
    caching.remember("thing", state=[1], compute=compute)

    assert caching.remember("thing", state=state, compute=compute) == b"result 2"


def test_another_version_of_the_program_computes_anew(settings):
    compute = Counted()
    caching.remember("thing", state=[1], compute=compute)
    settings.VERSION = "999"

    assert caching.remember("thing", state=[1], compute=compute) == b"result 2"


def test_a_cache_that_lost_everything_costs_time_and_nothing_else():
    compute = Counted()
    caching.remember("thing", state=[1], compute=compute)
    caches["default"].delete(caching.key_of("thing", [1]))

    assert caching.remember("thing", state=[1], compute=compute) == b"result 2"


def test_generations_grow_with_each_change_and_only_of_what_changed():
    caching.renew({"b", "a"})
    caching.renew(["a", "a"])

    assert caching.generations({"a", "b", "c"}) == [("a", 2), ("b", 1)]


def test_a_change_that_is_taken_back_has_not_been():
    with transaction.atomic():
        caching.renew({"a"})
        transaction.set_rollback(True)

    assert caching.generations({"a"}) == []


def test_many_names_at_once():
    caching.renew([f"name {number}" for number in range(1200)])

    assert len(caching.generations([f"name {number}" for number in range(1200)])) == 1200


@pytest.mark.django_db(transaction=True)
def test_a_generation_ends_only_with_what_it_is_about():
    assert not connection.in_atomic_block

    with pytest.raises(transaction.TransactionManagementError):
        caching.renew({"a"})


# ---- At once ----


def test_two_at_once_are_computed_once():
    started, go_on = threading.Event(), threading.Event()
    compute = Counted()

    def compute_slowly():
        started.set()
        assert go_on.wait(10)
        return compute()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(caching.remember, "thing", state=[1], compute=compute_slowly)
        assert started.wait(10)
        second = threads.submit(caching.remember, "thing", state=[1], compute=compute)
        wait_until(lambda: single_flight._turns[caching.key_of("thing", [1])].count == 2)
        go_on.set()

        assert (first.result(10), second.result(10)) == (b"result 1", b"result 1")
    assert single_flight._turns == {}


def wait_until(is_so):
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_another_process_that_computes_the_same_is_waited_for():
    locks, key = caches["locks"], caching.key_of("thing", [1])
    if not hasattr(locks, "lock"):
        pytest.skip("without Redis, processes do not know of each other")
    compute = Counted()
    elsewhere = locks.lock(key, timeout=20)
    assert elsewhere.acquire()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(caching.remember, "thing", state=[1], compute=compute)
        caches["default"].set(key, "of the other")
        elsewhere.release()

        assert waiting.result(10) == b"of the other"
    assert compute.count == 0


def test_a_computation_that_fails_leaves_the_next_one_free():
    with pytest.raises(ZeroDivisionError):
        caching.remember("thing", state=[1], compute=lambda: b"" * (1 // 0))

    assert caching.remember("thing", state=[1], compute=Counted()) == b"result 1"


def test_what_is_too_large_is_not_kept():
    compute = Counted()

    def compute_much():
        compute()
        return b"x" * (caching.MAX_KEPT_BYTES + 1)

    for _ in range(2):
        caching.remember("thing", state=[1], compute=compute_much)

    assert compute.count == 2


def test_another_line_of_source_is_another_program(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "rules.py").write_text("CASH = 1")
    before = program.digest([tmp_path])
    (tmp_path / "tests" / "test_rules.py").write_text("assert True")
    with_test = program.digest([tmp_path])
    (tmp_path / "rules.py").write_text("CASH = 2")

    assert with_test == before
    assert program.digest([tmp_path]) != before
