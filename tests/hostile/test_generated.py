"""Every operation of the OpenAPI document with input made from the document, valid and broken, alone and in sequences.

Whatever comes in, the answer is one that the document promises: its status, its media type, its headers, its shape; and
never a failure of ours. Half of the requests name rows that exist, so that more than the addresses is tried. The input
is always the same; HOSTILE_EXAMPLES makes more of it.
"""

import itertools
import os
from collections import Counter
from http import HTTPStatus

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.specs.openapi import checks

from tests.hostile.conftest import settle
from tests.hostile.document import SCHEMA
from users import sessions
from users.models import User

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "6"))  # of each operation and actor, and as many sequences
STEPS = 12  # of a sequence
PROMISES = [
    checks.status_code_conformance,  # which knows 503 with its reason, and never 500
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SCHEMA.config.phases.coverage.enabled = False  # made while tests are collected, it would slow down every run
SCHEMA.app = get_wsgi_application()
calls = itertools.count()
# What judges a password or a token in its body, made up here, whoever asks.
REFUSE_STRANGERS = {"POST /api/v1/auth/login", "POST /api/v1/auth/refresh"}


budget = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.usefixtures("kept_connection")


def name_existing_rows(case, household):
    """Put the ids of rows that exist into the address of ``case``."""
    for place, value in household.rows.items():
        name = place[place.index("{") + 1 : -1]
        if place in case.path and name in case.path_parameters:
            case.path_parameters[name] = str(value)


def signed_in(actor):
    """Return the header that says who is asking."""
    return {"Authorization": f"Bearer {sessions.start(user=actor).access_token}"}


def try_out(case, actor):
    if next(calls) % 2:
        name_existing_rows(case, settle(actor))
    case.call_and_validate(headers=signed_in(actor), checks=PROMISES)


@SCHEMA.parametrize()
@budget
def test_what_a_user_sends_is_answered_as_promised(case, user):
    try_out(case, user)


@SCHEMA.parametrize()
@budget
def test_what_a_superuser_sends_is_answered_as_promised(case, superuser):
    try_out(case, superuser)


@pytest.mark.hostile
@pytest.mark.parametrize("actor", ["user", "superuser"])
def test_what_follows_from_an_answer_is_answered_as_promised(request, actor):
    person = request.getfixturevalue(actor)
    answered, refused = Counter(), set()

    class Sequence(SCHEMA.as_state_machine()):
        """Goes on with ids out of earlier answers, along the links between operations."""

        def setup(self):
            self.block = transaction.atomic()
            self.block.__enter__()
            settle(person)
            self.headers = signed_in(person)

        def teardown(self):
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

        def get_call_kwargs(self, case):  # noqa: ARG002 - as the library calls it
            known = User.objects.filter(pk=person.pk, is_active=True).first()
            if known is not None:  # an earlier step may have ended the session, or have left
                self.headers = signed_in(known)
            return {"headers": self.headers}

        def validate_response(self, response, case, **_):
            answered[response.status_code // 100] += 1
            if response.status_code == HTTPStatus.UNAUTHORIZED and "Authorization" in response.request.headers:
                refused.add(
                    case.operation.label
                )  # without the header, which the library leaves out now and then, all do
            case.validate_response(response, checks=PROMISES)

    run_state_machine_as_test(Sequence, settings=budget)

    assert answered[2] > 0
    assert sum(answered.values()) > EXAMPLES
    assert refused <= REFUSE_STRANGERS
