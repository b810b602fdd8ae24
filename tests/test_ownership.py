"""Nobody reads, changes or points at what belongs to somebody else."""

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from tests.sweep import RESOURCES

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path),
]
WRITES = ["put", "patch", "delete"]


@pytest.mark.parametrize("verb", ["get", *WRITES])
def test_a_strangers_row_does_not_exist(api, stranger, resource, verb):
    row = resource.make(stranger)
    before = model_to_dict(row)

    response = getattr(api, verb)(f"{resource.path}/{row.pk}", dict(resource.change))

    assert response.status_code == 404
    row.refresh_from_db()
    assert model_to_dict(row) == before


def test_the_answers_for_a_strangers_row_and_for_none_are_the_same(api, stranger, resource):
    row = resource.make(stranger)

    theirs = api.get(f"{resource.path}/{row.pk}")
    row.delete()
    nobodys = api.get(f"{resource.path}/{row.pk}")

    assert theirs.json() == nobodys.json()


def test_a_list_holds_only_ones_own_rows(api, user, stranger, resource):
    mine = resource.make(user)
    resource.make(stranger)

    response = api.get(resource.path)

    assert [row["id"] for row in response.json()] == [str(mine.pk)]
    assert response["X-Total-Count"] == "1"


def test_the_owner_cannot_be_chosen(api, user, stranger, resource):
    body = {**resource.body, "user": str(stranger.pk), "user_id": str(stranger.pk)}

    response = api.post(resource.path, body)

    assert response.status_code == 201
    assert response.json().get("user_id", str(user.pk)) == str(user.pk)
    assert api.get(f"{resource.path}/{response.json()['id']}").status_code == 200


def test_a_row_cannot_be_given_away(api, user, stranger, resource):
    row = resource.make(user)

    api.patch(f"{resource.path}/{row.pk}", {**resource.change, "user": str(stranger.pk), "user_id": str(stranger.pk)})

    assert api.get(f"{resource.path}/{row.pk}").status_code == 200


def test_foreign_ids_in_a_body_are_refused(api, stranger, resource):
    for name, factory in resource.foreign.items():
        theirs = factory(user=stranger)

        response = api.post(resource.path, {**resource.body, name: str(theirs.pk)})

        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == name


@pytest.mark.parametrize("verb", ["get", "post", *WRITES])
def test_anonymous_callers_are_told_to_sign_in(anonymous, user, resource, verb):
    row = resource.make(user)
    path = resource.path if verb == "post" else f"{resource.path}/{row.pk}"

    response = getattr(anonymous, verb)(path, dict(resource.body))

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_list_of_many_costs_as_many_queries_as_a_list_of_one(api, user, resource):
    resource.make(user)
    with CaptureQueriesContext(
        connection,
    ) as one:
        api.get(resource.path)
    for _ in range(24):
        resource.make(user)

    with CaptureQueriesContext(connection) as many:
        response = api.get(resource.path)

    assert len(response.json()) == 25
    assert len(many) == len(one) <= 3
