"""Every page of the admin opens, for superusers and nobody else, at a cost that does not grow."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.tests.factories import AccountValueFactory, HoldingFactory
from finances import jobs
from institutions.tests.factories import FinancialInstitutionFactory
from operations.models import DueTime, Run, Worker
from securities.tests.factories import (
    QuarantinedRecordFactory,
    SecurityActionFactory,
    SecurityFactory,
    SecurityPriceFactory,
)
from users import sessions
from users.tests.factories import UserFactory

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
pytestmark = pytest.mark.django_db


def a_little_background_work():
    """Leave a row of each kind that only the system writes."""
    Run.objects.create(name="sync_prices", failures=["NIL: unknown."], counts={"inserted": 3})
    Worker.objects.create(id="w", process="host:1", roles="jobs")
    DueTime.objects.create(name="sync_rates", due_at=timezone.now(), taken_by="host:1")
    jobs.run_command.using(backend="queue").enqueue("sync_rates", [], "schedule", None)


@pytest.fixture(autouse=True)
def queue(settings):
    settings.TASKS = {
        **settings.TASKS,
        "queue": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["jobs"]},
    }


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_list_opens_and_can_be_searched(client, superuser, model):
    client.force_login(superuser)

    listed = client.get(address(model, "changelist"))
    searched = client.get(address(model, "changelist"), {"q": "a"})

    assert (listed.status_code, searched.status_code) == (200, 200)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_the_forms_open(client, superuser, model):
    client.force_login(superuser)
    FinancialInstitutionFactory(user=superuser)
    AccountValueFactory(account=HoldingFactory().account, cash_balance="1")
    sessions.start(user=superuser)
    security = SecurityFactory()
    SecurityPriceFactory(security=security)
    SecurityActionFactory(security=security)
    QuarantinedRecordFactory(security=security)
    TOTPDevice.objects.create(user=UserFactory(), name="of somebody else")
    a_little_background_work()

    added = client.get(address(model, "add"))
    row = model._default_manager.first()
    changed = client.get(address(model, "change", row.pk)) if row else added

    assert {added.status_code, changed.status_code} <= {200, 403}
    assert 200 in {added.status_code, changed.status_code}


def test_every_model_of_ours_is_in_the_admin():
    from django.apps import apps

    ours = {
        model
        for config in apps.get_app_configs()
        if config.name in {"users", "currencies", "institutions", "securities", "accounts", "operations"}
        for model in config.get_models()
    }

    assert ours <= set(MODELS)


def test_a_list_of_many_costs_as_many_queries_as_a_list_of_one(client, superuser):
    client.force_login(superuser)
    path = reverse("admin:institutions_financialinstitution_changelist")
    FinancialInstitutionFactory()
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    FinancialInstitutionFactory.create_batch(20)

    with CaptureQueriesContext(connection) as many:
        client.get(path)

    assert len(many) == len(one)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nobody_else_gets_in(client, user, model):
    client.force_login(user)

    response = client.get(address(model, "changelist"))

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_the_admin_opens_without_its_slash(client, db):
    assert client.get("/admin", follow=True).status_code == 200


def test_a_list_has_the_labels_and_our_own_style_sheet_last(client, superuser):
    client.force_login(superuser)

    page = client.get("/admin/users/user/").text

    assert 'data-label="Last login"' in page
    assert page.index("admin/css/changelists.css") < page.index("finances/admin.css")
