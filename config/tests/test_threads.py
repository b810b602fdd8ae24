"""What a worker of gunicorn holds for its callers, how much, and for how long; its threads run when a test says."""

import time
from collections import deque
from concurrent.futures import Future

import pytest

from config import deadlines, threads
from config.tests.house import GET, KB, read_all
from finances import tasks


def test_who_sends_many_requests_at_once_is_read_no_faster_than_answered(house):
    caller, conn = house.caller()
    caller.sendall(GET * 5000)  # 135 kB

    held = []
    house.go_on(until=lambda: held.append(held_of(conn)) or len(held) > 500)

    assert max(held) <= 2 * deadlines.SMALL_PIECE


def held_of(conn):
    return len(conn.received) + (len(conn.parser.unreader.buf.getvalue()) if conn.parser else 0)


@pytest.mark.parametrize(("waits", "is_let_go"), [(True, True), (False, False)], ids=["full", "empty"])
def test_what_waits_for_a_thread_counts_where_room_is_made(house, monkeypatch, waits, is_let_go):
    monkeypatch.setattr(threads, "MOST_HELD", 1000 * KB)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (600 * KB)
    first, _ = house.caller()
    first.sendall(head + b"x" * 600 * KB)
    house.go_on(until=lambda: house.worker.jobs, answer=False)
    if not waits:
        house.go_on(until=lambda: not house.worker.jobs)

    second, sending = house.caller()
    second.sendall(head + b"x" * 500 * KB)
    house.go_on(answer=False)

    assert (sending not in house.worker.pending_conns) == is_let_go
    house.go_on(until=lambda: not house.worker.jobs)
    assert read_all(first).endswith(b"\r\n\r\nyes")


def test_an_answer_that_nobody_takes_holds_no_thread_and_is_whole_once_it_is_taken(house):
    house.answer = b"x" * 20 * KB * KB
    caller, conn = house.caller()
    caller.sendall(GET + GET)
    house.go_on()
    left = len(conn.sock.unsent)

    said = bytearray()
    for _ in range(100):
        said += read_all(caller)
        house.go_on(rounds=5)
        if len(said) > 2 * len(house.answer) and not house.worker.taking:
            break

    assert left > 0
    assert bytes(said).count(b"HTTP/1.1 200 OK") == 2
    assert said.count(b"x") == 2 * len(house.answer)
    assert house.worker.nr_conns == 1


def test_who_does_not_take_an_answer_in_time_is_cut_off(house):
    house.answer = b"x" * 20 * KB * KB
    caller, conn = house.caller()
    caller.sendall(GET)
    house.go_on()
    house.worker.murder_pending()
    waited_for = conn in house.worker.taking

    conn.timeout = 0
    house.worker.murder_pending()

    assert waited_for
    assert house.worker.nr_conns == 0
    assert len(read_all(caller)) < len(house.answer)


def test_a_large_answer_may_be_taken_for_longer_than_a_small_one(house):
    conns = []
    for size in (8, 16):
        house.answer = b"x" * size * KB * KB
        caller, conn = house.caller()
        caller.sendall(GET)
        house.go_on()
        conns.append(conn)

    longer = conns[1].timeout - conns[0].timeout

    assert longer > 8 * KB * KB / deadlines.LEAST_RATE / 2


def test_who_takes_least_is_cut_off_where_all_answers_are_too_much(house, monkeypatch):
    monkeypatch.setattr(threads, "MOST_UNSENT", 24 * KB * KB)
    conns = []
    for size in (20, 10, 11):
        house.answer = b"x" * size * KB * KB
        caller, conn = house.caller()
        caller.sendall(GET)
        house.go_on()
        conns.append(conn)

    assert list(house.worker.taking) == conns[1:]
    assert house.worker.nr_conns == 2


def test_a_head_that_comes_letter_by_letter_is_searched_once(house):
    """Counted by what is looked at again, which is no more than the end of a head."""
    _, conn = house.caller()

    starts = []
    for letter in GET[:-1]:
        conn.received.append(letter)
        assert not conn.is_whole()
        starts.append(len(conn.received) - conn.searched)
    conn.received += GET[-1:]

    assert conn.is_whole()
    assert set(starts) == {0}


def test_who_goes_away_in_the_midst_of_an_answer_leaves_the_place_to_others(house):
    house.answer = b"x" * 20 * KB * KB
    caller, conn = house.caller()
    caller.sendall(GET)
    house.go_on()
    waited_for = conn in house.worker.taking

    caller.close()  # with something unread, which resets the connection
    house.go_on(rounds=20)

    assert waited_for
    assert house.worker.nr_conns == len(house.worker.taking) == 0


# ---- Who is let go where all large requests are too much ----

POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (900 * KB)


@pytest.fixture
def small(house, monkeypatch):
    """A house in which large requests may hold 1 000 KB together."""
    monkeypatch.setattr(threads, "MOST_HELD", 1000 * KB)
    return house


