"""The gate in front of a server: pace, few at once, and rest."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from finances import request_context
from finances.exceptions import ProviderRateLimitedError, ProviderUnavailableError
from finances.http import asker, gate, stores
from finances.http.policy import Policy
from finances.tests.conftest import NO_REDIS

NOON = 1_793_318_400.0  # 2026-10-30 00:00 UTC, in Unix seconds
PACE = gate.Pace(gap=1, at_once=4, max_wait=10)


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self):
        self.now = NOON
        self.asked = 0
        self.slept = []

    def time(self):
        self.asked += 1
        return self.now

    def patience(self):
        return sum(self.slept)

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_gate(http_store, clock):
    def make(name="test", **options):
        policy = Policy(name=name, title="The test server", ttl={}, **options)
        return gate.Gate(policy, stores.build_store(), clock=clock.time, patience=clock.patience, sleep=clock.sleep)

    return make


@pytest.fixture
def in_a_request():
    token = request_context.is_awaited.set(True)
    yield
    request_context.is_awaited.reset(token)


def pass_through(a_gate):
    with a_gate.passage():
        pass


def test_requests_go_out_evenly_spaced(make_gate, clock):
    a_gate = make_gate(gap=timedelta(seconds=2))

    for _ in range(3):
        pass_through(a_gate)

    assert clock.slept == [2, 2]


def test_two_servers_do_not_wait_for_each_other(make_gate, clock):
    one, other = make_gate("one"), make_gate("other")

    pass_through(one)
    pass_through(other)

    assert clock.slept == []


def test_a_queue_that_is_too_long_is_refused_at_once(make_gate, clock):
    hasty, store = make_gate(gap=timedelta(seconds=6)), stores.build_store()
    for ticket in ("one", "two"):
        store.update("test", lambda state, ticket=ticket: gate.book(state, gate.Pace(6, 4, 10), ticket, clock.now))

    with pytest.raises(ProviderRateLimitedError) as refused:
        pass_through(hasty)

    assert refused.value.retry_after == 12
    assert clock.slept == []


def test_requests_that_ask_leave_a_thread_to_others(make_gate, settings, in_a_request):
    slow, other = make_gate("slow"), make_gate("other")
    settings.REQUESTS_ASKING_AT_ONCE = 2

    with slow.passage(), slow.passage(), pytest.raises(ProviderRateLimitedError) as refused:
        pass_through(other)
    pass_through(other)

    assert refused.value.retry_after == asker.SECONDS_UNTIL_A_PLACE


def test_one_who_is_refused_or_fails_gives_the_place_back(make_gate, settings, in_a_request):
    resting, working = make_gate("resting"), make_gate("working")
    settings.REQUESTS_ASKING_AT_ONCE = 1
    resting.limited(120)

    with pytest.raises(ProviderRateLimitedError):
        pass_through(resting)
    with pytest.raises(ZeroDivisionError), working.passage():
        raise ZeroDivisionError

    pass_through(working)


def test_tasks_and_commands_take_no_place_of_requests(make_gate, settings):
    settings.REQUESTS_ASKING_AT_ONCE = 0

    pass_through(make_gate())


def test_whoever_waits_for_an_answer_is_kept_waiting_for_three_seconds_at_most(make_gate, clock, in_a_request):
    patient, store = make_gate(gap=timedelta(seconds=4)), stores.build_store()
    store.update("test", lambda state: gate.book(state, gate.Pace(4, 4, 10), "another", clock.now))

    with pytest.raises(ProviderRateLimitedError) as refused:
        pass_through(patient)

    assert refused.value.retry_after == 4
    assert clock.slept == []


def test_nobody_waits_for_a_command_which_is_patient(make_gate, clock):
    patient, store = make_gate(gap=timedelta(seconds=4)), stores.build_store()
    store.update("test", lambda state: gate.book(state, gate.Pace(4, 4, 10), "another", clock.now))

    pass_through(patient)

    assert clock.slept == [4]


def test_only_so_many_requests_are_under_way_at_once(make_gate):
    a_gate = make_gate(gap=timedelta(0), at_once=2)

    with a_gate.passage(), a_gate.passage(), pytest.raises(ProviderRateLimitedError):
        pass_through(a_gate)

    pass_through(a_gate)


def test_a_killed_process_gives_its_place_back_after_a_minute():
    state = gate.GateState(leases={"killed": NOON + 60})
    pace = gate.Pace(gap=0, at_once=1, max_wait=10)

    _, early = gate.book(state, pace, "mine", NOON + 59)
    _, late = gate.book(state, pace, "mine", NOON + 61)

    assert early.is_full
    assert not late.is_full


def test_a_429_closes_the_gate_for_a_minute_when_it_does_not_say_for_how_long(make_gate, clock):
    a_gate = make_gate()

    assert a_gate.limited(None) == 60
    with pytest.raises(ProviderRateLimitedError) as refused:
        pass_through(a_gate)
    clock.now += 60
    pass_through(a_gate)

    assert refused.value.retry_after == 60
    assert "The test server is not asked again for 60 seconds" in refused.value.message


def test_each_429_doubles_the_rest_up_to_an_hour(make_gate, clock):
    a_gate = make_gate()
    rests = []

    for _ in range(8):
        rests.append(a_gate.limited(None))
        clock.now += rests[-1]

    assert rests == [60, 120, 240, 480, 960, 1920, 3600, 3600]


def test_the_rest_that_a_server_asks_for_is_kept(make_gate, clock):
    a_gate = make_gate()

    assert a_gate.limited(7) == 7
    clock.now += 7
    assert a_gate.limited(7) == 14
    clock.now += 14
    assert a_gate.limited(7200) == 7200  # longer than doubling goes, because the server says so itself


def test_answers_to_requests_under_way_together_count_as_one_429(make_gate):
    a_gate = make_gate()

    rests = [a_gate.limited(None) for _ in range(4)]

    assert rests == [60, 60, 60, 60]


def test_a_server_that_behaved_for_two_hours_starts_anew(make_gate, clock):
    a_gate = make_gate()
    a_gate.limited(None)

    clock.now += 7200

    assert a_gate.limited(None) == 60


def test_three_failures_within_a_minute_close_the_gate_for_half_a_minute(make_gate, clock):
    a_gate = make_gate()

    assert a_gate.failed() == 0
    clock.now += 29
    assert a_gate.failed() == 0
    clock.now += 29
    assert a_gate.failed() == 30
    with pytest.raises(ProviderUnavailableError):
        pass_through(a_gate)
    clock.now += 30
    pass_through(a_gate)


def test_failures_a_minute_apart_close_nothing(make_gate, clock):
    a_gate = make_gate()

    rests = []
    for _ in range(5):
        rests.append(a_gate.failed())
        clock.now += 31

    assert rests == [0, 0, 0, 0, 0]


def test_a_request_that_waited_stays_when_the_gate_closed_meanwhile(make_gate, clock):
    a_gate = make_gate(gap=timedelta(seconds=5))
    pass_through(a_gate)
    clock.sleep = lambda _seconds: a_gate.limited(90)
    waiting = make_gate(gap=timedelta(seconds=5))

    with pytest.raises(ProviderRateLimitedError):
        pass_through(waiting)

    assert stores.build_store().states()["test"].leases == {}


@pytest.mark.parametrize("damage", ["", "[]", "null", "{", '{"leases": 3}', '{"strikes": "many"}', "[" * 100_000])
def test_a_damaged_state_is_a_fresh_one(damage):
    assert stores.load_state(damage) == gate.GateState()


def test_a_state_survives_being_written_down():
    state = gate.GateState(1.5, 2.5, gate.OUTAGE, 3, 4.5, (5.5, 6.5), {"a": 7.5})

    assert stores.load_state(stores.dump_state(state)) == state


@given(st.lists(st.floats(min_value=0, max_value=3), min_size=2, max_size=30))
def test_whatever_the_arrivals_slots_are_a_gap_apart(pauses):
    state, now, slots = gate.GateState(), NOON, []

    for number, pause in enumerate(pauses):
        now += pause
        state, booking = gate.book(state, gate.Pace(gap=1, at_once=100, max_wait=1000), str(number), now)
        slots.append(now + booking.wait)

    gaps = [later - earlier for earlier, later in itertools.pairwise(slots)]
    assert min(gaps) > 0.999


@given(st.lists(st.one_of(st.none(), st.integers(min_value=-5, max_value=10**9)), min_size=1, max_size=20))
def test_whatever_a_server_asks_for_it_rests_a_second_to_a_day(wishes):
    state, now = gate.GateState(), NOON

    for wish in wishes:
        state = gate.limit(state, wish, now)
        rest = state.seconds_of_rest(now)
        now += rest

        assert 1 <= rest <= 86_400


def test_a_clock_that_is_set_back_holds_nobody_up_and_ends_no_rest(make_gate, clock):
    resting, working = make_gate("resting"), make_gate("working")
    resting.limited(120)
    pass_through(working)

    clock.now -= 7200
    pass_through(working)

    assert sum(clock.slept) <= 1
    with pytest.raises(ProviderRateLimitedError) as refused:
        pass_through(resting)
    assert refused.value.retry_after == 120


def test_clocks_that_differ_a_little_shorten_no_rest(make_gate, clock):
    resting = make_gate()
    resting.limited(120)

    for other in (-5, 5, -5, 5):
        clock.now += other
        with pytest.raises(ProviderRateLimitedError) as refused:
            pass_through(resting)

    assert refused.value.retry_after == 120


def test_the_time_is_asked_for_once_for_each_look_at_what_all_know(make_gate, clock):
    a_gate = make_gate()

    pass_through(a_gate)
    asked = [clock.asked]
    for change in (lambda: a_gate.limited(120), a_gate.failed):
        change()
        asked.append(clock.asked)

    assert asked == [2, 3, 4]


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_a_clock_that_is_set_changes_nothing_about_how_long_somebody_waits(make_gate, clock, seconds):
    full = make_gate(at_once=1, gap=timedelta(0), max_wait=timedelta(seconds=1))
    lease = {"another": clock.now + 36_000}
    stores.build_store().update("test", lambda state: (replace(state, leases=lease), None))

    def sleep_and_set(slept):
        clock.now += 0 if clock.slept else seconds
        clock.sleep(slept)

    full._sleep = sleep_and_set
    with pytest.raises(ProviderRateLimitedError):
        pass_through(full)

    assert sum(clock.slept) == pytest.approx(1, abs=2 * gate.POLL)


@pytest.mark.parametrize("http_store", [pytest.param("redis", marks=[pytest.mark.redis, NO_REDIS])], indirect=True)
def test_processes_whose_clocks_differ_by_more_keep_one_rest(http_store):
    """Each process has the clock of its machine; what they know of a server goes by that of Redis."""
    resting = gate.Gate(Policy(name="test", title="The test server", ttl={}), stores.build_store())
    resting.limited(120)

    refusals = []
    for ahead in (100, 0, -100, 0, 100, 0):
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead)):
            with pytest.raises(ProviderRateLimitedError) as refused:
                pass_through(resting)
            refusals.append(refused.value.retry_after)

    assert min(refusals) > 100
    assert max(refusals) <= 120
