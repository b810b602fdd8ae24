"""Many at the same moment, on one row or one security: nothing is lost, doubled, or left half done."""

from collections import Counter

import pytest

from accounts.models import Account, AccountValue
from accounts.tests.factories import AccountFactory, HoldingFactory
from finances.models import IdempotentAnswer
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from securities.models import Security, SecurityPrice
from tests.at_once import at_once
from tests.stand_in.fixtures import http_store, yahoo
from users.tests.factories import UserFactory

__all__ = ["http_store", "yahoo"]
pytestmark = pytest.mark.django_db(transaction=True)
MANY = 12
ASKING = 6  # who waits for a provider keeps a connection, of which a process has eight


def test_many_changes_of_different_fields_are_all_kept(signed_in):
    user = UserFactory()
    holding = HoldingFactory(account__user=user, quantity=1, average_cost=1)
    path = f"/api/v1/holdings/{holding.pk}"

    answers = at_once(
        lambda: signed_in(user).patch(path, {"quantity": 7}),
        lambda: signed_in(user).patch(path, {"average_cost": 9}),
    )

    assert [answer.status_code for answer in answers] == [200, 200]
    holding.refresh_from_db()
    assert (holding.quantity, holding.average_cost) == (7, 9)
    records = list(holding.history.order_by("pk").values_list("quantity", "average_cost"))
    assert records[-1] == (7, 9)
    assert len(records) == 3


def test_of_many_writers_with_if_match_as_many_win_as_the_history_has(signed_in):
    user = UserFactory()
    account = AccountFactory(user=user, description="")
    path = f"/api/v1/accounts/{account.pk}"

    def add_one():
        """Read, add a letter, and write it back unless somebody was faster; as often as it takes."""
        client = signed_in(user)
        while True:
            seen = client.get(path)
            longer = {"description": seen.json()["description"] + "x"}
            answer = client.patch(path, longer, headers={"If-Match": seen["ETag"]})
            if answer.status_code != 412:
                return answer.status_code

    statuses = at_once(*[add_one] * MANY)

    assert statuses == [200] * MANY
    account.refresh_from_db()
    assert account.description == "x" * MANY
    assert account.history.filter(history_type="~").count() == MANY


def test_many_deletions_of_one_row_are_one(signed_in):
    user = UserFactory()
    account = AccountFactory(user=user)

    answers = at_once(*[lambda: signed_in(user).delete(f"/api/v1/accounts/{account.pk}")] * MANY)

    assert Counter(answer.status_code for answer in answers) == {204: 1, 404: MANY - 1}
    assert Account.history.filter(history_type="-").count() == 1


def test_values_that_are_written_while_their_account_goes_are_gone_with_it(signed_in):
    user = UserFactory()
    account = AccountFactory(user=user)
    path = f"/api/v1/accounts/{account.pk}"

    def write(day):
        return lambda: signed_in(user).post(
            f"{path}/values", {"timestamp": f"2026-01-{day:02}", "value": 1}, headers={"Idempotency-Key": str(day)}
        )

    *written, deleted = at_once(*map(write, range(1, MANY)), lambda: signed_in(user).delete(path))

    assert deleted.status_code == 204
    kept = [answer for answer in written if answer.status_code == 201]
    assert {answer.status_code for answer in written} <= {201, 404}
    assert not AccountValue.objects.exists()
    assert AccountValue.history.filter(history_type="+").count() == len(kept)
    assert AccountValue.history.filter(history_type="-").count() == len(kept)
    assert IdempotentAnswer.objects.count() == len(kept)


def test_accounts_that_are_opened_at_a_bank_that_goes_are_at_none(signed_in):
    user = UserFactory()
    bank = FinancialInstitutionFactory(user=user)

    def open_account(number):
        body = {"name": f"A{number}", "account_type": "savings", "financial_institution_id": str(bank.pk)}
        return lambda: signed_in(user).post("/api/v1/accounts", body)

    *opened, deleted = at_once(
        *map(open_account, range(MANY)), lambda: signed_in(user).delete(f"/api/v1/financial-institutions/{bank.pk}")
    )

    assert deleted.status_code == 204
    assert {answer.status_code for answer in opened} <= {201, 400, 409}
    assert not FinancialInstitution.objects.exists()
    assert set(Account.objects.values_list("financial_institution", flat=True)) <= {None}
    assert Account.objects.count() == sum(answer.status_code == 201 for answer in opened)


def test_many_who_look_up_one_unknown_security_at_once_store_it_once(signed_in, yahoo, settings):
    settings.REQUESTS_ASKING_AT_ONCE = ASKING
    user = UserFactory()

    answers = at_once(*[lambda: signed_in(user).get("/api/v1/securities/ACME")] * ASKING)

    assert {answer.status_code for answer in answers} == {200}
    assert Security.objects.count() == 1


def test_many_syncs_of_one_security_store_its_prices_once(signed_in, yahoo, settings):
    settings.REQUESTS_ASKING_AT_ONCE = ASKING
    user = UserFactory()
    signed_in(user).get("/api/v1/securities/ACME")

    answers = at_once(*[lambda: signed_in(user).post("/api/v1/securities/ACME/sync")] * ASKING)

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] >= 1
    assert set(statuses) <= {200, 409, 503}
    alone = SecurityPrice.objects.filter(interval="1d")
    assert alone.count() == len(set(alone.values_list("timestamp", flat=True))) > 0
    again = signed_in(user).post("/api/v1/securities/ACME/sync")
    assert again.status_code == 200
