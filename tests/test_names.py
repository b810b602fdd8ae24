"""Names that differ in case only are one name, on every database."""

import pytest
from django.db import IntegrityError, connection

from accounts.tests.factories import AccountFactory
from institutions.tests.factories import FinancialInstitutionFactory
from users.models import User
from users.tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

SAME = pytest.mark.parametrize(
    ("one", "other"), [("Économie", "économie"), ("ΤΡΆΠΕΖΑ", "τράπεζα"), ("Банк", "БАНК"), ("Savings", "SAVINGS")]
)


@SAME
@pytest.mark.parametrize("factory", [AccountFactory, FinancialInstitutionFactory])
def test_one_owner_has_a_name_once_whatever_its_case(user, factory, one, other):
    factory(user=user, name=one)

    with pytest.raises(IntegrityError):
        factory(user=user, name=other)


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/api/v1/accounts", {"account_type": "savings"}), ("/api/v1/financial-institutions", {})],
)
def test_the_second_is_a_conflict(api, path, fields):
    first = api.post(path, {"name": "Économie", **fields})
    second = api.post(path, {"name": "ÉCONOMIE", **fields})

    assert (first.status_code, second.status_code, second.json()["code"]) == (201, 409, "duplicate")


@pytest.mark.parametrize(
    ("text", "lower"),
    [("ÀÉÎÕÜ", "àéîõü"), ("\u03a3\u0391\u03a3", "\u03c3\u03b1\u03c3"), ("Straße", "straße"), ("ЖЁ", "жё")],
)
def test_every_database_folds_letter_by_letter(text, lower):
    with connection.cursor() as cursor:
        cursor.execute("SELECT LOWER(%s)", [text])
        folded = cursor.fetchone()[0]

    assert folded == lower


@pytest.mark.parametrize("username", ["économie", "\u0430dmin", "name name", "tab\tname"])
def test_a_username_is_ascii_so_that_none_looks_like_another(anonymous, username):
    body = {"email": "new@example.org", "password": PASSWORD, "username": username}

    response = anonymous.post("/api/v1/auth/register", body)

    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "username")


@pytest.mark.parametrize("username", ["économie", "line\n"])
def test_the_database_itself_refuses_other_letters(username):
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email="a@example.org", username=username)])


def test_an_address_is_kept_once_and_in_lower_case(user):
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=user.pk).update(email=user.email.upper())
