"""A write that expects a state fails after a change of the row itself, and after nothing else. See docs/adr/0023."""

import pytest
from django.utils import timezone

from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityPriceFactory


@pytest.fixture
def holding(user):
    return HoldingFactory(account__user=user)


def sync(holding):
    """Do to the holding's security what a sync does: a newer price, and when it was."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    SecurityPriceFactory(security=holding.security, timestamp=midnight)
    type(holding.security).objects.filter(pk=holding.security_id).update(last_synced_at=timezone.now())


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_a_sync_stands_in_the_way_of_no_write(api, holding, verb):
    path = f"/api/v1/holdings/{holding.pk}"
    seen = api.get(path)["ETag"]
    sync(holding)

    response = getattr(api, verb)(path, {"quantity": 11}, headers={"If-Match": seen})

    assert response.status_code in {200, 204}


def test_a_sync_is_seen_by_those_who_read(api, holding):
    path = f"/api/v1/holdings/{holding.pk}"
    seen = api.get(path)["ETag"]
    assert api.get(path, headers={"If-None-Match": seen}).status_code == 304
    sync(holding)

    response = api.get(path, headers={"If-None-Match": seen})

    assert (response.status_code, response.json()["current_price"]) == (200, 118.69)


@pytest.mark.parametrize("changed", [{"quantity": 11}, {"average_cost": 99}, {"timestamp": "2026-01-02T10:00Z"}])
def test_another_change_of_the_row_stands_in_the_way(api, holding, changed):
    path = f"/api/v1/accounts/{holding.account_id}/holdings/{holding.pk}"
    seen = api.get(path)["ETag"]
    assert api.patch(path, changed).status_code == 200
    sync(holding)

    response = api.patch(path, {"quantity": 12}, headers={"If-Match": seen})

    assert (response.status_code, response.json()["code"]) == (412, "stale")


def test_a_write_may_follow_a_write_by_the_tag_of_its_answer(api, user):
    first = api.post("/api/v1/accounts", {"name": "One", "account_type": "savings", "interest_rate": "2.50"})
    path = f"/api/v1/accounts/{first.json()['id']}"

    second = api.patch(path, {"interest_rate": 3}, headers={"If-Match": first["ETag"]})
    third = api.patch(path, {"name": "Three"}, headers={"If-Match": second["ETag"]})
    late = api.patch(path, {"name": "Four"}, headers={"If-Match": second["ETag"]})

    assert [each.status_code for each in (second, third, late)] == [200, 200, 412]
    assert second["ETag"] != first["ETag"]
    assert api.get(path)["ETag"] == third["ETag"]


def test_an_account_is_changed_whatever_is_recorded_in_it_or_said_of_its_bank(api, user):
    account = AccountFactory(user=user, financial_institution=FinancialInstitutionFactory(user=user))
    path = f"/api/v1/accounts/{account.pk}"
    seen = api.get(path)["ETag"]
    AccountValueFactory(account=account)
    api.patch(f"/api/v1/financial-institutions/{account.financial_institution_id}", {"name": "Another name"})

    read = api.get(path, headers={"If-None-Match": seen})
    response = api.patch(path, {"name": "New"}, headers={"If-Match": seen})

    assert (read.status_code, response.status_code) == (200, 200)


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("body", [{}, {"quantity": "10.000", "average_cost": 100}, {"nonsense": 1}])
def test_a_write_that_changes_nothing_leaves_no_trace(api, holding, verb, body):
    path = f"/api/v1/holdings/{holding.pk}"
    before = api.get(path)

    response = getattr(api, verb)(path, body)

    assert (response.status_code, response["ETag"]) == (200, before["ETag"])
    assert response.json() == before.json()
    assert holding.history.count() == 1


def test_a_profile_that_stays_the_same_leaves_no_trace(api, user):
    before = api.get("/api/v1/auth/me")

    response = api.put("/api/v1/auth/me", {"timezone": user.timezone, "username": user.username})

    assert (response.status_code, response["ETag"]) == (200, before["ETag"])


def test_a_tag_of_a_row_is_no_tag_of_another(api, user):
    one, other = (FinancialInstitutionFactory(user=user, name=name) for name in ("One", "Other"))
    seen = api.get(f"/api/v1/financial-institutions/{one.pk}")["ETag"]

    response = api.delete(f"/api/v1/financial-institutions/{other.pk}", headers={"If-Match": seen})

    assert response.status_code == 412


def test_one_of_several_tags_is_enough(api, user):
    bank = FinancialInstitutionFactory(user=user)
    path = f"/api/v1/financial-institutions/{bank.pk}"
    seen = api.get(path)["ETag"]

    response = api.patch(path, {"name": "New"}, headers={"If-Match": f'"another", {seen}'})

    assert response.status_code == 200


def test_somebody_whom_a_superuser_made_is_changed_by_the_tag_of_that_answer(superuser_api):
    made = superuser_api.post("/api/v1/users", {"email": "new@example.org", "password": "a long enough one"})

    response = superuser_api.patch(
        f"/api/v1/users/{made.json()['id']}", {"timezone": "Europe/Rome"}, headers={"If-Match": made["ETag"]}
    )

    assert response.status_code == 200


def test_a_sign_in_stands_in_the_way_of_no_change_of_a_profile(api, user):
    seen = api.get("/api/v1/auth/me")["ETag"]
    user.last_login = timezone.now()
    user.save()

    response = api.patch("/api/v1/auth/me", {"timezone": "Europe/Rome"}, headers={"If-Match": seen})

    assert response.status_code == 200
