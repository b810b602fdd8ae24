"""A change of a holding that a split lies in says which shares it counts, and what one of them cost."""

from datetime import UTC, date, datetime

import pytest

from accounts.models import Holding
from accounts.tests.factories import HoldingFactory
from securities.tests.factories import SecurityActionFactory

pytestmark = pytest.mark.django_db
FLAT = "/api/v1/holdings"


@pytest.fixture
def january(time_machine):
    """It is noon of Wednesday, 2026-01-07, in London."""
    time_machine.move_to(datetime(2026, 1, 7, 12, tzinfo=UTC), tick=False)


@pytest.fixture
def split_since(user):
    """Ten shares as of 2026-01-01, split 4:1 on 2026-01-05."""
    holding = HoldingFactory(account__user=user)
    SecurityActionFactory(security=holding.security, kind="split", date=date(2026, 1, 5), value="4")
    return holding


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("name", ["quantity", "shares"])
def test_a_new_quantity_after_a_split_must_say_of_when_it_is(january, api, split_since, verb, name):
    response = getattr(api, verb)(f"{FLAT}/{split_since.pk}", {name: 44, "average_cost": 25})

    body = response.json()
    assert (response.status_code, body["code"], body["errors"][0]["field"]) == (400, "as_of_required", "timestamp")
    assert body["errors"][0]["message"] == (
        f"There was a split of {split_since.security} since 2026-01-01: 4 for 1 on 2026-01-05. Give the timestamp with "
        "the quantity: 2026-01-07, and the average cost, if it counts the shares after the split, 2026-01-01 if it "
        "counts those before."
    )
    assert Holding.objects.get().quantity == 10


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("day", ["2026-01-05", "2026-01-07"])
def test_another_day_after_a_split_must_come_with_the_quantity_of_then(january, api, split_since, verb, day):
    response = getattr(api, verb)(f"{FLAT}/{split_since.pk}", {"timestamp": day, "average_cost": 25})

    body = response.json()
    assert (response.status_code, body["code"], body["errors"][0]["field"]) == (400, "as_of_required", "quantity")
    assert body["errors"][0]["message"] == (
        f"There was a split of {split_since.security} between 2026-01-01 and {day}: 4 for 1 on 2026-01-05. "
        f"Give with the timestamp the quantity of {day}, and the average cost of one unit of it."
    )
    assert api.get(f"{FLAT}/{split_since.pk}").json()["quantity_today"] == 40


def test_a_day_before_a_split_must_come_with_the_quantity_of_then_too(january, api, split_since):
    api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-06", "quantity": 40, "average_cost": 25})

    response = api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-02"})

    assert (response.status_code, response.json()["code"]) == (400, "as_of_required")
    assert api.get(f"{FLAT}/{split_since.pk}").json()["quantity_today"] == 40


@pytest.mark.parametrize(
    ("change", "today"),
    [
        ({"quantity": 44, "timestamp": "2026-01-07", "average_cost": 25}, 44),
        ({"quantity": 12, "timestamp": "2026-01-04"}, 48),  # on the same side of the split
        ({"quantity": 11, "timestamp": "2026-01-01"}, 44),
        ({"quantity": 10, "average_cost": 25}, 40),
        ({"average_cost": 25}, 40),
        ({"timestamp": "2026-01-04"}, 40),
        ({"timestamp": "2025-12-01"}, 40),
        ({"timestamp": "2026-01-07", "shares": 10, "average_cost": 25}, 10),
    ],
)
def test_what_says_of_when_it_is_or_leaves_the_quantity_is_taken(january, api, split_since, change, today):
    response = api.patch(f"{FLAT}/{split_since.pk}", change)

    assert (response.status_code, response.json()["quantity_today"]) == (200, today)


@pytest.mark.parametrize("verb", ["put", "patch"])
@pytest.mark.parametrize("name", ["quantity", "shares"])
@pytest.mark.parametrize("day", ["2026-01-05", "2026-01-07"])
def test_a_quantity_of_after_a_split_must_come_with_its_cost(january, api, split_since, verb, name, day):
    response = getattr(api, verb)(f"{FLAT}/{split_since.pk}", {name: 44, "timestamp": day})

    body = response.json()
    assert (response.status_code, body["code"]) == (400, "average_cost_required")
    assert body["errors"][0]["field"] == "average_cost"
    assert body["errors"][0]["message"] == (
        f"There was a split of {split_since.security} between 2026-01-01 and {day}: 4 for 1 on 2026-01-05. "
        f"Give with the timestamp the average cost of one unit as of {day}."
    )
    assert api.get(f"{FLAT}/{split_since.pk}").json()["quantity_today"] == 40


def test_a_quantity_of_before_a_split_must_come_with_its_cost_too(january, api, split_since):
    api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-06", "quantity": 40, "average_cost": 25})

    response = api.patch(f"{FLAT}/{split_since.pk}", {"timestamp": "2026-01-02", "quantity": 10})

    assert (response.status_code, response.json()["code"]) == (400, "average_cost_required")


def test_with_its_cost_the_cost_of_all_stays_what_it_was(january, api, split_since):
    before = api.get(f"{FLAT}/{split_since.pk}").json()["cost_basis"]

    body = api.patch(
        f"{FLAT}/{split_since.pk}", {"quantity": 40, "timestamp": "2026-01-07", "average_price_per_share": 25}
    ).json()

    assert (before, body["cost_basis"]) == (1000, 1000)


def test_what_cost_nothing_costs_nothing_in_any_units(january, api, split_since):
    split_since.average_cost = 0
    split_since.save()

    response = api.patch(f"{FLAT}/{split_since.pk}", {"quantity": 40, "timestamp": "2026-01-07"})

    assert (response.status_code, response.json()["average_cost"]) == (200, 0)
