"""How passwords are kept."""

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password

from users import sessions
from users.models import User
from users.tests.factories import UserFactory

ARGON2 = ["users.hashers.Argon2Hasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def real_hashers(settings):
    settings.PASSWORD_HASHERS = ARGON2


def test_argon2id_with_owasps_parameters():
    encoded = make_password("correct horse battery")

    assert encoded.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")


def test_nothing_of_a_long_password_is_cut_off():
    long = "x" * 999
    user = UserFactory(password=f"{long}a")

    assert user.check_password(f"{long}a")
    assert not user.check_password(f"{long}b")
    assert not user.check_password(long)


def test_unicode_spellings_of_one_password_are_one():
    user = UserFactory(password="caf\u00e9 \ufb01ne password")

    assert user.check_password("cafe\u0301 fine password")


def test_an_older_hash_is_renewed_when_its_owner_signs_in_and_sessions_stand():
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(password=make_password("correct horse battery", hasher="pbkdf2_sha256"))
    stamp = user.security_stamp

    signed_in = sessions.authenticate(login=user.email, password="correct horse battery")

    user.refresh_from_db()
    assert signed_in == user
    assert identify_hasher(user.password).algorithm == "argon2"
    assert user.security_stamp == stamp


def test_renewing_a_hash_does_not_undo_a_change_of_the_password_meanwhile():
    user = UserFactory()
    User.objects.filter(pk=user.pk).update(password=make_password("correct horse battery", hasher="pbkdf2_sha256"))
    stale = User.objects.get(pk=user.pk)

    user.set_password("changed in the meantime")
    user.save()
    stale.check_password("correct horse battery")

    user.refresh_from_db()
    assert user.check_password("changed in the meantime")


def test_an_inactive_users_hash_is_not_renewed():
    user = UserFactory(is_active=False)
    old = make_password("correct horse battery", hasher="pbkdf2_sha256")
    User.objects.filter(pk=user.pk).update(password=old)

    signed_in = sessions.authenticate(login=user.email, password="correct horse battery")

    assert signed_in is None
    assert User.objects.get(pk=user.pk).password == old


def test_a_user_without_a_password_cannot_sign_in():
    user = UserFactory(password=None)

    for password in ("", "!", user.password):
        assert sessions.authenticate(login=user.email, password=password) is None
