"""The admin's own ways with people."""

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from users import sessions
from users.models import TokenFamily, User
from users.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/users/user/", "/admin/users/user/add/"


@pytest.fixture
def admin(client, superuser):
    client.force_login(superuser)
    return client


def form_of(user, **changes):
    """Return what the change form would send."""
    fields = {"email": user.email, "username": user.username, "base_currency": user.base_currency_id, "timezone": "UTC"}
    rights = {name: "on" for name in ("is_active", "is_superuser") if getattr(user, name)}
    families = {"token_families-TOTAL_FORMS": 0, "token_families-INITIAL_FORMS": 0}
    return {name: value for name, value in (fields | rights | families | changes).items() if value is not None}


def act(admin, action, *people):
    return admin.post(LIST, {"action": action, "_selected_action": [str(user.pk) for user in people]}, follow=True)


@pytest.mark.parametrize("name", ["email", "username"])
def test_superusers_sign_in_by_email_or_username(client, superuser, name):
    response = client.post(reverse("admin:login"), {"username": getattr(superuser, name).upper(), "password": PASSWORD})

    assert response.status_code == 302
    assert client.get("/admin/").status_code == 200


def test_nobody_else_signs_in(client, user):
    response = client.post(reverse("admin:login"), {"username": user.email, "password": PASSWORD})

    assert response.status_code == 200
    assert client.get("/admin/").status_code == 302


def test_people_are_added_with_the_password_twice(admin, django_capture_on_commit_callbacks):
    form = {"email": "New@example.org", "username": "newcomer", "password1": PASSWORD}

    with django_capture_on_commit_callbacks(execute=True):
        differing = admin.post(ADD, form | {"password2": "another"})
        added = admin.post(ADD, form | {"password2": PASSWORD})
        mailed_too_early = list(mail.outbox)

    assert (differing.status_code, added.status_code) == (200, 302)
    assert User.objects.get(email="new@example.org").check_password(PASSWORD)
    assert mailed_too_early == []
    assert [message.to for message in mail.outbox] == [["new@example.org"]]


def test_a_weak_password_is_not_added(admin):
    response = admin.post(
        ADD, {"email": "n@example.org", "username": "newcomer", "password1": "123", "password2": "123"}
    )

    assert response.status_code == 200
    assert not User.objects.filter(username="newcomer").exists()


def test_a_password_set_here_ends_all_sessions(admin, user):
    sessions.start(user=user)
    new = "a quite different password"

    response = admin.post(f"{LIST}{user.pk}/password/", {"password1": new, "password2": new})

    user.refresh_from_db()
    assert response.status_code == 302
    assert user.check_password(new)
    assert not TokenFamily.objects.get().lives(now=TokenFamily.objects.get().refreshed_at)


def test_changing_ones_own_password_keeps_one_signed_in_here(admin, superuser):
    new = "a quite different password"

    admin.post(f"{LIST}{superuser.pk}/password/", {"password1": new, "password2": new})

    assert admin.get("/admin/").status_code == 200


def test_data_is_changed_with_all_that_follows(admin, user, django_capture_on_commit_callbacks):
    User.objects.filter(pk=user.pk).update(email_verified=True)

    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(f"{LIST}{user.pk}/change/", form_of(user, email="Moved@example.org", is_superuser="on"))

    user.refresh_from_db()
    assert response.status_code == 302, response.context["errors"]
    assert (user.email, user.email_verified, user.is_superuser) == ("moved@example.org", False, True)
    assert len(mail.outbox) == 2


def test_a_taken_address_is_refused_in_words(admin, user, stranger):
    response = admin.post(f"{LIST}{user.pk}/change/", form_of(user, email=stranger.email.upper()))

    assert response.status_code == 200
    assert "This email address is taken." in response.content.decode()


@pytest.mark.parametrize("right", ["is_active", "is_superuser"])
def test_the_last_superuser_cannot_be_changed_into_something_else(admin, superuser, right):
    response = admin.post(f"{LIST}{superuser.pk}/change/", form_of(superuser, **{right: None}))

    superuser.refresh_from_db()
    assert response.status_code == 200
    assert "The last active superuser" in response.content.decode()
    assert (superuser.is_active, superuser.is_superuser) == (True, True)


