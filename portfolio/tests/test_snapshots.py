"""All that a figure is made from is of one moment, also when somebody writes while it is read."""

import threading
from datetime import date

import pytest
from django.db import connection, transaction

from accounts.models import AccountValue
from accounts.tests.factories import AccountFactory, AccountValueFactory
from finances import sql
from portfolio import services
from portfolio.tests.api.conftest import at
from portfolio.valuation import Name


class Meanwhile:
    """Lets another connection write after the first question about accounts has been answered."""

    def __init__(self, write):
        self.write, self.is_done = write, False

    def __call__(self, execute, statement, *rest):
        result = execute(statement, *rest)
        if not self.is_done and 'FROM "accounts_account" ' in statement:
            self.is_done = True
            thread = threading.Thread(target=self.apart)
            thread.start()
            thread.join(10)
            assert not thread.is_alive()
        return result

    def apart(self):
        with transaction.atomic():
            self.write()
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_no_figure_is_torn_by_a_write_in_between(user):
    account = AccountFactory(user=user, currency_id="CAD")
    value = AccountValueFactory(account=account, timestamp=at("2020-09-01"), value="5")

    def put_right():
        value.delete()
        AccountValueFactory(account=account, timestamp=at("2020-09-02"), value="7")

    meanwhile = Meanwhile(put_right)
    with connection.execute_wrapper(meanwhile):
        before = services.day_of(user=user, on=date(2020, 9, 6), currency="CAD").figure(Name.NET_WORTH)
    after = services.day_of(user=user, on=date(2020, 9, 6), currency="CAD").figure(Name.NET_WORTH)

    assert meanwhile.is_done
    assert [(figure.value, figure.is_complete) for figure in (before, after)] == [(5, True), (7, True)]


@pytest.mark.django_db(transaction=True)
def test_who_writes_after_a_snapshot_writes_as_ever(user):
    with sql.snapshot():
        assert AccountValue.objects.count() == 0

    AccountValueFactory(account__user=user)

    assert AccountValue.objects.count() == 1
