"""A few at a time: places that one person's work takes, and gives back."""

import threading

import pytest
from django.core.cache import caches
from django.test import override_settings

from finances import places
from finances.exceptions import TooManyRequestsError


def take(key="figures:1", most=2, wait_seconds=0.0):
    return places.taken(key, most=most, wait_seconds=wait_seconds)


def test_as_many_as_there_are_places_run_at_once_and_no_more():
    with take(), take():
        with pytest.raises(TooManyRequestsError) as refused, take():
            pytest.fail("there was no place")
        with take("figures:2"):  # somebody else's
            pass

    assert refused.value.retry_after == 5
    with take(), take():
        pass


def test_a_place_is_given_back_when_the_work_fails():
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), take(most=1):
            _ = 1 / 0

    with take(most=1):
        pass


def test_who_waits_runs_as_soon_as_a_place_is_free():
    order = []
    has_begun, may_end = threading.Event(), threading.Event()

    def first():
        with take(most=1):
            has_begun.set()
            may_end.wait(5)
            order.append("first")

    worker = threading.Thread(target=first)
    worker.start()
    has_begun.wait(5)
    threading.Timer(0.1, may_end.set).start()
    with take(most=1, wait_seconds=5):
        order.append("second")
    worker.join()

    assert order == ["first", "second"]


def test_a_place_that_was_held_too_long_and_is_somebody_elses_now_is_not_given_back():
    with take(most=1):
        caches["locks"].set("place:figures:1:0", "another", 60)

    with pytest.raises(TooManyRequestsError), take(most=1):
        pytest.fail("it was taken")
    caches["locks"].delete("place:figures:1:0")


def test_without_redis_places_are_those_of_this_process(caplog):
    away = {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"SERIALIZER": "finances.cache_data.DataSerializer"},
    }
    without = override_settings(CACHES={"default": away, "locks": away})
    with without, take(most=1), pytest.raises(TooManyRequestsError), take(most=1):
        pytest.fail("there was no place")

    assert "Redis being away" in caplog.text
    with take(most=1):
        pass
