"""What an attacker may try with tokens, each over HTTP."""

import base64
import json
import time

import jwt
import pytest
import time_machine
from rest_framework_simplejwt.tokens import AccessToken as ForeignToken

from users import tokens
from users.models import User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def key():
    return next(iter(tokens.signing_keys().values()))


def kid():
    return next(iter(tokens.signing_keys()))


def test_a_token_without_algorithm_is_refused(sign_in, user, me):
    claims = claims_of(sign_in(user)["access_token"])

    for name in ("none", "None", "NONE", ""):
        assert me(f"{encoded({'alg': name, 'typ': 'JWT', 'kid': kid()})}.{encoded(claims)}.") == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@pytest.mark.filterwarnings("ignore:The HMAC key")
def test_another_algorithm_is_refused_even_with_the_right_key(sign_in, user, me, algorithm):
    claims = claims_of(sign_in(user)["access_token"])

    token = jwt.encode(claims, key(), algorithm=algorithm, headers={"kid": kid()})

    assert me(token) == 401


def test_the_same_claims_signed_anew_with_the_right_key_and_algorithm_are_accepted(sign_in, user, me):
    claims = claims_of(sign_in(user)["access_token"])

    token = jwt.encode(claims, key(), algorithm="HS256", headers={"kid": kid()})

    assert me(token) == 200  # so that the refusals here are for their reason


def test_tampered_claims_are_refused(sign_in, user, superuser, me):
    head, _, signature = sign_in(user)["access_token"].split(".")
    claims = claims_of(sign_in(user)["access_token"])

    token = f"{head}.{encoded({**claims, 'sub': str(superuser.pk)})}.{signature}"

    assert me(token) == 401


@pytest.mark.parametrize("claim", ["sub", "family", "stamp", "jti", "exp", "token_type", "aud", "iss"])
def test_a_signed_token_without_one_of_its_claims_is_refused(sign_in, user, me, claim):
    claims = claims_of(sign_in(user)["access_token"])
    del claims[claim]

    token = jwt.encode(claims, key(), algorithm="HS256", headers={"kid": kid()})

    assert me(token) == 401


@pytest.mark.parametrize("claim", ["sub", "family", "stamp"])
def test_claims_of_two_users_do_not_mix(sign_in, user, stranger, me, claim):
    mine, theirs = claims_of(sign_in(user)["access_token"]), claims_of(sign_in(stranger)["access_token"])

    token = jwt.encode({**mine, claim: theirs[claim]}, key(), algorithm="HS256", headers={"kid": kid()})

    assert me(token) == 401


@pytest.mark.parametrize(("claim", "value"), [("iss", "somebody"), ("aud", "another-api")])
def test_a_token_for_somebody_else_is_refused(sign_in, user, me, claim, value):
    claims = claims_of(sign_in(user)["access_token"])

    token = jwt.encode({**claims, claim: value}, key(), algorithm="HS256", headers={"kid": kid()})

    assert me(token) == 401


def test_a_token_signed_with_the_secret_itself_is_refused(user, me, settings):
    foreign = ForeignToken.for_user(user)

    named = jwt.encode(foreign.payload, settings.SECRET_KEY, algorithm="HS256", headers={"kid": kid()})

    assert (me(str(foreign)), me(named)) == (401, 401)


def test_a_refresh_token_does_not_call_the_api(sign_in, user, me):
    pair = sign_in(user)

    assert me(pair["refresh_token"]) == 401


def test_an_access_token_does_not_refresh(sign_in, user, refresh):
    pair = sign_in(user)

    assert refresh(pair["access_token"]) == 401


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "jwt", "bearer"])
def test_a_token_in_the_query_string_is_no_token(anonymous, sign_in, user, name):
    token = sign_in(user)["access_token"]

    response = anonymous.get("/api/v1/auth/me", {name: token})

    assert response.status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a b", "Bearer a.b.c", "Bearer " + "x" * 5000, "Bearer \xff", "Bearer null"]
)
def test_rubbish_is_refused_and_says_how_to_sign_in(anonymous, header):
    response = anonymous.get("/api/v1/auth/me", HTTP_AUTHORIZATION=header)

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response["Content-Type"] == "application/problem+json"


def test_an_access_token_ends_after_thirty_minutes(sign_in, user, me):
    with time_machine.travel(time.time(), tick=False) as clock:
        token = sign_in(user)["access_token"]
        clock.shift(30 * 60 - 1)
        before = me(token)
        clock.shift(1)
        after = me(token)

    assert (before, after) == (200, 401)


def test_a_refresh_token_ends_after_seven_days(sign_in, user, refresh):
    with time_machine.travel(time.time(), tick=False) as clock:
        one, other = sign_in(user)["refresh_token"], sign_in(user)["refresh_token"]
        clock.shift(7 * 86400 - 1)
        before = refresh(one)
        clock.shift(1)
        after = refresh(other)

    assert (before, after) == (200, 401)


def test_a_deactivated_user_is_refused_at_the_next_request_and_stays_signed_out(
    sign_in, user, superuser_api, me, refresh
):
    pair = sign_in(user)

    superuser_api.patch(f"/api/v1/users/{user.pk}", {"is_active": False})
    while_inactive = me(pair["access_token"]), refresh(pair["refresh_token"])
    superuser_api.patch(f"/api/v1/users/{user.pk}", {"is_active": True})
    afterwards = me(pair["access_token"]), refresh(pair["refresh_token"])

    assert while_inactive == (401, 401)
    assert afterwards == (401, 401)


def test_a_deleted_user_is_refused_at_the_next_request(sign_in, superuser_api, me, refresh):
    user = UserFactory()
    pair = sign_in(user)

    superuser_api.delete(f"/api/v1/users/{user.pk}")

    assert (me(pair["access_token"]), refresh(pair["refresh_token"])) == (401, 401)


def test_a_new_password_ends_tokens_whoever_sets_it(sign_in, user, me, refresh):
    pair = sign_in(user)

    user.set_password("another good password")
    user.save()

    assert (me(pair["access_token"]), refresh(pair["refresh_token"])) == (401, 401)


def test_a_session_begun_while_the_password_changes_is_born_dead(user, me, refresh):
    from users import sessions
    from users.tests.factories import PASSWORD

    checked = sessions.authenticate(login=user.email, password=PASSWORD)
    user.set_password("another good password")
    user.save()
    pair = sessions.start(user=checked)

    assert (me(pair.access_token), refresh(pair.refresh_token)) == (401, 401)


def test_an_authenticated_request_costs_one_query_however_many_sessions_there_are(
    sign_in, user, api, django_assert_num_queries
):
    for _ in range(5):
        sign_in(user)

    with django_assert_num_queries(1):
        response = api.get("/api/v1/auth/me")

    assert response.status_code == 200


def test_a_forged_token_costs_no_query(anonymous, sign_in, user, django_assert_num_queries):
    token = sign_in(user)["access_token"]

    with django_assert_num_queries(0):
        response = anonymous.get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {token[:-4]}AAAA")

    assert response.status_code == 401


def test_a_new_secret_signs_nobody_out_while_the_old_one_is_among_the_fallbacks(sign_in, user, me, refresh, settings):
    old = settings.SECRET_KEY
    pair = sign_in(user)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a-new-secret-" * 5, [old]
    rotated = me(pair["access_token"]), refresh(pair["refresh_token"])
    anew = sign_in(user)
    settings.SECRET_KEY_FALLBACKS = []
    over = me(pair["access_token"]), me(anew["access_token"])

    assert rotated == (200, 200)
    assert over == (401, 200)
    assert User.objects.get(pk=user.pk).is_active
