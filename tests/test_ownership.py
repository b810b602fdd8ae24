"""Nobody reads, changes or points at what belongs to somebody else."""

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from tests.sweep import NESTED, RESOURCES

pytestmark = pytest.mark.django_db
every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path)
every_nested_resource = pytest.mark.parametrize("resource", NESTED, ids=lambda resource: resource.path)
WRITES = ["put", "patch", "delete"]


@every_resource
@pytest.mark.parametrize("verb", ["get", *WRITES])
def test_a_strangers_row_does_not_exist(api, stranger, resource, verb):
    row = resource.make(stranger)
    before = model_to_dict(row.__class__.objects.get(pk=row.pk))

    response = getattr(api, verb)(resource.address(row), dict(resource.change))

    assert response.status_code == 404
    assert model_to_dict(row.__class__.objects.get(pk=row.pk)) == before


@every_resource
def test_the_answers_for_a_strangers_row_and_for_none_are_the_same(api, stranger, resource):
    row = resource.make(stranger)
    path = resource.address(row)

    theirs = api.get(path)
    row.delete()
    nobodys = api.get(path)

    assert theirs.json() == nobodys.json()


@every_resource
def test_a_list_holds_only_ones_own_rows(api, user, stranger, resource):
    mine = resource.make(user)
    resource.make(stranger)

    response = api.get(resource.collection(mine))

    assert [row["id"] for row in response.json()] == [str(mine.pk)]
    assert response["X-Total-Count"] == "1"


@every_resource
def test_the_owner_cannot_be_chosen(api, user, stranger, resource):
    row = resource.make(user)
    body = {**resource.creation(row), "user": str(stranger.pk), "user_id": str(stranger.pk)}

    response = api.post(resource.collection(row), body)

    assert response.status_code == 201
    created = row.__class__.objects.get(pk=response.json()["id"])
    assert created.user_id == user.pk


@every_resource
def test_a_row_cannot_be_given_away(api, user, stranger, resource):
    row = resource.make(user)

    api.patch(resource.address(row), {**resource.change, "user": str(stranger.pk), "user_id": str(stranger.pk)})

    assert api.get(resource.address(row)).status_code == 200


@every_resource
def test_foreign_ids_in_a_new_row_are_refused(api, user, stranger, resource):
    row = resource.make(user)
    for name, factory in resource.foreign.items():
        theirs = factory(user=stranger)
        count = row.__class__.objects.count()

        response = api.post(resource.collection(row), {**resource.creation(row), name: str(theirs.pk)})

        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == name
        assert row.__class__.objects.count() == count


@every_resource
@pytest.mark.parametrize("verb", ["put", "patch"])
def test_foreign_ids_in_a_change_are_refused_or_ignored(api, user, stranger, resource, verb):
    row = resource.make(user)
    before = model_to_dict(row.__class__.objects.get(pk=row.pk))
    for name, factory in resource.foreign.items():
        theirs = factory(user=stranger)

        response = getattr(api, verb)(resource.address(row), {name: str(theirs.pk)})

        assert response.status_code in {200, 400}
        assert theirs.name not in response.text
        assert model_to_dict(row.__class__.objects.get(pk=row.pk)) == before


@every_resource
@pytest.mark.parametrize("verb", ["get", "post", *WRITES])
def test_anonymous_callers_are_told_to_sign_in(anonymous, user, resource, verb):
    row = resource.make(user)
    path = resource.collection(row) if verb == "post" else resource.address(row)

    response = getattr(anonymous, verb)(path, resource.creation(row))

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


@every_resource
def test_a_list_of_many_costs_as_many_queries_as_a_list_of_one(api, user, resource):
    row = resource.make(user)
    with CaptureQueriesContext(connection) as one:
        api.get(resource.collection(row))
    for _ in range(99):
        resource.another(row)

    with CaptureQueriesContext(connection) as many:
        response = api.get(resource.collection(row))

    assert len(response.json()) == 100
    # Of these, two at most for the state of what is kept, where caches are shared.
    assert len(many) == len(one) <= (6 if resource.parent else 5)


@every_nested_resource
@pytest.mark.parametrize("verb", ["get", "post"])
def test_what_is_in_a_strangers_row_cannot_be_listed_or_added_to(api, stranger, resource, verb):
    row = resource.make(stranger)
    count = row.__class__.objects.count()

    response = getattr(api, verb)(resource.collection(row), resource.creation(row) if verb == "post" else None)

    assert response.status_code == 404
    assert row.__class__.objects.count() == count


@every_nested_resource
@pytest.mark.parametrize("verb", ["get", *WRITES])
def test_a_strangers_row_does_not_exist_under_a_row_of_ones_own_either(api, user, stranger, resource, verb):
    theirs, mine = resource.make(stranger), resource.make(user)

    response = getattr(api, verb)(f"{resource.collection(mine)}/{theirs.pk}", dict(resource.change))

    assert response.status_code == 404
    assert row_exists(theirs)


@every_nested_resource
@pytest.mark.parametrize("verb", ["get", *WRITES])
def test_a_row_is_only_under_its_own_parent(api, user, resource, verb):
    here, there = resource.make(user), resource.make(user)

    response = getattr(api, verb)(f"{resource.collection(there)}/{here.pk}", dict(resource.change))

    assert response.status_code == 404
    assert row_exists(here)


def row_exists(row):
    return row.__class__.objects.filter(pk=row.pk).exists()
