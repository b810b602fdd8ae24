"""Who leads, and who works: jobs are gates that a test opens, so that nothing depends on how fast a machine is."""

import threading
import time
from collections import deque

import pytest

from config import turns

PATIENCE = 30


class Gates:
    """Jobs that begin, go on when they are let, and are written down, with whoever did what."""

    def __init__(self):
        self.jobs, self.given, self.to_finish = deque(), deque(), deque()
        self.opened, self.begun, self.finished, self.polled = {}, {}, {}, []
        self.changed = threading.Condition()
        self.is_ended = self.is_woken = self.is_broken = False

    # ---- What is asked of a loop ----

    def is_over(self):
        return self.is_ended

    def go_on(self, *, may_wait):
        with self.changed:
            self.note(self.polled.append, threading.current_thread())
            if may_wait:
                assert self.changed.wait_for(lambda: self.given or self.is_woken or self.is_ended, PATIENCE)
            if self.is_broken:
                raise ValueError("broken")
            self.is_woken = False
            self.jobs += self.given
            self.given.clear()
            waiting = list(self.to_finish)
            self.to_finish.clear()
        for place in waiting:
            self.finish(place, place)

    def do(self, place):
        with self.changed:
            self.note(self.begun.setdefault, place, threading.current_thread())
        assert self.opened[place].wait(PATIENCE)
        return place

    def finish(self, place, result):
        assert result == place
        assert place not in self.finished
        with self.changed:
            self.note(self.finished.setdefault, place, threading.current_thread())

    def leave(self, place, result):
        assert result == place
        with self.changed:
            self.to_finish.append(place)
        self.wake()

    def wake(self):
        with self.changed:
            self.is_woken = True
            self.changed.notify_all()

    # ---- What a test says and sees ----

    def note(self, write, *what):
        write(*what)
        self.changed.notify_all()

    def give(self, count=1):
        """Give so many more jobs."""
        with self.changed:
            for _ in range(count):
                place = len(self.opened)
                self.opened[place] = threading.Event()
                self.given.append(place)
            self.changed.notify_all()

    def open(self, *places):
        for place in places:
            self.opened[place].set()

    def wait_for(self, said):
        with self.changed:
            assert self.changed.wait_for(said, PATIENCE), (self.begun, self.finished)

    def wait_for_begun(self, *places):
        self.wait_for(lambda: set(places) <= set(self.begun))

    def wait_for_finished(self, *places):
        self.wait_for(lambda: set(places) <= set(self.finished))

    def end(self):
        self.open(*self.opened)
        with self.changed:
            self.is_ended = True
            self.changed.notify_all()


@pytest.fixture
def gates(monkeypatch):
    """Three threads at a loop; a job that is seen at a closed gate takes long."""
    monkeypatch.setattr(turns, "LONG", 0.01)
    gates = Gates()
    gates.threads = turns.Turns(3, gates)
    gates.watching = threading.Thread(target=gates.threads.run)
    gates.watching.start()
    yield gates
    gates.end()
    gates.watching.join(PATIENCE)
    assert not gates.watching.is_alive()


def test_as_long_as_each_is_quick_whoever_leads_does_all(monkeypatch):
    monkeypatch.setattr(turns, "LONG", 3600.0)
    gates = Gates()
    watching = threading.Thread(target=turns.Turns(3, gates).run)
    watching.start()

    gates.give(4)
    for place in range(4):
        gates.wait_for_begun(place)
        assert list(gates.begun) == list(range(place + 1))
        gates.open(place)
    gates.wait_for_finished(0, 1, 2, 3)
    gates.end()
    watching.join(PATIENCE)

    (leader,) = {*gates.begun.values(), *gates.finished.values(), *gates.polled}
    assert leader is not watching
    assert not watching.is_alive()


def test_nobody_waits_behind_one_that_takes_long_while_there_are_threads(gates):
    gates.give(5)
    gates.wait_for_begun(0, 1, 2)
    assert len(gates.begun) == 3
    assert len(set(gates.begun.values())) == 3

    gates.open(1)
    gates.wait_for_begun(3)

    assert 4 not in gates.begun
    gates.wait_for_finished(1)
    assert gates.begun[3] is gates.begun[1]


def test_while_all_are_at_work_whoever_watches_polls_and_does_no_job(gates):
    gates.give(3)
    gates.wait_for_begun(0, 1, 2)
    gates.wait_for(lambda: gates.polled[-1] is gates.watching)
    polled = len(gates.polled)

    gates.give()
    gates.wait_for(lambda: len(gates.polled) > polled)
    assert gates.polled[-1] is gates.watching
    gates.open(2)
    gates.wait_for_begun(3)

    assert gates.begun[3] is gates.begun[2]


def test_who_was_slow_leaves_the_rest_to_whoever_leads_by_then(gates):
    gates.give(2)
    gates.wait_for_begun(0, 1)
    gates.open(1)
    gates.wait_for_finished(1)

    gates.open(0)
    gates.wait_for_finished(0)

    assert gates.finished[0] is not gates.begun[0]


def test_who_begins_while_nobody_is_watched_does_not_hold_up_others(monkeypatch, gates):
    monkeypatch.setattr(turns, "SECONDS_UNWATCHED", 3600.0)
    deadline = time.monotonic() + PATIENCE
    while not gates.threads.is_unwatched:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    gates.give(2)

    gates.wait_for_begun(0, 1)


def test_what_breaks_the_loop_ends_it_and_is_told_to_who_called():
    gates = Gates()
    gates.is_broken = True
    gates.give()

    with pytest.raises(ValueError, match="broken"):
        turns.Turns(3, gates).run()

    (leader,) = gates.polled
    leader.join(PATIENCE)
    assert not leader.is_alive()


def test_where_no_thread_can_be_started_none_is_left(monkeypatch):
    start, started = threading.Thread.start, []

    def fail_at_the_third(thread):
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", fail_at_the_third)

    with pytest.raises(RuntimeError):
        turns.Turns(3, Gates()).run()

    for thread in started:
        thread.join(PATIENCE)
    assert [thread.is_alive() for thread in started] == [False, False]


def test_at_the_end_all_go_once_they_have_done_what_they_are_at(monkeypatch):
    monkeypatch.setattr(turns, "LONG", 0.01)
    gates = Gates()
    threads = turns.Turns(2, gates)
    watching = threading.Thread(target=threads.run)
    watching.start()
    gates.give(1)
    gates.wait_for_begun(0)

    threads.shutdown(wait=False)
    watching.join(PATIENCE)
    ended, works_on = not watching.is_alive(), gates.begun[0].is_alive()
    gates.open(0)
    gates.begun[0].join(PATIENCE)

    assert (ended, works_on, gates.begun[0].is_alive()) == (True, True, False)
