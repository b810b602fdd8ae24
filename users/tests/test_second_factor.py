"""The second factor of the admin: turned on by oneself, asked for at each sign-in, reset by operators."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from users import second_factor, sessions
from users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PAGE, LOGIN, INDEX, DEVICES = "/admin/second-factor/", "/admin/login/", "/admin/", "/admin/otp_totp/totpdevice/"
KEY = b"12345678901234567890".hex()  # the secret of RFC 6238's examples
WRONG = "000000"


@pytest.fixture
def clock():
    """Stand still, a second before the next code: they change every 30 s."""
    with time_machine.travel("2026-01-01T00:00:59Z", tick=False) as traveller:
        yield traveller


def code_of(key=KEY):
    """Return the code of this moment."""
    return f"{totp(bytes.fromhex(key), t0=0):06}"


@pytest.fixture
def guarded(superuser, clock):
    """Return a superuser with a second factor, and their recovery codes."""
    codes = second_factor.turn_on(user=superuser, key=KEY, code=code_of())
    clock.shift(timedelta(seconds=30))  # the code that turned it on is used up
    return superuser, codes


def sign_in(client, person, **more):
    return client.post(LOGIN, {"username": person.email, "password": PASSWORD, **more})


def test_codes_are_those_of_rfc_6238(clock):
    clock.move_to("1970-01-01T00:00:59Z")

    assert code_of() == "287082"  # RFC 6238, appendix B: 94287082 of eight digits


def test_without_one_the_password_is_enough(client, superuser):
    sign_in(client, superuser)

    assert client.get(INDEX).status_code == 200
    assert "Second factors" in client.get(INDEX).text


def test_it_is_turned_on_with_the_password_and_a_code_of_the_new_device(client, superuser, clock):
    sign_in(client, superuser)
    shown = client.get(PAGE)
    key = client.session["second_factor_key"]

    response = client.post(PAGE, {"password": PASSWORD, "code": code_of(key)})

    assert '<svg xmlns="http://www.w3.org/2000/svg"' in shown.text
    assert second_factor.as_text(key) in shown.text
    assert len(response.context["codes"]) == 10
    assert all(code in response.text for code in response.context["codes"])
    assert client.get(INDEX).status_code == 200
    assert "second_factor_key" not in client.session


@pytest.mark.parametrize("form", [{"password": "wrong", "code": None}, {"password": PASSWORD, "code": WRONG}])
def test_a_wrong_password_or_code_turns_nothing_on(client, superuser, clock, form):
    sign_in(client, superuser)
    client.get(PAGE)
    form = {**form, "code": form["code"] or code_of(client.session["second_factor_key"])}

    response = client.post(PAGE, form)

    assert response.context["form"].errors
    assert not TOTPDevice.objects.exists()


def test_the_password_alone_then_opens_no_page(client, guarded):
    person, _ = guarded

    response = client.get(sign_in(client, person, next=DEVICES)["Location"], follow=True)

    assert response.redirect_chain[-1][0] == f"{PAGE}?next=%2Fadmin%2Fotp_totp%2Ftotpdevice%2F"
    assert client.get("/admin/users/user/").status_code == 302
    assert client.get("/admin/password_change/").status_code == 302


def test_the_code_lets_in_once_and_leads_to_where_one_wanted_to_go(client, guarded):
    person, _ = guarded
    sign_in(client, person)
    before = client.session.session_key

    response = client.post(PAGE, {"code": code_of(), "next": DEVICES})

    assert (response.status_code, response["Location"]) == (302, DEVICES)
    assert client.get(INDEX).status_code == 200
    assert client.session.session_key != before
    client.post("/admin/logout/")
    sign_in(client, person)
    assert client.post(PAGE, {"code": code_of()}).context["form"].errors


def test_who_gives_the_code_stays_on_this_site(client, guarded):
    person, _ = guarded
    sign_in(client, person)

    assert client.post(PAGE, {"code": code_of(), "next": "https://elsewhere.example/"})["Location"] == INDEX


def test_a_recovery_code_lets_in_once_however_it_is_typed(client, guarded):
    person, codes = guarded
    typed = f" {codes[0].lower().replace('-', ' ')} "

    for expected in (200, 302):
        sign_in(client, person)
        client.post(PAGE, {"code": typed})
        assert client.get(INDEX).status_code == expected
        client.post("/admin/logout/")

    assert second_factor.recovery_codes_left(person) == 9


def test_recovery_codes_are_not_kept_in_clear(guarded):
    _, codes = guarded
    kept = set(StaticToken.objects.values_list("token", flat=True))

    assert len({code.replace("-", "") for code in codes}) == len(kept) == 10
    assert {len(code.replace("-", "")) for code in codes} == {24}
    assert not [code for code in codes if code.replace("-", "")[:16] in kept]


def test_a_wrong_code_does_not_make_the_right_one_wait(client, guarded):
    person, _ = guarded
    sign_in(client, person)

    client.post(PAGE, {"code": WRONG})

    assert client.post(PAGE, {"code": code_of()}).status_code == 302


def test_tries_count_for_the_address(client, guarded, settings):
    person, _ = guarded
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "login": "2/hour"}
    sign_in(client, person)

    assert [client.post(PAGE, {"code": WRONG}).status_code for _ in range(2)] == [200, 429]


def test_another_code_turns_it_off_or_makes_new_recovery_codes(client, guarded, clock):
    person, old = guarded
    sign_in(client, person)
    client.post(PAGE, {"code": code_of()})
    refused = client.post(PAGE, {"action": "turn_off", "code": WRONG})
    clock.shift(timedelta(seconds=30))
    renewed = client.post(PAGE, {"action": "renew", "code": code_of()})
    clock.shift(timedelta(seconds=30))

    client.post(PAGE, {"action": "turn_off", "code": code_of()})

    assert refused.status_code == 400
    assert not set(old) & set(renewed.context["codes"])
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()


def permission(person, capsys):
    call_command("permit_second_factor", person.email)
    return capsys.readouterr().out


def turn_on_where_required(client, said):
    client.get(PAGE)
    code = code_of(client.session["second_factor_key"])
    return client.post(PAGE, {"permission": said, "password": PASSWORD, "code": code})


def test_where_it_is_required_nobody_gets_further_without(client, superuser, settings, clock, capsys):
    settings.ADMIN_REQUIRE_OTP = True
    sign_in(client, superuser)

    refused = client.get(INDEX, follow=True)
    turn_on_where_required(client, permission(superuser, capsys))

    assert refused.redirect_chain[-1][0].startswith(PAGE)
    assert client.get(INDEX).status_code == 200


@pytest.mark.parametrize("said", ["", "something", "late", "another's", "of before"])
def test_where_it_is_required_the_password_alone_brings_no_device(client, superuser, settings, clock, capsys, said):
    settings.ADMIN_REQUIRE_OTP = True
    whose = UserFactory(is_superuser=True) if said == "another's" else superuser
    known = permission(whose, capsys) if said in {"late", "another's", "of before"} else said
    if said == "late":
        clock.shift(timedelta(minutes=15, seconds=1))
    if said == "of before":
        sessions.end_all(user_ids=[superuser.pk])  # as a new password does
    sign_in(client, superuser)

    response = turn_on_where_required(client, known)

    assert "ask whoever runs the server" in response.text.lower()
    assert not TOTPDevice.objects.exists()
    assert client.get(INDEX).status_code == 302


def test_what_an_operator_permits_is_good_once(client, superuser, settings, clock, capsys):
    settings.ADMIN_REQUIRE_OTP = True
    said = permission(superuser, capsys)
    sign_in(client, superuser)
    codes = turn_on_where_required(client, said).context["codes"]

    client.post(PAGE, {"action": "turn_off", "code": codes[0]})
    again = turn_on_where_required(client, said)

    assert "ask whoever runs the server for a new one" in again.text
    assert not TOTPDevice.objects.exists()


def test_turning_it_on_ends_all_other_sessions(client, superuser, superuser_api, clock):
    other = Client()
    for each in (client, other):
        sign_in(each, superuser)
    client.get(PAGE)

    client.post(PAGE, {"password": PASSWORD, "code": code_of(client.session["second_factor_key"])})

    assert client.get(INDEX).status_code == 200
    assert other.get(PAGE)["Location"].startswith(LOGIN)
    assert superuser_api.get("/api/v1/auth/me").status_code == 401


def test_whose_sessions_were_ended_meanwhile_turns_nothing_on(superuser, clock):
    sessions.end_all(user_ids=[superuser.pk])

    with pytest.raises(second_factor.ConflictError, match="sign in anew"):
        second_factor.turn_on(user=superuser, key=KEY, code=code_of())

    assert not TOTPDevice.objects.exists()


def test_permission_is_for_administrators_who_have_none(guarded, user):
    person, _ = guarded

    with pytest.raises(CommandError, match="No administrator has the address"):
        call_command("permit_second_factor", user.email)
    with pytest.raises(CommandError, match="has a second factor"):
        call_command("permit_second_factor", person.email)


def test_who_has_no_code_can_sign_out(client, guarded):
    person, _ = guarded
    sign_in(client, person)

    response = client.post(PAGE, {"action": "log_out"})

    assert (response.status_code, response["Location"]) == (302, LOGIN)
    assert "_auth_user_id" not in client.session


def test_the_page_is_for_those_alone_who_may_enter_the_admin(client, user):
    client.force_login(user)

    assert client.get(PAGE)["Location"].startswith(LOGIN)


def test_another_ones_session_proves_nothing(client, guarded):
    person, _ = guarded
    other = UserFactory(is_superuser=True)
    second_factor.turn_on(user=other, key=KEY, code=code_of())
    sign_in(client, person)
    client.post(PAGE, {"code": code_of()})

    sign_in(client, other)

    assert client.get(INDEX).status_code == 302


def test_the_command_resets_it_and_ends_every_session(client, guarded, capsys):
    person, _ = guarded
    sign_in(client, person)
    client.post(PAGE, {"code": code_of()})

    call_command("reset_second_factor", person.username, "--dry-run")
    assert TOTPDevice.objects.exists()
    call_command("reset_second_factor", person.email)

    assert client.get(INDEX).status_code == 302
    sign_in(client, person)
    assert client.get(INDEX).status_code == 200
    call_command("reset_second_factor", person.email)
    assert "has no second factor" in capsys.readouterr().out


def test_the_command_names_whom_it_does_not_find():
    with pytest.raises(CommandError, match="nobody@example"):
        call_command("reset_second_factor", "nobody@example.org")


def test_another_administrator_resets_it_and_sees_no_secret(client, guarded):
    person, codes = guarded
    client.force_login(UserFactory(is_superuser=True))
    device = TOTPDevice.objects.get()
    pages = [client.get(DEVICES).text, client.get(f"{DEVICES}{device.pk}/change/").text]

    client.post(f"{DEVICES}{device.pk}/delete/", {"post": "yes"})

    assert not [page for page in pages if KEY in page or second_factor.as_text(KEY) in page]
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert not [code for code in codes if second_factor.is_good(user=person, code=code)]


@pytest.mark.parametrize("path", ["add/", "1/config/", "1/qrcode/"])
def test_the_pages_of_the_library_that_show_keys_are_gone(client, superuser, path):
    client.force_login(superuser)

    assert client.get(DEVICES + path).status_code in {302, 403, 404}
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


def test_of_two_who_turn_it_on_one_wins(guarded):
    person, _ = guarded

    with pytest.raises(second_factor.ConflictError):
        second_factor.turn_on(user=person, key=KEY, code=code_of())


@pytest.mark.parametrize("is_required", [True, False])
def test_a_token_alone_gives_no_rights_over_people(superuser, signed_in, settings, is_required):
    other = UserFactory(is_superuser=True)
    if is_required:
        settings.ADMIN_REQUIRE_OTP = True
    else:
        second_factor.turn_on(user=superuser, key=KEY, code=code_of())
    api, own = signed_in(superuser), f"/api/v1/users/{superuser.pk}"

    new = {"email": "evil@example.org", "password": PASSWORD, "is_superuser": True}
    refused = [
        api.post("/api/v1/users", new),
        api.patch(f"/api/v1/users/{other.pk}", {"is_superuser": False}),
        api.delete(f"/api/v1/users/{other.pk}"),
        api.patch(own, {"is_superuser": False}),
        api.put(own, {"is_active": "false", "username": "renamed"}),
    ]
    unchanged = api.patch(own, {"username": "renamed", "is_superuser": True, "is_active": True})

    assert [each.status_code for each in (*refused, unchanged)] == [403] * 5 + [200]
    assert all("second factor" in each.json()["detail"] for each in refused)
    for person in (superuser, other):
        person.refresh_from_db()
        assert (person.is_superuser, person.is_active) == (True, True)


@pytest.mark.parametrize("is_required", [True, False])
@pytest.mark.parametrize("written", [str, lambda pk: str(pk).upper(), lambda pk: pk.hex])
def test_a_token_alone_does_not_delete_oneself(superuser_api, superuser, settings, is_required, written):
    UserFactory(is_superuser=True)
    settings.ADMIN_REQUIRE_OTP = is_required

    by_token = superuser_api.delete(f"/api/v1/users/{written(superuser.pk)}")
    without_password = superuser_api.delete("/api/v1/auth/me")

    assert by_token.status_code in {403, 404}
    assert without_password.status_code == 400
    superuser.refresh_from_db()
