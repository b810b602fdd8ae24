"""Who deletes themselves takes all that is theirs with them, and nothing else."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CASCADE, SET_NULL

from accounts.models import Account
from accounts.tests.factories import AccountFactory
from institutions.tests.factories import FinancialInstitutionFactory
from tests.sweep import RESOURCES
from users.models import User
from users.tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path)
def test_all_that_one_owns_goes_and_what_others_own_stays(api, user, stranger, resource):
    mine, theirs = resource.make(user), resource.make(stranger)
    rows = type(mine)._default_manager

    response = api.delete("/api/v1/auth/me", {"current_password": PASSWORD})

    assert response.status_code == 204
    assert list(rows.filter(pk__in=[mine.pk, theirs.pk])) == [theirs]


def test_an_account_at_an_institution_goes_with_all_its_history(api, user):
    institution = FinancialInstitutionFactory(user=user)
    AccountFactory(user=user, financial_institution=institution)

    response = api.delete("/api/v1/auth/me", {"current_password": PASSWORD})

    assert response.status_code == 204
    assert Account.history.count() == 0
    connection.check_constraints()


def test_every_row_that_points_at_a_user_goes_with_them_or_forgets_them():
    pointers = [
        field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is User and not field.many_to_many
    ]

    assert {field.model.__name__ for field in pointers} >= {"FinancialInstitution", "TokenFamily", "LogEntry"}
    staying = [field for field in pointers if field.remote_field.on_delete is not CASCADE]
    # Whoever changed a row of somebody else's, or started what ran, is not its owner: it stays, without their name.
    assert {str(field) for field in staying if field.name != "history_user"} == {"operations.Run.started_by"}
    assert {field.remote_field.on_delete for field in staying} == {SET_NULL}
