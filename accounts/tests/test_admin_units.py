"""In the admin, too, a holding's change over a split says which shares it counts; see docs/adr/0018."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse

from accounts.doubts import doubt_of
from accounts.market_figures import price_window
from accounts.models import Holding
from accounts.tests.factories import HoldingFactory
from accounts.tests.test_admin_forms import fields_of
from accounts.told import CONFIRMED
from securities.tests.factories import SecurityActionFactory
from tests.tables import faults, preview, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client(client, superuser):
    client.force_login(superuser)
    return client


def on(day):
    return time_machine.travel(datetime(2026, 1, day, 15, tzinfo=UTC), tick=False)


@pytest.fixture
def january():
    with on(7) as traveller:
        yield traveller


@pytest.fixture
def split_since(january):
    """Ten shares as of 2026-01-01, split 4:1 on 2026-01-05, which was known on that day."""
    with on(1):
        holding = HoldingFactory(timestamp=datetime(2026, 1, 1, 12, tzinfo=UTC))
    with on(5):
        SecurityActionFactory(security=holding.security, kind="split", date=date(2026, 1, 5), value="4")
    return holding


@pytest.fixture
def doubtful(january):
    """Ten shares as of 2026-01-01 that were told a day after a split, and a day before it was known."""
    with on(6):
        holding = HoldingFactory(timestamp=datetime(2026, 1, 1, 12, tzinfo=UTC))
    SecurityActionFactory(security=holding.security, kind="split", date=date(2026, 1, 5), value="4")
    return holding


def path_of(holding):
    return reverse("admin:accounts_holding_change", args=[holding.pk])


def edit(admin_client, holding, **edited):
    sent = fields_of(admin_client.get(path_of(holding)))
    sent.pop("told_anew", None)
    return admin_client.post(path_of(holding), {**sent, **edited})


def errors(response):
    return response.context["adminform"].form.errors


def stored(holding):
    return Holding.objects.with_current_price(**price_window(date(2026, 1, 7))).get(pk=holding.pk)


@pytest.mark.parametrize(
    ("edited", "field", "asked"),
    [
        ({"quantity": "44"}, "timestamp", "Give the timestamp with the quantity: 2026-01-07, and the average cost, if"),
        ({"timestamp_0": "2026-01-06"}, "quantity", "Give with the timestamp the quantity of 2026-01-06, and the aver"),
        (
            {"quantity": "44", "timestamp_0": "2026-01-06"},
            "average_cost",
            "Give with the timestamp the average cost of one unit as of 2026-01-06.",
        ),
    ],
)
def test_what_a_change_over_a_split_needs_is_asked_for(admin_client, split_since, edited, field, asked):
    response = edit(admin_client, split_since, **edited)

    assert list(errors(response)) == [field]
    [message] = errors(response)[field]
    assert "There was a split of " in message
    assert asked in message
    assert message.endswith("Or tick “All of it is right” if what is not edited is so.")
    assert (stored(split_since).quantity, stored(split_since).as_of) == (10, date(2026, 1, 1))


@pytest.mark.parametrize(
    ("edited", "today"),
    [
        ({"quantity": "11", "told_anew": "on"}, 44),
        ({"timestamp_0": "2026-01-06", "told_anew": "on"}, 10),
        ({"quantity": "44", "timestamp_0": "2026-01-06", "average_cost": "25"}, 44),
        ({"average_cost": "7"}, 40),
        ({"timestamp_0": "2026-01-04"}, 40),
    ],
)
def test_what_says_all_of_it_or_lies_on_one_side_is_stored(admin_client, split_since, edited, today):
    response = edit(admin_client, split_since, **edited)

    assert response.status_code == 302
    assert stored(split_since).quantity_on(date(2026, 1, 7)) == today


def test_a_quantity_in_doubt_that_stays_as_it_is_is_confirmed(admin_client, superuser, doubtful):
    response = edit(admin_client, doubtful, told_anew="on")

    assert response.status_code == 302
    assert doubt_of(stored(doubtful)) is None
    last = doubtful.history.latest("history_id")
    assert (last.history_change_reason, last.history_user, last.quantity) == (CONFIRMED, superuser, 10)


@pytest.mark.parametrize("edited", [{}, {"average_cost": "7"}])
def test_what_does_not_say_that_it_is_right_leaves_the_doubt(admin_client, doubtful, edited):
    response = edit(admin_client, doubtful, **edited)

    assert response.status_code == 302
    assert doubt_of(stored(doubtful)) is not None


def test_the_box_is_there_where_the_security_was_ever_split(admin_client, split_since):
    never = HoldingFactory()

    assert "told_anew" in admin_client.get(path_of(split_since)).text
    assert "told_anew" not in admin_client.get(path_of(never)).text
    assert "told_anew" not in admin_client.get(reverse("admin:accounts_holding_add")).text


def test_a_table_without_the_day_is_refused_over_a_split_and_taken_with_it(admin_client, split_since):
    row = [split_since.user.email, split_since.account.name, split_since.security.symbol, "44", "25"]
    heads = "owner,account,security,quantity,average_cost"

    refused = preview(admin_client, Holding, f"{heads}\n{','.join(row)}\n")
    put(admin_client, Holding, f"{heads},timestamp\n{','.join(row)},2026-01-06\n")

    assert "Give the timestamp with the quantity: 2026-01-07, and the average cost" in str(faults(refused))
    assert (stored(split_since).quantity, stored(split_since).as_of) == (44, date(2026, 1, 6))
