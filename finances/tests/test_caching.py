import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.cache import caches
from django.db import connection, transaction

from finances import caching, program, single_flight
from finances.cache_data import DataSerializer
from finances.tests.conftest import NO_REDIS

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


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
        time.sleep(0.1)  # for the second to wait
        go_on.set()

        assert (first.result(10), second.result(10)) == (b"result 1", b"result 1")
    assert single_flight._under_way == {}


def test_threads_that_wait_for_something_large_all_get_it_though_it_is_not_kept():
    started, go_on = threading.Event(), threading.Event()
    compute, large = Counted(), b"x" * (caching.MAX_KEPT_BYTES + 1)

    def compute_much():
        compute()
        started.set()
        assert go_on.wait(10)
        return large

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(caching.remember, "thing", state=[1], compute=compute_much) for _ in range(8)]
        assert started.wait(10)
        time.sleep(0.2)  # for the others to wait
        go_on.set()

        assert [each.result(10) == large for each in asked] == [True] * 8
    assert compute.count == 1


def test_who_waits_for_what_takes_longer_than_other_processes_would_be_waited_for_gets_it_all_the_same(monkeypatch):
    monkeypatch.setattr(single_flight, "WAIT_SECONDS", 0.1)
    compute = Counted()

    def compute_slowly():
        time.sleep(0.5)
        return compute()

    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(caching.remember, "thing", state=[1], compute=compute_slowly) for _ in range(3)]

        assert [each.result(10) for each in asked] == [b"result 1"] * 3
    assert compute.count == 1


def test_who_waited_for_a_computation_that_failed_computes_at_once():
    started, go_on, together = threading.Event(), threading.Event(), threading.Barrier(3)

    def fail():
        started.set()
        assert go_on.wait(10)
        raise ZeroDivisionError

    def compute():
        together.wait(10)  # passes only when all three who waited compute at the same time
        return b"result"

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(caching.remember, "thing", state=[1], compute=fail)
        assert started.wait(10)
        others = [threads.submit(caching.remember, "thing", state=[1], compute=compute) for _ in range(3)]
        time.sleep(0.2)  # for them to wait
        go_on.set()

        assert [each.result(10) for each in others] == [b"result"] * 3
        with pytest.raises(ZeroDivisionError):
            first.result(10)
    assert single_flight._under_way == {}


@pytest.mark.skipif(not configured.REDIS_URL, reason="without Redis, processes do not know of each other")
def test_processes_compute_at_once_what_is_known_to_be_too_large():
    processes = [remembering() for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"

    first = spans_of(processes)  # one after the other: nobody knew
    second = spans_of(processes)

    assert max(started for started, _ in first) >= min(ended for _, ended in first)
    assert max(started for started, _ in second) < min(ended for _, ended in second)
    for process in processes:
        process.communicate()
        assert process.returncode == 0


def remembering():
    command = [sys.executable, "-m", "finances.tests.remembering_process", str(caching.MAX_KEPT_BYTES + 1)]
    environment = {**os.environ, "DJANGO_ENV": "test", "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def spans_of(processes):
    """Let all ``processes`` ask at the same moment, and return from when to when each computed."""
    for process in processes:
        process.stdin.write("ask\n")
        process.stdin.flush()
    return [tuple(map(float, process.stdout.readline().split())) for process in processes]


def test_another_process_that_computes_the_same_is_waited_for():
    locks, key = caches["locks"], caching.key_of("thing", [1])
    if not hasattr(locks, "lock"):
        pytest.skip("without Redis, processes do not know of each other")
    compute = Counted()
    elsewhere = locks.lock(key, timeout=20)
    assert elsewhere.acquire()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(caching.remember, "thing", state=[1], compute=compute)
        caches["default"].set(key, b"of the other")
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


# ---- The last of a slot ----


@pytest.fixture(params=["here", pytest.param("everywhere", marks=NO_REDIS)])
def ask_slot(request):
    """Return a function that asks for a slot, of the memory of this process or of what all share."""

    def ask(slot, state, compute):
        if request.param == "everywhere":
            caching.near.clear()
        return caching.remember_last(slot, state=state, compute=compute)

    return ask


def test_of_a_slot_the_last_result_is_kept_and_nothing_else(ask_slot):
    compute = Counted()
    states = [[1, "a"], [1, "a"], [2, "a"], [2, "a"], [1, "a"]]

    results = [ask_slot("thing:slot", state, compute) for state in states]

    assert [int(result[-1:]) for result in results] == [1, 1, 2, 2, 3]


def test_each_slot_keeps_its_own(ask_slot):
    compute = Counted()
    slots = ["thing:one", "thing:another", "thing:one"]

    results = [ask_slot(slot, [1], compute) for slot in slots]

    assert results == [b"result 1", b"result 2", b"result 1"]


def test_what_is_too_large_for_a_slot_is_computed_each_time(ask_slot):
    results = [ask_slot("thing:large", [1], lambda: os.urandom(1_000_001)) for _ in range(2)]

    assert results[0] != results[1]


def test_what_time_alone_changes_is_computed_each_time(ask_slot):
    compute = Counted()

    results = [ask_slot("thing:slot", [1], lambda: caching.Passing(compute())) for _ in range(2)]

    assert results == [b"result 1", b"result 2"]


def test_a_process_keeps_no_more_than_it_may():
    each = caching.MAX_NEAR_BYTES - 1000
    last = caching.MOST_NEAR_BYTES // each + 5

    for number in range(last + 1):
        caching.near.put(f"thing:{number}", bytes(each))

    assert (caching.near.get("thing:0"), caching.near.get(f"thing:{last}")) == (None, bytes(each))
    assert sum(len(result) for _, result in caching.near.kept.values()) <= caching.MOST_NEAR_BYTES


def test_long_names_of_slots_count_too():
    for number in range(caching.MOST_NEAR_BYTES // 10_000 + 5):
        caching.near.put(f"thing:{number}".ljust(10_000, "-"), b"x")

    assert sum(map(len, caching.near.kept)) <= caching.MOST_NEAR_BYTES


@NO_REDIS
def test_what_is_here_is_not_fetched_again_and_what_others_kept_is_not_computed_again():
    compute = Counted()
    results = [caching.remember_last("thing:slot", state=[1], compute=compute)]
    caching.near.clear()
    results.append(caching.remember_last("thing:slot", state=[1], compute=compute))
    caches["default"].delete_pattern("*")
    results.append(caching.remember_last("thing:slot", state=[1], compute=compute))

    assert results == [b"result 1"] * 3


@pytest.mark.parametrize("value", [b"", b"\0[1]", b'{"a":1}', "text", 1, [1, "a"], {"a": None}, True])
def test_what_goes_into_redis_comes_back_as_it_was(value):
    serializer = DataSerializer({})

    assert serializer.loads(serializer.dumps(value)) == value
