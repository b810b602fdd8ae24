"""A split of something that is held: from the provider's answer to every figure that shows what it is worth."""

import json
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command

from tests.stand_in.fixtures import http_store, yahoo
from tests.stand_in.market import Split

__all__ = ["http_store", "yahoo"]
pytestmark = pytest.mark.django_db
BEFORE, AFTER = "2026-03-16", "2026-03-17"  # a 4:1 split in the morning of the second


def evening(day):
    return time_machine.travel(f"{day}T22:00:00Z", tick=False)


def read(response, status=200):
    assert response.status_code == status, response.content
    return json.loads(response.content, parse_float=Decimal, parse_int=Decimal)


def figures(api, account, *, on):
    """Return what each place says that everything is worth on a day; each figure must be complete."""
    found = {
        "valuation": read(api.get(f"/api/v1/accounts/{account['id']}/valuation", {"on": on})),
        "dashboard": read(api.get("/api/v1/dashboard", {"on": on}))["net_worth"],
        "explain": read(api.get("/api/v1/explain", {"figure": "net_worth", "on": on})),
        "series": read(api.get("/api/v1/net-worth", {"start": on, "end": on}))["points"][0],
    }
    found["series"]["value"] = found["series"]["net_worth"]
    for name, figure in found.items():
        assert figure["complete"], (name, figure["missing"])
    return {name: figure["value"] for name, figure in found.items()}


def closes(api, adjusted):
    query = {"start": BEFORE, "end": AFTER, "adjusted": adjusted}
    return [point["close"] for point in read(api.get("/api/v1/securities/LATE/prices", query))["prices"]]


def test_what_is_held_is_worth_what_its_shares_of_the_day_are(yahoo, user, signed_in):
    user.base_currency_id = "USD"
    user.save()
    with evening(BEFORE):
        api = signed_in(user)
        broker = {"name": "Broker", "account_type": "margin", "currency_code": "USD", "is_investment_account": True}
        account = read(api.post("/api/v1/accounts", broker), 201)
        lot = {"security_id": "LATE", "quantity": 10, "average_cost": 20, "timestamp": "2026-03-02"}
        read(api.post(f"/api/v1/accounts/{account['id']}/holdings", lot), 201)
        (old,) = closes(api, "none")
        told = {"value": str(10 * old + 100), "cash_balance": 100, "timestamp": BEFORE}
        read(api.post(f"/api/v1/accounts/{account['id']}/values", told), 201)
        before = figures(api, account, on=BEFORE)

    yahoo.market.announce("LATE", Split(date.fromisoformat(AFTER), 4))
    with evening(AFTER):
        call_command("sync_prices", "LATE")
        api = signed_in(user)
        holding = read(api.get(f"/api/v1/accounts/{account['id']}/holdings"))[0]
        again, after = figures(api, account, on=BEFORE), figures(api, account, on=AFTER)
        as_traded, adjusted = closes(api, "none"), closes(api, "splits")

    assert set(before.values()) == {round(10 * old + 100, 2)}
    assert again == before
    assert as_traded[0] == old
    assert as_traded[0] / as_traded[1] == pytest.approx(Decimal(4), rel=Decimal("0.03"))
    assert adjusted[0] / adjusted[1] == pytest.approx(Decimal(1), rel=Decimal("0.03"))
    assert set(after.values()) == {round(40 * as_traded[1] + 100, 2)}
    assert (holding["quantity"], holding["quantity_today"]) == (10, 40)
    assert holding["market_value"] == round(40 * as_traded[1], 2)
    assert holding["cost_basis"] == 200
