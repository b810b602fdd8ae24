"""Who works, and when: jobs are gates that a test opens, so that nothing depends on how fast a machine is."""

import threading
from contextlib import ExitStack

import pytest

from config import turns

PATIENCE = 30


class Gates:
    """Jobs that begin, and go on when they are let."""

    def __init__(self, pool):
        self.pool, self.opened, self.begun = pool, [], []
        self.changed = threading.Condition()

    def give(self):
        """Give the pool one more job, and return what comes of it."""
        place = len(self.opened)
        self.opened.append(threading.Event())
        return self.pool.submit(self.job, place)

    def fill(self, count):
        """Give the pool of three threads ``count`` jobs, of which each thread begins one."""
        for _ in range(count):
            self.give()
        self.pool.let_in()
        self.wait_for(0, 1, 2)

    def job(self, place):
        with self.changed:
            self.begun.append(place)
            self.changed.notify_all()
        assert self.opened[place].wait(PATIENCE)
        return place

    def wait_for(self, *places):
        with self.changed:
            assert self.changed.wait_for(lambda: set(places) <= set(self.begun), PATIENCE), self.begun


@pytest.fixture
def pool():
    with turns.TurnTakers(3) as pool:
        yield pool


@pytest.fixture
def gates(pool):
    gates = Gates(pool)
    with ExitStack() as stack:
        stack.callback(lambda: [each.set() for each in gates.opened])
        yield gates


@pytest.fixture
def nothing_is_long(monkeypatch):
    monkeypatch.setattr(turns, "LONG", 3600.0)


@pytest.fixture
def all_is_long(monkeypatch):
    monkeypatch.setattr(turns, "LONG", 0.0)


@pytest.mark.usefixtures("nothing_is_long")
def test_as_long_as_each_is_quick_one_works_at_a_time(pool, gates):
    results = [gates.give() for _ in range(4)]
    gates.wait_for(0)

    for place, result in enumerate(results):
        pool.let_in()
        assert gates.begun == list(range(place + 1))
        gates.opened[place].set()
        assert result.result(PATIENCE) == place
        if place < 3:
            gates.wait_for(place + 1)


@pytest.mark.usefixtures("all_is_long")
def test_nobody_waits_behind_one_that_takes_long_while_there_are_threads(pool, gates):
    gates.fill(5)

    pool.let_in()
    assert sorted(gates.begun) == [0, 1, 2]

    gates.opened[1].set()
    gates.wait_for(3)
    assert 4 not in gates.begun


def test_it_says_when_the_next_may_be_let_in(pool, gates, monkeypatch):
    monkeypatch.setattr(turns, "LONG", 3600.0)
    assert pool.seconds_to_wait(5000) == 5000  # there is no job
    gates.give()
    gates.wait_for(0)
    assert pool.seconds_to_wait(5000) == 5000  # none that waits
    waiting = gates.give()
    assert 3500 < pool.seconds_to_wait(5000) <= 3600
    assert pool.seconds_to_wait(1) == 1

    monkeypatch.setattr(turns, "LONG", 0.0)
    assert pool.seconds_to_wait(5000) == 0
    pool.let_in()
    gates.opened[1].set()
    assert waiting.result(PATIENCE) == 1


@pytest.mark.usefixtures("all_is_long")
def test_where_all_are_at_work_it_is_asked_again_soon_for_one_may_leave_without_a_word(pool, gates):
    gates.fill(4)

    assert pool.seconds_to_wait(5000) == turns.SOON


def test_who_was_slow_gives_way_to_whom_it_let_in(pool, gates, monkeypatch):
    monkeypatch.setattr(turns, "LONG", 0.0)
    slow = gates.give()
    gates.wait_for(0)
    gates.give()
    gates.wait_for(1)
    monkeypatch.setattr(turns, "LONG", 3600.0)  # the second one is quick
    gates.give()

    gates.opened[0].set()
    assert slow.result(PATIENCE) == 0
    gates.opened[1].set()
    gates.wait_for(2)

    assert gates.begun == [0, 1, 2]
    assert len(pool.begun) == 1


def test_a_job_that_fails_says_so_and_the_next_one_is_done(pool):
    def fail():
        raise ValueError("no")

    failed, after = pool.submit(fail), pool.submit(str, 1)

    with pytest.raises(ValueError, match="no"):
        failed.result(PATIENCE)
    assert after.result(PATIENCE) == "1"


@pytest.mark.usefixtures("nothing_is_long")
def test_a_job_that_was_called_off_is_not_done(pool, gates):
    gates.give()
    gates.wait_for(0)
    called_off, after = gates.give(), pool.submit(str, 2)
    assert called_off.cancel()

    gates.opened[0].set()

    assert after.result(PATIENCE) == "2"
    assert gates.begun == [0]
