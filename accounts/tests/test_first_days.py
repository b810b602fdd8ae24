"""Nothing is recorded of days before the year 1800: where the calendar ends, a day has no noon in every time zone."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from accounts.tests.factories import AccountFactory, AccountValueFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"timestamp": "0001-01-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "1799-12-31T23:59:59Z"}, "timestamp"),
        ({"date": "0001-01-01"}, "date"),
    ],
)
def test_a_value_of_before_is_refused_by_its_field(api, user, body, field):
    account = AccountFactory(user=user, account_type="checking")

    response = api.post(f"/api/v1/accounts/{account.pk}/values", {"value": "1", **body})

    assert response.status_code == 400
    assert {(fault["field"], fault["code"]) for fault in response.json()["errors"]} >= {(field, "too_early")}


def test_the_first_instant_is_taken(api, user):
    account = AccountFactory(user=user, account_type="checking")

    response = api.post(f"/api/v1/accounts/{account.pk}/values", {"value": "1", "timestamp": "1800-01-01T00:00:00Z"})

    assert response.status_code == 201


def test_forms_and_imports_refuse_it_with_the_model():
    value = AccountValueFactory()
    value.timestamp = datetime(1, 1, 1, tzinfo=UTC)

    with pytest.raises(ValidationError, match="before the year 1800"):
        value.clean_fields()
