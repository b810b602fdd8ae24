"""A security that is synced in the evening of a day; what two files of tests share."""

import pytest
import time_machine

from securities import syncs
from securities.models import SecurityPrice
from securities.tests.factories import SecurityFactory


@pytest.fixture
def security():
    return SecurityFactory(symbol="ACME", currency_id=None)


def sync(security, on="2026-03-13", **options):
    with time_machine.travel(f"{on}T22:00:00Z", tick=False):
        return syncs.sync_security(security=security, **options)


def closes():
    return [float(close) for close in SecurityPrice.objects.order_by("timestamp").values_list("close", flat=True)]
