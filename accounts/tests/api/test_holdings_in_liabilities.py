"""Holdings that an earlier version let into a liability."""

import pytest
from django.db import connection

from accounts.models import Holding
from accounts.tests.factories import AccountFactory, HoldingFactory

FLAT = "/api/v1/holdings"


@pytest.fixture
def left_in_a_liability(user):
    """Ten shares that an earlier version let into a mortgage."""
    return HoldingFactory(account=AccountFactory(user=user, account_type="mortgage"), in_investment_account=False)


@pytest.mark.parametrize("verb", ["put", "patch"])
def test_what_an_earlier_version_let_into_a_liability_is_corrected(api, left_in_a_liability, verb):
    response = getattr(api, verb)(f"{FLAT}/{left_in_a_liability.pk}", {"quantity": 4})

    assert (response.status_code, response.json()["quantity"]) == (200, 4)
    connection.check_constraints()


def test_what_an_earlier_version_let_into_a_liability_is_deleted_and_does_not_come_back(api, left_in_a_liability):
    deleted = api.delete(f"{FLAT}/{left_in_a_liability.pk}")
    again = api.post(
        f"/api/v1/accounts/{left_in_a_liability.account_id}/holdings",
        {"security_id": left_in_a_liability.security.symbol, "quantity": 1, "average_cost": 1},
    )

    assert (deleted.status_code, again.status_code) == (204, 400)
    assert not Holding.objects.exists()
