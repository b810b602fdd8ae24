"""Nobody keeps the server busy with text that is slow to normalise: long runs of combining marks."""

import unicodedata

import pytest
from django.urls import reverse

from finances import rate_limits, typed_text
from users.models import User
from users.tests.factories import PASSWORD

AUTH = "/api/v1/auth"
MARKS = "a" + "\u0307\u0323" * 60_000
pytestmark = pytest.mark.django_db


@pytest.fixture
def normalized(monkeypatch):
    """Return the lengths of all texts that are normalised from now on."""
    lengths, normalize = [], unicodedata.normalize

    def listen(form, text):
        lengths.append(len(text))
        assert len(text) <= typed_text.MAX_PASSWORD_LENGTH
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", listen)
    return lengths


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("login", {"email": MARKS, "password": "x"}),
        ("login", {"username": MARKS, "password": "x"}),
        ("login", {"email": "a@example.org", "password": MARKS}),
        ("register", {"email": MARKS, "password": PASSWORD}),
        ("register", {"email": f"{MARKS}@example.org", "password": PASSWORD}),
        ("register", {"email": "a@example.org", "password": MARKS}),
        ("register", {"email": "a@example.org", "password": PASSWORD, "username": MARKS}),
        ("forgot-password", {"email": f"{MARKS}@example.org"}),
        ("resend-verification", {"email": f"{MARKS}@example.org"}),
        ("reset-password", {"token": "x", "new_password": MARKS}),
    ],
)
def test_long_input_is_refused_before_it_is_normalised(anonymous, normalized, path, body):
    response = anonymous.post(f"{AUTH}/{path}", body)

    assert response.status_code == 400
    assert all(length <= typed_text.MAX_NAME_LENGTH for length in normalized)


@pytest.mark.parametrize("field", ["email", "username"])
def test_so_it_is_in_the_profile(api, normalized, field):
    response = api.patch(f"{AUTH}/me", {field: MARKS})

    assert response.status_code == 400
    assert all(length <= typed_text.MAX_NAME_LENGTH for length in normalized)


@pytest.mark.parametrize("form", [{"username": MARKS, "password": "x"}, {"username": "a", "password": MARKS}])
def test_so_it_is_in_the_admin(client, normalized, form):
    response = client.post(reverse("admin:login"), form)

    assert response.status_code == 200
    assert "the password is wrong" in response.content.decode()
    assert all(length <= typed_text.MAX_NAME_LENGTH for length in normalized)


def test_a_password_as_long_as_may_be_is_normalised(anonymous, normalized):
    password = "a" + "\u0307\u0323" * 499 + "b"

    response = anonymous.post(f"{AUTH}/register", {"email": "a@example.org", "password": password})

    assert (len(password), response.status_code) == (1000, 201)
    assert User.objects.get().check_password(unicodedata.normalize("NFD", password))


def test_a_name_that_is_too_long_is_counted_by_its_beginning():
    names = [MARKS, f"{MARKS}b", f" \t{MARKS}"]

    identities = {rate_limits.account_identity(name) for name in names}

    assert len(identities) == 1
    assert len(identities.pop()) <= 2 * typed_text.MAX_NAME_LENGTH


def test_white_space_does_not_make_a_name_long():
    padded = " \t" * 200 + "Anna@example.org" + "\n" * 200

    assert rate_limits.account_identity(padded) == rate_limits.account_identity("anna@example.org")


# One character of Arabic whose normal form has eighteen.
LIGATURE = "\ufdfa"
LONG_ADDRESS = f"a@{LIGATURE * 60}.{LIGATURE * 60}.example"


@pytest.mark.parametrize("fields", [{"username": LIGATURE * 50}, {"email": LONG_ADDRESS}])
def test_what_is_too_long_in_its_stored_form_is_refused(anonymous, superuser_api, superuser, fields):
    body = {"email": "a@example.org", "password": PASSWORD, **fields}

    answers = [
        anonymous.post(f"{AUTH}/register", body),
        superuser_api.post("/api/v1/users", body),
        superuser_api.patch(f"{AUTH}/me", {"current_password": PASSWORD, **fields}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert User.objects.get() == superuser


@pytest.mark.parametrize("fields", [{"username": LIGATURE * 50}, {"email": LONG_ADDRESS}])
def test_so_it_is_in_the_admins_form(client, superuser, fields):
    client.force_login(superuser)
    passwords = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    form = {"email": "a@example.org", "username": "anna", **passwords, **fields}

    response = client.post(reverse("admin:users_user_add"), form)

    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == set(fields)
    assert User.objects.get() == superuser
