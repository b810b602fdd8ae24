"""Every operation of the OpenAPI document with input made from the document, valid and broken.

Whatever comes in, the answer is one that the document promises: its status, its media type, its headers, its shape; and
never a failure of ours. Half of the requests name rows that exist, so that more than the addresses is tried.
"""

import itertools
import json

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi import checks as openapi_checks

from accounts.tests.factories import AccountValueFactory, HoldingFactory
from institutions.tests.factories import FinancialInstitutionFactory
from users import sessions

EXAMPLES = 8  # of each operation and actor
PROMISES = [
    openapi_checks.status_code_conformance,  # which knows 503 with its reason, and never 500
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
document = OpenApiJsonRenderer().render(SchemaGenerator().get_schema(request=None, public=True))
schema = schemathesis.openapi.from_dict(json.loads(document))
schema.config.phases.coverage.enabled = False  # made while tests are collected, it would slow down every run
schema.app = get_wsgi_application()
calls = itertools.count()
budget = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def _kept_connection():
    """Leave the connection open between requests, as Django's own test client does: all of a test is rolled back."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture
def household(user, settings):
    """Give the ids of rows of ``user``, by the part of an address that they stand for."""
    settings.RATE_PROVIDERS = []
    institution = FinancialInstitutionFactory(user=user)
    holding = HoldingFactory(account__user=user, account__financial_institution=institution)
    value = AccountValueFactory(account=holding.account)
    return {
        "/accounts/{id}": holding.account_id,
        "/values/{id}": value.pk,
        "/holdings/{id}": holding.pk,
        "/financial-institutions/{id}": institution.pk,
        "/users/{id}": user.pk,
        "{account_id}": holding.account_id,
        "{symbol}": holding.security.symbol,
        "{code}": "CAD",
    }


def name_existing_rows(case, household):
    """Put the ids of rows that exist into the address of ``case``."""
    for place, value in household.items():
        name = place[place.index("{") + 1 : -1]
        if place in case.path and name in case.path_parameters:
            case.path_parameters[name] = str(value)


def try_out(case, household, actor):
    if next(calls) % 2:
        name_existing_rows(case, household)
    headers = {"Authorization": f"Bearer {sessions.start(user=actor).access_token}"}
    case.call_and_validate(headers=headers, checks=PROMISES)


@schema.parametrize()
@budget
def test_what_a_user_sends_is_answered_as_promised(case, household, user):
    try_out(case, household, user)


@schema.parametrize()
@budget
def test_what_a_superuser_sends_is_answered_as_promised(case, household, superuser):
    try_out(case, household, superuser)
