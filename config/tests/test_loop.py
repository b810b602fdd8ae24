"""The loop of a worker of gunicorn, as its threads lead it in turn."""

import errno
import socket
import threading
import time

import pytest

from config import loop
from config.tests.house import GET, KB, read_all

SLOW = GET.replace(b"/ ", b"/slow ", 1)


@pytest.fixture
def served(house, monkeypatch):
    """A house whose loop runs by itself, with two threads; who asks for ``/slow`` waits for `house.goes_on`."""
    house.goes_on = threading.Event()

    def application(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            assert house.goes_on.wait(30)
        return house.application(environ, start_response)

    house.worker.wsgi, house.worker.alive, house.worker.sockets = application, True, [house.listener]
    house.worker.cfg.set("threads", 2)
    house.worker.tpool = house.worker.get_thread_pool()
    monkeypatch.setattr(loop, "SECONDS_TO_POLL", 0.1)
    serving = threading.Thread(target=loop.LedWorker.run, args=(house.worker,))
    serving.start()
    yield house
    house.goes_on.set()
    house.worker.alive = False
    serving.join(30)
    assert not serving.is_alive()


def call(house, says):
    caller = house.stack.enter_context(socket.create_connection(house.listener.getsockname(), timeout=30))
    caller.sendall(says)
    return caller


def test_while_one_request_takes_long_others_are_answered_and_then_it_is_and_the_next_one(served):
    slow = call(served, SLOW + GET)
    quick = call(served, GET)

    assert read_answers(quick, 1).endswith(b"\r\n\r\nyes")
    assert read_all(slow) == b""
    served.goes_on.set()

    assert read_answers(slow, 2).count(b"HTTP/1.1 200 OK") == 2


def test_while_all_threads_are_busy_callers_are_accepted_and_wait(served):
    slow = [call(served, SLOW) for _ in range(2)]
    waiting = call(served, GET)

    assert read_all(waiting) == b""
    served.goes_on.set()

    assert {read_answers(caller, 1)[-3:] for caller in (*slow, waiting)} == {b"yes"}


def test_a_process_that_stops_answers_whom_it_has_begun_to_answer(served):
    slow = call(served, SLOW)
    while not served.worker.nr:
        time.sleep(0.01)

    served.worker.alive = False
    time.sleep(0.3)
    served.goes_on.set()

    assert read_answers(slow, 1).endswith(b"yes")


def is_listening(house):
    """Poll, and tell whether callers are accepted now."""
    house.worker.alive, house.worker.sockets = True, [house.listener]
    house.worker.go_on(may_wait=False)
    return house.listener.fileno() in house.worker.poller.get_map()


def test_of_several_processes_one_with_a_new_caller_leaves_the_next_one_to_others_for_a_while(house):
    house.caller()
    alone = is_listening(house)

    house.worker.cfg.set("workers", 2)
    caller, _ = house.caller()
    patient = is_listening(house)
    house.worker.patient_until = time.monotonic()
    waited = is_listening(house)

    house.caller()
    house.worker.patient_until = time.monotonic() + 3600
    caller.sendall(GET)
    house.go_on()
    answered = is_listening(house)

    assert (alone, patient, waited, answered) == (True, False, True, True)


class FullHouse:
    """A listener whose process has no file left for another caller."""

    def accept(self):
        raise OSError(errno.EMFILE, "Too many open files")


def test_a_process_without_a_file_for_another_caller_goes_on_with_those_it_has(house):
    caller, _ = house.caller()
    began = time.monotonic()

    house.worker.accept(FullHouse())
    accepts_again = house.worker.without_files_until
    caller.sendall(GET)
    house.go_on()

    assert read_all(caller).endswith(b"\r\n\r\nyes")
    assert accepts_again >= began + loop.SECONDS_WITHOUT_FILES
    assert house.worker.nr_conns == 1
    house.worker.without_files_until = time.monotonic() + 3600
    assert not is_listening(house)
    house.worker.without_files_until = 0.0
    assert is_listening(house)


def read_answers(caller, count):
    """Return what a connection brings, as far as the end of so many answers."""
    said = b""
    while said.count(b"yes") < count:
        said += caller.recv(KB)
    return said
