"""The state of what figures are computed from: another one after each change, also of several at once, and cheap."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AccountValue, Holding
from accounts.tests.factories import AccountFactory, AccountValueFactory, HoldingFactory
from finances.models import OwnerGeneration
from portfolio import stamps
from portfolio.tests.api.conftest import at, seed


def state_of(user):
    return stamps.state_of(user, currency="CAD")


@pytest.mark.django_db
def test_the_state_of_what_has_not_changed_is_read_without_reading_any_record(user):
    seed(user)
    before = state_of(user)

    with CaptureQueriesContext(connection) as queries:
        again = state_of(user)

    assert again == before
    assert len(queries) == 4
    assert [query["sql"] for query in queries.captured_queries if "historical" in query["sql"]] == []


@pytest.mark.django_db
def test_each_write_of_one_transaction_is_another_state_and_one_that_is_taken_back_never_was(user):
    account = AccountFactory(user=user)
    states = [state_of(user)]

    with transaction.atomic():
        AccountValueFactory(account=account, timestamp=at("2020-09-01"))
        states.append(state_of(user))
        AccountValue.objects.update(value=2)
        states.append(state_of(user))
        AccountValue.objects.all().delete_at_once()
        states.append(state_of(user))
        transaction.set_rollback(True)

    assert len({str(state) for state in states}) == 4
    assert state_of(user) == states[0]
    AccountValueFactory(account=account, timestamp=at("2020-09-01"))
    assert state_of(user) not in states


@pytest.mark.django_db
def test_who_holds_something_else_depends_on_it_at_once(user, stranger):
    held = HoldingFactory(account__user=user)
    of_another = HoldingFactory(account__user=stranger)
    Holding.objects.filter(pk=held.pk).delete()

    described = [str(row[0]) for row in state_of(user)[4]]

    assert described == [str(held.security_id)]  # past figures are computed from it
    assert str(of_another.security_id) not in described


@pytest.mark.django_db
def test_what_is_known_of_an_owner_goes_with_the_owner(user):
    AccountFactory(user=user)
    assert OwnerGeneration.objects.filter(user=user).count() == 1

    user.delete()

    assert not OwnerGeneration.objects.exists()


class Apart:
    """A transaction of a thread of its own, that writes at once and ends when it is told to."""

    def __init__(self, threads, write):
        self.has_written, self.may_end = threading.Event(), threading.Event()
        self.done = threads.submit(self.run, write)
        assert self.has_written.wait(5), "it waits for another transaction"

    def run(self, write):
        try:
            with transaction.atomic():
                write()
                self.has_written.set()
                assert self.may_end.wait(10)
        finally:
            connection.close()

    def end(self):
        self.may_end.set()
        self.done.result(10)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_transactions_at_once_wait_for_nobody_and_each_is_seen_whichever_ends_first(user):
    accounts = [AccountFactory(user=user) for _ in range(3)]
    states = [state_of(user)]

    with ThreadPoolExecutor(3) as threads:
        apart = [
            Apart(threads, lambda account=account: AccountValueFactory(account=account, timestamp=at("2020-09-01")))
            for account in accounts
        ]
        for each in reversed(apart):  # so that records of smaller numbers are seen last
            each.end()
            states.append(state_of(user))

    assert len({str(state) for state in states}) == 4
    AccountFactory(user=user)
    assert OwnerGeneration.objects.filter(user=user).count() == 3  # what is there is used again