def test_the_last_superuser_cannot_be_deleted(admin, superuser, user):
    page = admin.post(f"{LIST}{superuser.pk}/delete/", {"post": "yes"})
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [str(superuser.pk)], "post": "yes"})
    admin.post(f"{LIST}{user.pk}/delete/", {"post": "yes"})

    assert "The last active superuser" in page.content.decode()
    assert list(User.objects.all()) == [superuser]


def test_people_are_deactivated_and_activated(admin, user, stranger):
    sessions.start(user=user)

    deactivated = act(admin, "deactivate", user, stranger)
    inactive = User.objects.filter(is_active=False).count()
    activated = act(admin, "activate", user, stranger)

    assert "People deactivated: 2." in deactivated.content.decode()
    assert "People activated: 2." in activated.content.decode()
    assert inactive == 2
    assert not TokenFamily.objects.living(now=TokenFamily.objects.get().refreshed_at).exists()


def test_the_last_superuser_cannot_be_deactivated(admin, superuser):
    response = act(admin, "deactivate", superuser)

    superuser.refresh_from_db()
    assert "The last active superuser" in response.content.decode()
    assert superuser.is_active


def test_all_sessions_are_revoked_the_admins_included(admin, superuser, user):
    for person in (superuser, user):
        sessions.start(user=person)

    act(admin, "revoke_sessions", superuser, user)

    assert TokenFamily.objects.count() == 2
    assert not TokenFamily.objects.living(now=TokenFamily.objects.first().created_at).exists()
    assert admin.get("/admin/").status_code == 302


def test_sessions_are_shown_with_the_person_and_one_can_be_revoked(admin, user):
    sessions.start(user=user)
    family = TokenFamily.objects.get()

    page = admin.get(f"{LIST}{user.pk}/change/")
    listed = admin.get("/admin/users/tokenfamily/")
    admin.post("/admin/users/tokenfamily/", {"action": "revoke", "_selected_action": [str(family.pk)]})

    assert "Signed in at" in page.content.decode()
    assert user.email in listed.content.decode()
    assert TokenFamily.objects.get().revoked_at is not None


def test_a_session_that_was_ended_says_when(admin, user):
    with time_machine.travel("2026-01-31T12:00:00Z", tick=False):
        sessions.start(user=user)
        standing = admin.get("/admin/users/tokenfamily/").content.decode()
        act(admin, "revoke_sessions", user)
        ended = admin.get("/admin/users/tokenfamily/").content.decode()

    assert "Until 2026-02-07 12:00" in standing
    assert "Revoked 2026-01-31 12:00" in ended


@pytest.mark.parametrize("page", ["change/", "password/"])
def test_deactivation_and_a_new_password_say_when_they_ended_the_sessions(admin, user, page):
    new = "a quite different password"
    forms = {"change/": form_of(user, is_active=None), "password/": {"password1": new, "password2": new}}
    sessions.start(user=user)

    admin.post(f"{LIST}{user.pk}/{page}", forms[page])

    assert TokenFamily.objects.get(user=user).revoked_at is not None


def test_groups_and_permissions_which_mean_nothing_are_not_shown(admin, user):
    page = admin.get(f"{LIST}{user.pk}/change/").content.decode()

    assert "user_permissions" not in page
    assert admin.get("/admin/auth/group/").status_code == 404


def test_the_sign_in_asks_for_either_name(client, db):
    page = client.get(reverse("admin:login")).content.decode()
    refused = client.post(reverse("admin:login"), {"username": "nobody", "password": PASSWORD}).content.decode()

    assert "Email or username:" in page
    assert "The login or the password is wrong" in refused


def test_the_list_is_searched_and_filtered(admin):
    UserFactory(email="anna@example.org", username="first")
    UserFactory(email="b@example.org", username="other", is_active=False)

    found = admin.get(LIST, {"q": "anna"}).content.decode()
    inactive = admin.get(LIST, {"is_active__exact": "0"}).content.decode()

    assert ("anna@example.org" in found, "b@example.org" in found) == (True, False)
    assert ("anna@example.org" in inactive, "b@example.org" in inactive) == (False, True)
