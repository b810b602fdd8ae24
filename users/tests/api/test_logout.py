"""Signing out of one session, or of all."""

import time

import pytest
import time_machine

LOGOUT = "/api/v1/auth/logout"
pytestmark = pytest.mark.django_db


def bearer(pair):
    return {"HTTP_AUTHORIZATION": f"Bearer {pair['access_token']}"}


def test_a_refresh_token_ends_its_session_and_no_other(anonymous, sign_in, user, me, refresh):
    this, other = sign_in(user), sign_in(user)

    response = anonymous.post(LOGOUT, {"refresh_token": this["refresh_token"]}, **bearer(this))

    assert (response.status_code, set(response.json())) == (200, {"message"})
    assert (me(this["access_token"]), refresh(this["refresh_token"])) == (401, 401)
    assert (me(other["access_token"]), refresh(other["refresh_token"])) == (200, 200)


@pytest.mark.parametrize("body", [None, {}, {"refresh_token": None}, {"refresh_token": ""}])
def test_without_one_all_sessions_of_the_user_end_and_nobody_elses(anonymous, sign_in, user, stranger, refresh, body):
    this, other, strangers = sign_in(user), sign_in(user), sign_in(stranger)

    response = anonymous.post(LOGOUT, body, **bearer(this))

    assert response.status_code == 200
    assert [refresh(pair["refresh_token"]) for pair in (this, other, strangers)] == [401, 401, 200]


def test_the_refresh_token_is_enough_when_the_access_token_is_over(anonymous, sign_in, user, refresh):
    with time_machine.travel(time.time()) as clock:
        pair = sign_in(user)
        clock.shift(3600)
        response = anonymous.post(LOGOUT, {"refresh_token": pair["refresh_token"]}, **bearer(pair))
        status = refresh(pair["refresh_token"])

    assert (response.status_code, status) == (200, 401)


def test_signing_out_of_all_sessions_twice_refuses_the_token_like_everywhere(anonymous, sign_in, user):
    pair = sign_in(user)

    first, second = (anonymous.post(LOGOUT, **bearer(pair)) for _ in range(2))

    elsewhere = anonymous.get("/api/v1/auth/me", **bearer(pair))
    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json() == elsewhere.json()
    assert second.json()["code"] == "invalid_token"


def test_signing_out_twice_with_one_refresh_token_is_no_fault(anonymous, sign_in, user):
    pair = sign_in(user)

    answers = [anonymous.post(LOGOUT, {"refresh_token": pair["refresh_token"]}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_with_a_token_that_is_none_the_asking_session_ends(anonymous, sign_in, user, me):
    this, other = sign_in(user), sign_in(user)

    response = anonymous.post(LOGOUT, {"refresh_token": "rubbish"}, **bearer(this))

    assert response.status_code == 200
    assert (me(this["access_token"]), me(other["access_token"])) == (401, 200)


@pytest.mark.parametrize("body", [None, {"refresh_token": "rubbish"}])
def test_who_is_nobody_cannot_sign_out(anonymous, db, body):
    response = anonymous.post(LOGOUT, body)

    assert response.status_code == 401
