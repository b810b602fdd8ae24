"""People, for superusers; for everybody else only themselves exist."""

import threading

import pytest
from django.db import connection

from users import sessions
from users.models import User
from users.tests.factories import PASSWORD, UserFactory

USERS = "/api/v1/users"


def one(user):
    return f"{USERS}/{user.pk}"


@pytest.mark.django_db
def test_superusers_list_search_and_filter(superuser_api, superuser):
    anna = UserFactory(email="anna@example.org", username="first")
    UserFactory(email="b@example.org", username="Hannah", is_active=False)

    everybody = superuser_api.get(USERS)
    found = superuser_api.get(USERS, {"search": "ANNA"})
    active = superuser_api.get(USERS, {"search": "anna", "is_active": "true"})
    page = superuser_api.get(USERS, {"limit": 1, "offset": 1})

    assert (everybody["X-Total-Count"], len(everybody.json())) == ("3", 3)
    assert {person["username"] for person in found.json()} == {"first", "Hannah"}
    assert [person["id"] for person in active.json()] == [str(anna.pk)]
    assert (len(page.json()), page["X-Total-Count"]) == (1, "3")


@pytest.mark.django_db
def test_others_may_not_list_or_create(api, anonymous):
    answers = [api.get(USERS), api.post(USERS, {}), anonymous.get(USERS), anonymous.post(USERS, {})]

    assert [answer.status_code for answer in answers] == [403, 403, 401, 401]


@pytest.mark.django_db
def test_superusers_create_people_with_rights(superuser_api):
    body = {"email": "New@example.org", "password": PASSWORD, "is_superuser": True, "is_active": False}

    response = superuser_api.post(USERS, body)

    user = User.objects.get(email="new@example.org")
    assert response.status_code == 201
    assert (user.is_superuser, user.is_active, user.is_staff) == (True, False, True)
    assert response["Location"].endswith(f"/api/v1/users/{user.pk}")
    assert "password" not in response.json()


@pytest.mark.django_db
def test_created_people_need_a_good_password_and_free_names(superuser_api, user):
    weak = superuser_api.post(USERS, {"email": "a@example.org", "password": "short"})
    taken = superuser_api.post(USERS, {"email": user.email, "password": PASSWORD})

    assert (weak.status_code, taken.status_code) == (400, 409)


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["get", "patch", "put", "delete"])
def test_others_do_not_exist_for_an_ordinary_user(api, stranger, superuser, verb):
    answers = [getattr(api, verb)(one(person)) for person in (stranger, superuser)]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.django_db
def test_oneself_can_be_read_and_changed_but_not_promoted_or_deleted(api, user):
    read = api.get(one(user))
    changed = api.patch(one(user), {"timezone": "Europe/Paris", "is_superuser": True, "is_active": False})
    deleted = api.delete(one(user))

    user.refresh_from_db()
    assert (read.status_code, changed.status_code, deleted.status_code) == (200, 200, 403)
    assert (user.timezone, user.is_superuser, user.is_active) == ("Europe/Paris", False, True)


@pytest.mark.django_db
def test_superusers_change_rights_and_nothing_beyond(superuser_api, user):
    response = superuser_api.put(one(user), {"is_superuser": True, "email_verified": True, "id": "x", "password": "y"})

    user.refresh_from_db()
    assert (response.status_code, response.json()["is_superuser"]) == (200, True)
    assert user.email_verified is False
    assert user.check_password(PASSWORD)


@pytest.mark.django_db
def test_superusers_delete_people(superuser_api, user):
    response = superuser_api.delete(one(user))

    assert response.status_code == 204
    assert not User.objects.filter(pk=user.pk).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"is_superuser": False}, {"is_active": False}])
def test_the_last_active_superuser_stays_one(superuser_api, superuser, change):
    UserFactory(is_superuser=True, is_active=False)

    changed = superuser_api.patch(one(superuser), change)
    deleted = superuser_api.delete("/api/v1/auth/me", {"current_password": PASSWORD})

    superuser.refresh_from_db()
    assert [(answer.status_code, answer.json()["code"]) for answer in (changed, deleted)] == [
        (409, "last_superuser")
    ] * 2
    assert (superuser.is_superuser, superuser.is_active) == (True, True)


@pytest.mark.django_db
def test_one_of_two_superusers_can_go(superuser_api, superuser):
    other = UserFactory(is_superuser=True)

    demoted = superuser_api.patch(one(other), {"is_superuser": False})
    last = superuser_api.delete("/api/v1/auth/me", {"current_password": PASSWORD})

    assert (demoted.status_code, last.status_code) == (200, 409)


@pytest.mark.django_db
def test_superusers_too_delete_themselves_with_their_password_alone(superuser_api, superuser):
    UserFactory(is_superuser=True)

    by_token = superuser_api.delete(one(superuser))
    by_password = superuser_api.delete("/api/v1/auth/me", {"current_password": PASSWORD})

    assert (by_token.status_code, by_password.status_code) == (403, 204)
    assert "auth/me" in by_token.json()["detail"]


@pytest.mark.django_db(transaction=True)
def test_two_superusers_who_demote_each_other_at_once_leave_one(signed_in):
    first, second = UserFactory(is_superuser=True), UserFactory(is_superuser=True)
    start, answers = threading.Barrier(2), []

    def demote(client, other):
        start.wait()
        try:
            answers.append(client.patch(one(other), {"is_superuser": False}).status_code)
        finally:
            connection.close()

    pairs = [(signed_in(first), second), (signed_in(second), first)]
    threads = [threading.Thread(target=demote, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert User.objects.active_superusers().count() == 1
    assert answers.count(200) == 1
    assert set(answers) <= {200, 403, 404, 409}  # the other, no superuser any more, sees nobody, or is the last


@pytest.mark.django_db
def test_a_list_of_many_costs_as_many_queries_as_a_list_of_one(superuser_api, django_assert_num_queries):
    with django_assert_num_queries(2):
        superuser_api.get(USERS)
    people = UserFactory.create_batch(20)
    sessions.start(user=people[0])

    with django_assert_num_queries(2):
        superuser_api.get(USERS)
