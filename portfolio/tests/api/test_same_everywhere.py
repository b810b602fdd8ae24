"""The same figure is the same number wherever it appears."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import Holding

ON = "2020-09-06"


def get(api, path):
    response = api.get(f"/api/v1/{path}")
    assert response.status_code == 200, response.json()
    return json.loads(response.content, parse_float=Decimal, parse_int=Decimal)


def figures_in(answer):
    """Yield every figure of an answer with its name."""
    if isinstance(answer, dict):
        if "figure" in answer:
            yield answer["figure"], answer["value"], answer["complete"]
        for part in answer.values():
            yield from figures_in(part)
    elif isinstance(answer, list):
        for part in answer:
            yield from figures_in(part)


@pytest.mark.parametrize("currency", ["CAD", "USD", "EUR", "JPY"])
def test_dashboard_series_allocation_valuation_and_explanation_agree(api, example, currency):
    asked = f"on={ON}&currency={currency}"
    answers = [get(api, f"dashboard?{asked}")]
    answers += [
        get(api, f"allocation?by={by}&of={of}&{asked}")
        for by in ("asset_class", "sector", "currency", "institution", "account", "security", "account_type")
        for of in ("assets", "liabilities")
    ]
    answers += [get(api, f"accounts/{account.pk}/valuation?{asked}") for account in example.values()]

    seen = {}
    for name, value, complete in (each for answer in answers for each in figures_in(answer)):
        seen.setdefault(name, set()).add((value, complete))

    assert len(seen) > 25
    for name, found in seen.items():
        explained = get(api, f"explain?figure={name}&{asked}")
        assert found == {(explained["value"], explained["complete"])}, name


@pytest.mark.parametrize("interval", ["day", "week", "month"])
def test_the_points_of_a_series_are_the_net_worth_of_their_days(api, example, interval):
    shown = get(api, f"net-worth?start=2020-08-10&end={ON}&interval={interval}&by=account")

    for place, point in enumerate(shown["points"]):
        day = get(api, f"dashboard?on={point['date']}")
        for name in ("net_worth", "assets", "liabilities"):
            assert point[name] == day[name]["value"]
        assert point["complete"] == day["net_worth"]["complete"]
        assert point["oldest_input_on"] == day["net_worth"]["oldest_input_on"]
        listed = [dict(shown["missing"][int(number)]) for number in point["missing"]]
        spans = [(each.pop("first_on"), each.pop("last_on")) for each in listed]
        assert sorted(map(str, listed)) == sorted(map(str, day["net_worth"]["missing"]))
        assert point["missing_count"] == len(listed)
        assert all(first <= point["date"] <= last for first, last in spans)
        for account in shown["accounts"]:
            valuation = get(api, f"accounts/{account['account_id']}/valuation?on={point['date']}")
            assert account["values"][place] == valuation["value"]


@pytest.mark.parametrize(
    ("now", "worth"),
    [
        ("2020-08-03T16:00", None),  # before there is any close
        ("2020-08-30T16:00", "4992.30"),
        ("2020-08-31T03:59", "4992.30"),  # still the day before in Toronto
        ("2020-08-31T16:00", "4992.30"),  # split, and no close of the new shares yet
        ("2020-09-06T16:00", "4838.40"),
        ("2020-09-14T16:00", "4838.40"),
        ("2020-09-15T16:00", None),  # the last close is eleven days old
    ],
)
def test_a_holding_is_worth_the_same_in_its_account_and_in_the_list_of_holdings(
    time_machine, example, user, signed_in, now, worth
):
    time_machine.move_to(datetime.fromisoformat(now).replace(tzinfo=UTC), tick=False)
    api, holding = signed_in(user), Holding.objects.get()

    [listed] = get(api, "holdings")
    valued = get(api, f"accounts/{holding.account_id}/valuation?currency=USD")

    assert listed["market_value"] == (None if worth is None else Decimal(worth))
    assert [part["value"] for part in valued["parts"] if part["name"] == "AAPL"] == [listed["market_value"]]
