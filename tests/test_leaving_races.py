"""Who deletes themselves while they write: one waits for the other, and neither waits for ever."""

import threading
from contextlib import suppress

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import Account, AccountValue, Holding
from accounts.tests.factories import AccountValueFactory, HoldingFactory, InvestmentAccountFactory
from finances import owners
from institutions.models import FinancialInstitution
from institutions.tests.factories import FinancialInstitutionFactory
from securities.tests.factories import SecurityFactory
from tests.at_once import at_once
from users import services
from users.models import User
from users.tests.factories import PASSWORD, UserFactory

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows one writer"),
]
ROUNDS = 3


@pytest.fixture
def user():
    return UserFactory()


def writes_of(user):
    """Return one call of each write for which a row of ``user`` is locked, on rows that are all in one account."""
    institution = FinancialInstitutionFactory(user=user)
    account = InvestmentAccountFactory(user=user, financial_institution=institution)
    value, holding = AccountValueFactory(account=account, cash_balance="0"), HoldingFactory(account=account)
    root, new = f"/api/v1/accounts/{account.pk}", {"value": 5, "cash_balance": 1}
    return [
        ("post", f"{root}/values", {"timestamp": "2026-01-02", **new}),
        ("post", f"{root}/values", [{"timestamp": f"2026-02-{day:02}", **new} for day in range(1, 20)]),
        ("patch", f"{root}/values/{value.pk}", {"value": 7}),
        ("patch", f"/api/v1/holdings/{holding.pk}", {"quantity": 7}),
        ("post", f"{root}/holdings", {"security_id": SecurityFactory().symbol, "quantity": 1, "average_cost": 1}),
        ("patch", root, {"name": "Another"}),
        ("delete", f"/api/v1/financial-institutions/{institution.pk}", None),
        ("delete", root, None),
    ]


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_write_is_done_or_refused_and_the_deletion_goes_through(user, signed_in, place, _round):
    verb, path, body = writes_of(user)[place]
    leaving, writing = signed_in(user), signed_in(user)

    left, written = at_once(
        lambda: leaving.delete("/api/v1/auth/me", {"current_password": PASSWORD}),
        lambda: getattr(writing, verb)(path, body),
    )

    assert left.status_code == 204
    assert written.status_code in {200, 201, 204, 401}
    assert not User.objects.filter(pk=user.pk).exists()


def test_all_writes_at_once_leave_nothing_behind(user, signed_in):
    writes = writes_of(user)
    clients = [signed_in(user) for _ in range(len(writes) + 1)]

    left, *written = at_once(
        lambda: clients[-1].delete("/api/v1/auth/me", {"current_password": PASSWORD}),
        *(
            lambda client=client, write=write: getattr(client, write[0])(*write[1:])
            for client, write in zip(clients, writes, strict=False)
        ),
    )

    assert left.status_code == 204
    assert {answer.status_code for answer in written} <= {200, 201, 204, 401, 404}
    for model in (Account, AccountValue, Holding):
        assert not model.objects.exists()
        assert not model.history.exists()


def in_background(call):
    """Start ``call`` and give it a second, after which it may still wait; return its thread and its future answer."""
    answers = []

    def answer():
        try:
            answers.append(call())
        finally:
            connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    thread.join(timeout=1)
    return thread, answers


def test_who_waited_for_their_own_deletion_is_signed_in_no_more(user, signed_in):
    verb, path, body = writes_of(user)[0]
    client = signed_in(user)

    with transaction.atomic():
        services.delete_users(user_ids=[user.pk])
        thread, answers = in_background(lambda: getattr(client, verb)(path, body))
        waited = thread.is_alive()
    thread.join(timeout=30)

    assert waited
    assert (answers[0].status_code, answers[0].json()["code"]) == (401, "invalid_token")


def test_those_who_write_for_one_owner_do_not_wait_for_each_other(user, signed_in):
    verb, path, body = writes_of(user)[0]
    client = signed_in(user)

    with transaction.atomic():
        owners.hold([user.pk])
        thread, answers = in_background(lambda: getattr(client, verb)(path, body))
        thread.join(timeout=30)
        assert answers[0].status_code == 201


def of(user):
    return FinancialInstitution.objects.filter(user=user)


CHANGES_OF_INSTITUTIONS = {
    "one that is saved": lambda user: of(user).get().save(),
    "all that are changed": lambda user: of(user).update(name="Another"),
    "one that is deleted": lambda user: of(user).get().delete(),
    "all that are deleted": lambda user: of(user).delete(),
}


@pytest.mark.parametrize("change", CHANGES_OF_INSTITUTIONS.values(), ids=CHANGES_OF_INSTITUTIONS)
def test_institutions_that_are_written_outside_of_the_api_do_not_hold_up_who_leaves(user, change):
    institution = FinancialInstitutionFactory(user=user)
    InvestmentAccountFactory(user=user, financial_institution=institution)

    def write():
        with suppress(IntegrityError):  # of one that is saved: its owner has gone
            change(user)

    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        thread, _ = in_background(write)
        waited = thread.is_alive()
        services.delete_users(user_ids=[user.pk])  # which would wait for ever for who waits for it
    thread.join(timeout=30)

    assert waited
    assert not User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize("action", ["change", "delete"])
def test_an_administrator_who_writes_an_institution_does_not_hold_up_its_owner(user, superuser, client, action):
    institution = FinancialInstitutionFactory(user=user)
    InvestmentAccountFactory(user=user, financial_institution=institution)
    client.force_login(superuser)
    address = reverse(f"admin:institutions_financialinstitution_{action}", args=[institution.pk])
    told = {"name": "Another", "institution_type": "bank", "post": "yes"}

    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        thread, answers = in_background(lambda: client.post(address, told))
        waited = thread.is_alive()
        services.delete_users(user_ids=[user.pk])
    thread.join(timeout=30)

    assert waited
    assert answers[0].status_code in {302, 404}