def sending(house, size, *, seconds_ago=0.0):
    """Return a caller who has sent so much of a request of 900 KB, the last of it some seconds ago."""
    caller, conn = house.caller()
    caller.sendall(POST + b"x" * size)
    house.go_on(answer=False)
    conn.periods = [(began - seconds_ago, count) for began, count in conn.periods]
    return caller, conn


@pytest.mark.parametrize("turned", [False, True])
def test_who_is_let_go_while_something_of_theirs_is_in_the_same_batch_harms_nobody(small, turned):
    stalled, victim = sending(small, 500 * KB, seconds_ago=60)
    caller, conn = sending(small, 450 * KB)
    stalled.sendall(b"x")
    caller.sendall(b"x" * 100 * KB)

    while victim.is_pending:
        events = {key.fileobj: key for key, _ in small.worker.poller.select(1)}
        batch = [events[each.sock] for each in (conn, victim) if each.sock in events]
        for key in reversed(batch) if turned else batch:
            key.data(key.fileobj)

    assert (conn.is_pending, small.worker.nr_conns, small.worker.held) == (True, 1, len(conn.received))
    caller.sendall(b"x" * 350 * KB)
    small.go_on()
    assert read_all(caller).endswith(b"\r\n\r\nyes")
    assert small.worker.held == 0


def test_an_answer_that_is_cut_off_in_a_batch_is_not_sent_on_in_it(house):
    house.answer = b"x" * 20 * KB * KB
    caller, conn = house.caller()
    caller.sendall(GET)
    house.go_on()
    read_all(caller)

    (key,) = [key for key, _ in house.worker.poller.select(1) if key.fileobj is conn.sock]
    house.worker.cut_off(conn)
    key.data(key.fileobj)

    assert house.worker.nr_conns == 0


def test_who_goes_on_sending_stays_and_who_has_stopped_goes(small):
    stopped = [sending(small, 70 * KB, seconds_ago=5 + number)[1] for number in range(3)]
    caller, _ = sending(small, 100 * KB)

    for _ in range(8):
        caller.sendall(b"x" * 100 * KB)
        small.go_on(answer=False, until=lambda: not small.worker.jobs)
    small.go_on()

    assert [each.is_pending for each in stopped] == [True, False, False]
    assert read_all(caller).endswith(b"\r\n\r\nyes")


class Watched(deque):
    """Callers who wait, and how often somebody went through all of them."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_nobody_goes_through_all_callers_as_long_as_there_is_room(small):
    waiting = small.worker.pending_conns = Watched()
    callers = [sending(small, 100 * KB)[0] for _ in range(5)]
    before = waiting.times

    for caller in callers * 20:
        caller.sendall(b"x")
        small.go_on(answer=False)

    assert waiting.times == before


# ---- Before a process stops ----


def test_a_process_that_stops_waits_for_nobody_who_has_said_nothing(house):
    _, silent = house.caller()
    _, begun = sending(house, 10 * KB)
    caller, going_on = sending(house, 500 * KB)
    house.worker.alive = False

    house.worker.murder_pending()
    caller.sendall(b"x" * 400 * KB)
    house.go_on()

    assert [silent.is_pending, begun.is_pending, going_on.is_pending] == [False, True, False]
    assert read_all(caller).startswith(b"HTTP/1.1 200 OK")
    assert begun.timeout - time.monotonic() <= threads.SECONDS_TO_END


def test_a_process_goes_on_serving_until_the_answers_are_taken_that_would_keep_it_from_ending(house):
    house.worker.max_requests, house.worker.alive = 2, True
    house.answer = b"x" * 20 * KB * KB
    taker, _ = house.caller()
    taker.sendall(GET)
    house.go_on()
    house.answer = b"yes"
    caller, _ = house.caller()

    caller.sendall(GET * 10)
    house.go_on()
    alive_meanwhile = house.worker.alive
    taker.close()
    house.go_on()
    caller.sendall(GET * 10)
    house.go_on()

    assert (alive_meanwhile, house.worker.alive) == (True, False)


def test_a_process_that_stops_does_not_wait_long_for_who_takes_an_answer(house):
    house.answer = b"x" * 20 * KB * KB
    caller, conn = house.caller()
    caller.sendall(GET)
    house.go_on()
    before = conn.timeout - time.monotonic()
    house.worker.alive = False

    house.worker.murder_pending()

    assert before > threads.SECONDS_TO_TAKE >= conn.timeout - time.monotonic() > 0


def test_a_process_goes_on_serving_until_the_work_is_done_that_would_keep_it_from_ending(house, monkeypatch):
    house.worker.max_requests, house.worker.alive = 2, True
    caller, _ = house.caller()
    monkeypatch.setattr(tasks, "under_way", {Future()})

    caller.sendall(GET * 10)
    house.go_on()
    alive_meanwhile = house.worker.alive
    tasks.under_way.clear()
    caller.sendall(GET * 10)
    house.go_on()

    assert (alive_meanwhile, house.worker.alive) == (True, False)
