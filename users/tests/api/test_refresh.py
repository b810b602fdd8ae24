"""Staying signed in: each refresh token works once, and a second use ends the session."""

import time

import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient

from tests.at_once import at_once

REFRESH = "/api/v1/auth/refresh"


@pytest.mark.django_db
def test_a_refresh_token_buys_a_new_pair(anonymous, sign_in, user, me):
    old = sign_in(user)

    response = anonymous.post(REFRESH, {"refresh_token": old["refresh_token"]})

    new = response.json()
    assert response.status_code == 200
    assert set(new) == set(old)
    assert new["refresh_token"] != old["refresh_token"]
    assert (me(old["access_token"]), me(new["access_token"])) == (200, 200)


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_it_may_come_as_the_bearer_token(anonymous, sign_in, user, scheme):
    token = sign_in(user)["refresh_token"]

    response = anonymous.post(REFRESH, HTTP_AUTHORIZATION=f"{scheme} {token}")

    assert response.status_code == 200


@pytest.mark.django_db
def test_using_a_dead_one_again_ends_the_whole_session(anonymous, sign_in, user, me, refresh):
    stolen = sign_in(user)["refresh_token"]
    second = anonymous.post(REFRESH, {"refresh_token": stolen}).json()
    third = anonymous.post(REFRESH, {"refresh_token": second["refresh_token"]}).json()

    again = refresh(stolen)

    assert again == 401
    assert refresh(third["refresh_token"]) == 401
    assert me(third["access_token"]) == 401


@pytest.mark.django_db
def test_other_sessions_of_the_user_stand(anonymous, sign_in, user, refresh):
    stolen, other = sign_in(user)["refresh_token"], sign_in(user)["refresh_token"]

    first, second = refresh(stolen), refresh(stolen)

    assert (first, second) == (200, 401)
    assert refresh(other) == 200


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["rubbish", "a.b.c", "x" * 4000])
def test_rubbish_is_refused(anonymous, token):
    response = anonymous.post(REFRESH, {"refresh_token": token})

    assert (response.status_code, response.json()["code"]) == (401, "invalid_token")


@pytest.mark.django_db
def test_no_token_at_all_is_a_fault_of_the_input(anonymous):
    response = anonymous.post(REFRESH)

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "refresh_token")


@pytest.mark.django_db
def test_a_refresh_costs_two_queries(anonymous, sign_in, user, django_assert_num_queries):
    token = sign_in(user)["refresh_token"]

    with django_assert_num_queries(2):
        anonymous.post(REFRESH, {"refresh_token": token})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_run", range(5))
def test_of_parallel_refreshes_with_one_token_one_wins_and_the_session_goes_on(sign_in, user, refresh, me, _run):
    token = sign_in(user)["refresh_token"]

    answers = at_once(*[lambda: APIClient().post(REFRESH, {"refresh_token": token})] * 4)

    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert me(won["access_token"]) == 200
    assert refresh(won["refresh_token"]) == 200


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "afterwards"), [(19, 200), (21, 401)])
def test_for_twenty_seconds_a_second_use_of_the_last_token_is_a_race(
    sign_in, user, anonymous, refresh, seconds, afterwards
):
    with time_machine.travel(time.time()) as clock:
        token = sign_in(user)["refresh_token"]
        won = anonymous.post(REFRESH, {"refresh_token": token}).json()
        clock.shift(seconds)
        again = refresh(token)
        status = refresh(won["refresh_token"])

    assert (again, status) == (401, afterwards)


@pytest.mark.django_db
def test_a_race_that_is_lost_leaves_the_session_alive(sign_in, user, refresh, django_execute_between):
    token = sign_in(user)["refresh_token"]
    won = []

    # The other request comes between this one's look at the family and its claim on it.
    with django_execute_between(lambda: won.append(APIClient().post(REFRESH, {"refresh_token": token}))):
        lost = refresh(token)

    assert (won[0].status_code, lost) == (200, 401)
    assert refresh(won[0].json()["refresh_token"]) == 200


@pytest.fixture
def django_execute_between():
    """Return a context manager that runs something once, before the next UPDATE reaches the database."""
    from contextlib import contextmanager

    @contextmanager
    def before_the_next_update(act):
        done = []

        def wrapper(execute, sql, params, many, context):
            if sql.startswith("UPDATE") and not done:
                done.append(True)
                act()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(wrapper):
            yield

    return before_the_next_update
